// The song that the page shows, kept in the URL, so that it can be shared and survives a reload.
import { useCallback, useSyncExternalStore } from 'react'

export function songInUrl(hash: string): string | null {
  const name = new URLSearchParams(hash.replace(/^#/, '')).get('song')
  return name || null
}

const subscribe = (listener: () => void) => {
  addEventListener('hashchange', listener)
  return () => removeEventListener('hashchange', listener)
}

export function useSongInUrl(): [string | null, (taskId: string) => void] {
  const taskId = useSyncExternalStore(subscribe, () => songInUrl(location.hash))
  const show = useCallback((next: string) => {
    location.hash = `song=${encodeURIComponent(next)}`
  }, [])
  return [taskId, show]
}

/** Scroll to a part of the page at once and focus it, so that Tab and screen readers continue from there. */
export function goTo(part: HTMLElement | null) {
  part?.scrollIntoView({ block: 'start' })
  part?.focus({ preventScroll: true })
}
