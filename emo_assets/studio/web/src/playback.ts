// Playing sound: one song at a time, with its position often enough for a picture to follow.
import { type RefObject, useCallback, useEffect, useRef, useState } from 'react'

let sounding: HTMLAudioElement | null = null

export interface Playback {
  audio: RefObject<HTMLAudioElement | null>
  isPlaying: boolean
  /** Seconds. */
  position: number
  failure: string | null
  toggle: () => void
  play: () => void
  pause: () => void
  seek: (seconds: number) => void
}

export function usePlayback(): Playback {
  const audio = useRef<HTMLAudioElement>(null)
  const [isPlaying, setPlaying] = useState(false)
  const [position, setPosition] = useState(0)
  const [failure, setFailure] = useState<string | null>(null)

  useEffect(() => {
    const element = audio.current
    if (!element) return
    const begun = () => {
      if (sounding && sounding !== element) sounding.pause()
      sounding = element
      setPlaying(true)
      setFailure(null)
    }
    const stopped = () => setPlaying(false)
    const moved = () => setPosition(element.currentTime)
    const failed = () =>
      setFailure('The sound could not be loaded. Reload the page, or download the song.')
    element.addEventListener('play', begun)
    element.addEventListener('pause', stopped)
    element.addEventListener('ended', stopped)
    element.addEventListener('seeked', moved)
    element.addEventListener('timeupdate', moved)
    element.addEventListener('error', failed)
    return () => {
      element.pause()
      element.removeEventListener('play', begun)
      element.removeEventListener('pause', stopped)
      element.removeEventListener('ended', stopped)
      element.removeEventListener('seeked', moved)
      element.removeEventListener('timeupdate', moved)
      element.removeEventListener('error', failed)
    }
  }, [])

  useEffect(() => {
    if (!isPlaying) return
    let frame = 0
    const follow = () => {
      if (audio.current) setPosition(audio.current.currentTime)
      frame = requestAnimationFrame(follow)
    }
    follow()
    return () => cancelAnimationFrame(frame)
  }, [isPlaying])

  const play = useCallback(() => {
    // a browser that plays nothing before a click rejects this; the play button is there for that
    audio.current?.play().catch(() => setPlaying(false))
  }, [])
  const pause = useCallback(() => audio.current?.pause(), [])
  const toggle = useCallback(() => (audio.current?.paused ? play() : pause()), [play, pause])
  const seek = useCallback((seconds: number) => {
    if (!audio.current) return
    audio.current.currentTime = seconds
    setPosition(seconds)
  }, [])

  return { audio, isPlaying, position, failure, toggle, play, pause, seek }
}
