// Which song the page shows: kept in the address, so that it can be sent to somebody and survives a reload.
import { useCallback, useSyncExternalStore } from 'react'

export function songInAddress(hash: string): string | null {
  const name = new URLSearchParams(hash.replace(/^#/, '')).get('song')
  return name || null
}

const subscribe = (listener: () => void) => {
  addEventListener('hashchange', listener)
  return () => removeEventListener('hashchange', listener)
}

export function useSongInAddress(): [string | null, (taskId: string) => void] {
  const taskId = useSyncExternalStore(subscribe, () => songInAddress(location.hash))
  const show = useCallback((next: string) => {
    location.hash = `song=${encodeURIComponent(next)}`
  }, [])
  return [taskId, show]
}
