// Audio playback: one song at a time, with its position once per animation frame.
import { type RefObject, useCallback, useEffect, useRef, useState } from 'react'

let current: HTMLAudioElement | null = null

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
    const onPlay = () => {
      if (current && current !== element) current.pause()
      current = element
      setPlaying(true)
      setFailure(null)
    }
    const onStop = () => setPlaying(false)
    const onMove = () => setPosition(element.currentTime)
    const onError = () =>
      setFailure('The sound could not be loaded. Reload the page, or download the song.')
    element.addEventListener('play', onPlay)
    element.addEventListener('pause', onStop)
    element.addEventListener('ended', onStop)
    element.addEventListener('seeked', onMove)
    element.addEventListener('timeupdate', onMove)
    element.addEventListener('error', onError)
    return () => {
      element.pause()
      element.removeEventListener('play', onPlay)
      element.removeEventListener('pause', onStop)
      element.removeEventListener('ended', onStop)
      element.removeEventListener('seeked', onMove)
      element.removeEventListener('timeupdate', onMove)
      element.removeEventListener('error', onError)
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
    // browsers reject this before the first click; the play button still works
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
