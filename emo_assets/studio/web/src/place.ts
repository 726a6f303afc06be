// Where the person is: which song the page shows, kept in the address, so that it can be sent to somebody and
// survives a reload; and which part of the page is in sight.
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

/** Bring a part of the page into sight, at once: Tab and screen readers go on from there. */
export function goTo(part: HTMLElement | null) {
  part?.scrollIntoView({ block: 'start' })
  part?.focus({ preventScroll: true })
}
