// The notes of a MIDI file and their boxes in a piano roll.
import { Midi } from '@tonejs/midi'

export interface RollNote {
  /** Seconds. */
  start: number
  end: number
  pitch: number
  velocity: number
  program: number
  isDrum: boolean
}

export interface Roll {
  notes: RollNote[]
  /** Where bars begin, in seconds. */
  bars: number[]
  lowest: number
  highest: number
}

export function readRoll(content: ArrayBuffer): Roll {
  const midi = new Midi(content)
  const notes = midi.tracks.flatMap((track) =>
    track.notes.map((note) => ({
      start: note.time,
      end: note.time + note.duration,
      pitch: note.midi,
      velocity: note.velocity,
      program: track.instrument.number,
      isDrum: track.instrument.percussion,
    })),
  )
  const pitches = notes.filter((note) => !note.isDrum).map((note) => note.pitch)
  return {
    notes: notes.sort((one, other) => one.start - other.start),
    bars: barLines(midi),
    lowest: pitches.length ? Math.min(...pitches) : 48,
    highest: pitches.length ? Math.max(...pitches) : 72,
  }
}

function barLines(midi: Midi): number[] {
  const { header } = midi
  const lines: number[] = []
  const meters = header.timeSignatures.length
    ? header.timeSignatures
    : [{ ticks: 0, timeSignature: [4, 4] }]
  let tick = 0
  while (tick < midi.durationTicks && lines.length < 2000) {
    lines.push(header.ticksToSeconds(tick))
    const meter = meters.findLast((each) => each.ticks <= tick)?.timeSignature
    const [numerator = 4, denominator = 4] = meter ?? []
    tick += (header.ppq * 4 * numerator) / denominator
  }
  return lines
}

export interface Box {
  x: number
  y: number
  width: number
  height: number
}

const DRUM_SHARE = 0.16
const DRUM_LANES = 6

/** The box of a note in a piano roll of this size, with drums in a strip at the bottom. */
export function noteBox(
  roll: Pick<Roll, 'lowest' | 'highest'>,
  note: RollNote,
  seconds: number,
  width: number,
  height: number,
  hasDrums: boolean,
): Box {
  const x = (note.start / seconds) * width
  const long = Math.max(((note.end - note.start) / seconds) * width - 1, 1.5)
  const strip = hasDrums ? height * DRUM_SHARE : 0
  if (note.isDrum) {
    const lane = strip / DRUM_LANES
    const y = height - strip + (note.pitch % DRUM_LANES) * lane
    return { x, y, width: Math.min(long, 4), height: Math.max(lane - 1, 1) }
  }
  const lanes = roll.highest - roll.lowest + 1
  const lane = (height - strip - 8) / Math.max(lanes, 12)
  return {
    x,
    y: 4 + (roll.highest - note.pitch) * lane,
    width: long,
    height: Math.max(lane - 0.5, 1.5),
  }
}
