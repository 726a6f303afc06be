import { describe, expect, it } from 'vitest'
import { FEATURES, QUEUED } from './fixtures'
import {
  ago,
  aimedAtText,
  explanation,
  duration,
  expectedSeconds,
  moodTitle,
  statusText,
  isOver,
  measuredText,
  splitMood,
  stepOf,
  valueText,
} from './format'

describe('numbers', () => {
  it('shows shares in per cent, tempo in BPM, choices by name', () => {
    const plain = { name: 'x', choices: [] }
    expect(valueText({ ...plain, unit: '0 to 1' }, 0.725)).toBe('73 %')
    expect(valueText({ ...plain, unit: 'beats per minute' }, 120)).toBe('120 BPM')
    expect(valueText({ ...plain, unit: 'dB' }, -7.25)).toBe('-7.3 dB')
    expect(valueText({ ...plain, unit: '', choices: [{ value: 6, label: 'F#' }] }, 6)).toBe('F#')
  })

  it('shows metrics without units that need an explanation', () => {
    const row = { name: 'energy', measured: 11.84, unit: 'notes per quarter note' } as const
    expect(measuredText(row)).toBe('11.8 notes a beat')
    expect(measuredText({ ...row, name: 'valence', measured: 0.554 })).toBe('55 % major chords')
    expect(measuredText({ ...row, name: 'danceability', measured: 0.5 })).toBe(
      'neighboring bars 50 % alike',
    )
    expect(measuredText({ ...row, name: 'loudness', measured: 95.2 })).toBe(
      'mean velocity 95 of 127',
    )
    expect(measuredText({ ...row, name: 'key', measured: 'F#' })).toBe('F#')
    expect(measuredText({ ...row, name: 'mode', measured: null })).toBe('cannot be measured')
    const meter = { name: 'time_signature', measured: 3, unit: 'quarter notes per bar' } as const
    expect(measuredText(meter)).toBe('3 quarter notes per bar')
  })

  it('shows targets like metrics', () => {
    const row = { name: 'energy', aimed_at: 4.12, unit: 'notes per quarter note' } as const
    expect(aimedAtText(row)).toBe('4.1 notes a beat')
    expect(aimedAtText({ ...row, name: 'mode', aimed_at: 'minor' })).toBe('minor')
    expect(aimedAtText({ ...row, aimed_at: null })).toBe('not stored')
  })

  it('moves wide ranges in whole steps and narrow ones in hundredths', () => {
    expect(stepOf({ minimum: 30, maximum: 250 })).toBe(1)
    expect(stepOf({ minimum: 0, maximum: 1 })).toBe(0.01)
  })

  it('explains features without numbers', () => {
    const said = (description: string) => explanation({ description })
    expect(said('How it feels, from sad (0) to cheerful (1).')).toBe(
      'How it feels, from sad to cheerful.',
    )
    expect(said('A minor (0, darker) or a major key (1, brighter).')).toBe(
      'A minor (darker) or a major key (brighter).',
    )
    expect(said('The home note: 0 is C, 1 is C#, and so on.')).toBe('The home note.')
  })

  it('formats durations', () => {
    expect(duration(0)).toBe('0:00')
    expect(duration(59.6)).toBe('1:00')
    expect(duration(605)).toBe('10:05')
    expect(expectedSeconds({ tempo: 120, time_signature: 4 }, 16)).toBe(32)
  })

  it('formats how long ago something was', () => {
    const now = Date.parse('2026-05-10T12:00:00Z')
    expect(ago('2026-05-10T11:59:30Z', now)).toBe('just now')
    expect(ago('2026-05-10T11:15:00Z', now)).toBe('45 min ago')
    expect(ago('2026-05-10T09:00:00Z', now)).toBe('3 h ago')
    expect(ago('2026-05-09T09:00:00Z', now)).toBe('yesterday')
    expect(ago('2026-05-01T09:00:00Z', now)).toBe('9 days ago')
  })
})

describe('moods', () => {
  it('splits a title from what follows its dash', () => {
    expect(splitMood({ mood: 'Sunny morning — bright' })).toEqual({
      title: 'Sunny morning',
      tagline: 'bright',
    })
  })

  it('derives a title from the name if there is no mood', () => {
    expect(splitMood({ mood: '', name: 'calm-focus-0123456789' }).title).toBe('Calm focus')
    expect(splitMood({ mood: '', name: '' }).title).toBe('A song')
  })

  it('has a title for all features', () => {
    expect(moodTitle({ ...FEATURES, valence: 0.9, energy: 0.9 })).toBe('Jubilant anthem')
    expect(moodTitle({ ...FEATURES, valence: 0.1, energy: 0.1, tempo: 70 })).toBe('Wistful ballad')
    expect(moodTitle({ ...FEATURES, time_signature: 3 })).toBe('Easy-going waltz')
  })
})

describe('the state of a song', () => {
  it('has a text', () => {
    expect(statusText(QUEUED)).toBe('Next in line')
    expect(statusText({ ...QUEUED, ahead: 1 })).toBe('Waiting: 1 song comes first')
    expect(statusText({ ...QUEUED, ahead: 4 })).toBe('Waiting: 4 songs come first')
    expect(statusText({ ...QUEUED, status: 'in_progress' })).toBe('Getting ready')
    expect(statusText({ ...QUEUED, status: 'in_progress', stage: 'composing' })).toBe(
      'Composing the notes',
    )
    expect(statusText({ ...QUEUED, status: 'in_progress', stage: 'describing' })).toBe(
      'Generating the description, bar by bar',
    )
    expect(statusText({ ...QUEUED, status: 'failed' })).toBe('This song could not be made')
  })

  it('is over when it is finished, failed or cancelled', () => {
    expect(isOver({ status: 'queued' })).toBe(false)
    expect(isOver({ status: 'in_progress' })).toBe(false)
    expect(isOver({ status: 'cancelled' })).toBe(true)
  })
})
