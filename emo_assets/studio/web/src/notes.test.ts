import { Midi } from '@tonejs/midi'
import { describe, expect, it } from 'vitest'
import { noteBox, readRoll } from './notes'

function song(): ArrayBuffer {
  const midi = new Midi()
  midi.header.setTempo(90)
  midi.header.timeSignatures.push({ ticks: 0, timeSignature: [3, 4] })
  const piano = midi.addTrack()
  piano.instrument.number = 4
  piano.addNote({ midi: 60, ticks: 0, durationTicks: midi.header.ppq })
  piano.addNote({ midi: 72, ticks: 8 * midi.header.ppq, durationTicks: midi.header.ppq })
  const drums = midi.addTrack()
  drums.channel = 9
  drums.addNote({ midi: 36, ticks: 0, durationTicks: 10 })
  const bytes = midi.toArray()
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
}

describe('reading notes', () => {
  const roll = readRoll(song())

  it('gives each note its time in seconds and its instrument', () => {
    const last = roll.notes.at(-1)
    expect(last).toMatchObject({ pitch: 72, program: 4, isDrum: false })
    expect(last?.start).toBeCloseTo((8 * 60) / 90, 2)
    expect(roll.notes.filter((note) => note.isDrum)).toHaveLength(1)
  })

  it('measures the range of pitches without the drums', () => {
    expect([roll.lowest, roll.highest]).toEqual([60, 72])
  })

  it('knows where bars begin', () => {
    expect(roll.bars).toHaveLength(3)
    expect(roll.bars[1]).toBeCloseTo(2, 2)
  })
})

describe('placing notes', () => {
  const range = { lowest: 48, highest: 84 }
  const note = { start: 5, end: 6, pitch: 84, velocity: 1, program: 0, isDrum: false }

  it('puts high notes above low ones and later notes to the right', () => {
    const high = noteBox(range, note, 10, 1000, 200, false)
    const low = noteBox(range, { ...note, pitch: 48, start: 0 }, 10, 1000, 200, false)
    expect(high.x).toBe(500)
    expect(high.y).toBeLessThan(low.y)
    expect(low.x).toBe(0)
    expect(low.y + low.height).toBeLessThanOrEqual(200)
  })

  it('keeps drums in the strip below', () => {
    const drum = noteBox(range, { ...note, isDrum: true }, 10, 1000, 200, true)
    const low = noteBox(range, { ...note, pitch: 48 }, 10, 1000, 200, true)
    expect(drum.y).toBeGreaterThan(low.y + low.height - 1)
  })
})
