// A piano roll that highlights the sounding notes; a click jumps to a position.
import { Box } from '@chakra-ui/react'
import { useQuery } from '@tanstack/react-query'
import { type PointerEvent, useEffect, useRef, useState } from 'react'
import { getMidi } from '../api'
import { noteColor } from '../moodColor'
import { noteBox, type Roll, readRoll } from '../notes'

interface Props {
  taskId: string
  title: string
  seconds: number
  position: number
  onSeek: (seconds: number) => void
  height?: number
}

export function PianoRoll({ taskId, title, seconds, position, onSeek, height = 200 }: Props) {
  const { data: roll } = useQuery({
    queryKey: ['roll', taskId],
    queryFn: async () => readRoll(await getMidi(taskId)),
    staleTime: Number.POSITIVE_INFINITY,
  })
  const canvas = useRef<HTMLCanvasElement>(null)
  const [width, setWidth] = useState(0)

  useEffect(() => {
    const element = canvas.current
    if (!element) return
    const observer = new ResizeObserver(([entry]) =>
      setWidth(Math.round(entry?.contentRect.width ?? 0)),
    )
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  useEffect(() => {
    if (canvas.current && roll && width > 0)
      draw(canvas.current, roll, { width, height, seconds, position })
  }, [roll, width, height, seconds, position])

  const seek = (event: PointerEvent<HTMLDivElement>) => {
    if (event.type === 'pointermove' && event.buttons === 0) return
    const box = event.currentTarget.getBoundingClientRect()
    const share = (event.clientX - box.left) / box.width
    onSeek(Math.min(Math.max(share, 0), 1) * seconds)
  }

  return (
    <Box
      rounded="xl"
      overflow="hidden"
      bg="roll"
      cursor="pointer"
      style={{ touchAction: 'pan-y' }}
      onPointerDown={seek}
      onPointerMove={seek}
    >
      <canvas
        ref={canvas}
        role="img"
        aria-label={`The notes of ${title}, from low to high, over time`}
        style={{ display: 'block', width: '100%', height }}
      />
    </Box>
  )
}

interface View {
  width: number
  height: number
  seconds: number
  position: number
}

function draw(canvas: HTMLCanvasElement, roll: Roll, { width, height, seconds, position }: View) {
  const scale = window.devicePixelRatio || 1
  canvas.width = width * scale
  canvas.height = height * scale
  const pen = canvas.getContext('2d')
  if (!pen) return
  pen.scale(scale, scale)
  pen.fillStyle = 'rgba(255, 255, 255, 0.07)'
  for (const [number, start] of roll.bars.entries()) {
    if (number % 4 === 0) pen.fillRect((start / seconds) * width, 0, 1, height)
  }
  const hasDrums = roll.notes.some((note) => note.isDrum)
  for (const note of roll.notes) {
    const isSounding = note.start <= position && position < Math.max(note.end, note.start + 0.12)
    const {
      x,
      y,
      width: long,
      height: tall,
    } = noteBox(roll, note, seconds, width, height, hasDrums)
    pen.globalAlpha = isSounding ? 1 : note.start < position ? 0.9 : 0.5
    pen.fillStyle = isSounding ? '#ffffff' : noteColor(note.program, note.isDrum)
    pen.beginPath()
    pen.roundRect(x, y, long, tall, Math.min(tall / 2, 2))
    pen.fill()
  }
  pen.globalAlpha = 1
  pen.fillStyle = 'rgba(255, 255, 255, 0.85)'
  pen.fillRect((position / seconds) * width - 0.75, 0, 1.5, height)
}
