import { describe, expect, it } from 'vitest'
import { FEATURES, QUEUED } from './fixtures'
import {
  ago,
  aimedAtText,
  comparedText,
  explanation,
  duration,
  expectedSeconds,
  moodTitle,
  statusText,
  isOver,
  rangeText,
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

  const share = { name: 'valence', unit: '0 to 1', choices: [] }
  const tempo = { name: 'tempo', unit: 'beats per minute', choices: [] }

  it('shows what is heard on the scale of the request', () => {
    expect(comparedText(share, 0.84)).toBe('84 %')
    expect(comparedText(tempo, 119.98)).toBe('120 BPM')
    expect(comparedText({ name: 'loudness', unit: 'dB', choices: [] }, -7.25)).toBe('-7.3 dB')
    expect(comparedText({ name: 'mode', unit: '', choices: [] }, 'minor')).toBe('minor')
    expect(comparedText(share, null)).toBe('not heard')
  })

  it('shows the range of what is heard, unless it is exact', () => {
    expect(rangeText(share, { low: 0.6, high: 0.95 })).toBe('60 to 95 %')
    expect(rangeText(tempo, { low: null, high: null })).toBe('')
  })

  it('shows a target only if it is another one than the request', () => {
    expect(aimedAtText(share, { asked: 1, aimed_at: 0.97 })).toBe('97 %')
    expect(aimedAtText(share, { asked: 0.9, aimed_at: 0.9 })).toBe('')
    expect(aimedAtText(share, { asked: 0.9, aimed_at: null })).toBe('')
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
