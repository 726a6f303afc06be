// Numbers and states in words for people.
import type {
  Comparison,
  FeatureField,
  FeatureName,
  Features,
  Stage,
  Status,
  Strictness,
} from './types'

/** What the two ends of a slider mean. */
export const ENDS: Partial<Record<FeatureName, [string, string]>> = {
  danceability: ['loose', 'made for dancing'],
  energy: ['calm', 'furious'],
  loudness: ['hushed', 'loud'],
  acousticness: ['electronic', 'acoustic'],
  instrumentalness: ['with a lead', 'no lead'],
  valence: ['sad', 'cheerful'],
  tempo: ['slow', 'fast'],
}

export const CHOICE_HINTS: Partial<Record<FeatureName, Record<number, string>>> = {
  mode: { 0: 'darker', 1: 'brighter' },
  time_signature: { 3: 'waltz', 4: 'most songs' },
}

/** What each strictness is like. */
export const STRICTNESS_HINTS: Record<Strictness, string> = {
  loosely: 'freest and quickest',
  normally: 'the nearest of a few tries',
  strictly: 'the nearest of many tries',
}

/** What a feature does, without the numbers that the page shows in other ways. */
export const explanation = ({ description }: Pick<FeatureField, 'description'>) =>
  description
    .replace(/ \([01]\)/g, '')
    .replace(/\([01], /g, '(')
    .replace(/: 0 is C,.*$/, '.')

/** The step of a feature's slider: whole numbers for wide ranges, hundredths for shares. */
export const stepOf = (field: Pick<FeatureField, 'minimum' | 'maximum'>) =>
  field.maximum - field.minimum > 10 ? 1 : 0.01

/** A feature's value as people read it. */
export function valueText(
  field: Pick<FeatureField, 'name' | 'unit' | 'choices'>,
  value: number,
): string {
  const label = labelOf(field.choices, value)
  if (label) return label
  if (field.unit === '0 to 1') return percent(value)
  if (field.unit === 'beats a minute') return `${round(value)} BPM`
  return `${round(value)} ${field.unit}`.trim()
}

/** What a value is called among choices; nothing where it is none of them. */
export const labelOf = <Value>(choices: { value: Value; label: string }[], value: Value) =>
  choices.find((each) => each.value === value)?.label ?? ''

const percent = (value: number) => `${Math.round(value * 100)} %`

/** What a song's notes measure for a feature, in words that need no unit explained. */
const MEASURED: Partial<Record<FeatureName, (value: number) => string>> = {
  danceability: (value) => `bars ${percent(value)} alike`,
  energy: (value) => `${round(value)} notes a beat`,
  loudness: (value) => `struck at ${Math.round(value)} of 127`,
  acousticness: (value) => `${percent(value)} acoustic instruments`,
  instrumentalness: (value) => `${percent(value)} of bars without a lead`,
  valence: (value) => `${percent(value)} major chords`,
  tempo: (value) => `${round(value)} BPM`,
}

export const measuredText = (row: Pick<Comparison, 'name' | 'measured' | 'unit'>) =>
  inMeasure(row, row.measured, 'cannot be told')

/** What the notes should measure; songs of earlier versions do not tell. */
export const aimedAtText = (row: Pick<Comparison, 'name' | 'aimed_at' | 'unit'>) =>
  inMeasure(row, row.aimed_at, 'not written down')

function inMeasure(
  { name, unit }: Pick<Comparison, 'name' | 'unit'>,
  value: number | string | null,
  nothing: string,
): string {
  if (value === null) return nothing
  if (typeof value === 'string') return value
  return MEASURED[name]?.(value) ?? `${round(value)} ${unit}`.trim()
}

const round = (value: number) => (Number.isInteger(value) ? `${value}` : value.toFixed(1))

export function duration(seconds: number): string {
  const whole = Math.max(Math.round(seconds), 0)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}

/** How long a song will be: its bars at its tempo. */
export const expectedSeconds = (
  features: Pick<Features, 'tempo' | 'time_signature'>,
  bars: number,
) => (bars * features.time_signature * 60) / features.tempo

export function ago(then: string, now: number): string {
  const minutes = Math.floor((now - Date.parse(then)) / 60_000)
  if (minutes < 1) return 'just now'
  if (minutes < 60) return `${minutes} min ago`
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ago`
  const days = Math.floor(minutes / (24 * 60))
  return days === 1 ? 'yesterday' : `${days} days ago`
}

/** A mood's title and what follows its dash: "Sunny morning — bright and warm". */
export function moodParts(request: { mood: string; name?: string }): {
  title: string
  tagline: string
} {
  const [title = '', ...rest] = request.mood.split(/\s+[—–]\s+/)
  return { title: title || inWords(request.name ?? ''), tagline: rest.join(' — ') }
}

const inWords = (name: string) => {
  const words = name
    .replace(/-[0-9a-f]{10}$/, '')
    .replace(/[-_.]+/g, ' ')
    .trim()
  return words ? words[0]?.toUpperCase() + words.slice(1) : 'A song'
}

/** A name for a feeling that has none yet, from what stands out most in it. */
export function feelingWords(features: Features): string {
  const { valence, energy, danceability, acousticness, tempo } = features
  const heart =
    valence > 0.7
      ? energy > 0.6
        ? 'Jubilant'
        : 'Serene'
      : valence < 0.3
        ? energy > 0.6
          ? 'Stormy'
          : 'Wistful'
        : energy > 0.75
          ? 'Driven'
          : energy < 0.3
            ? 'Dreamy'
            : 'Easy-going'
  const body =
    features.time_signature === 3
      ? 'waltz'
      : danceability > 0.75
        ? 'dance'
        : acousticness > 0.7
          ? tempo < 90
            ? 'lullaby'
            : 'folk song'
          : energy > 0.8
            ? 'anthem'
            : tempo < 85
              ? 'ballad'
              : 'tune'
  return `${heart} ${body}`
}

export const STAGES: { stage: Stage; doing: string }[] = [
  { stage: 'waking', doing: 'Getting ready' },
  { stage: 'describing', doing: 'Imagining it, bar by bar' },
  { stage: 'composing', doing: 'Composing the notes' },
  { stage: 'rendering', doing: 'Playing it' },
]

/** What is happening to a song, in one line. */
export function happening(status: Status): string {
  switch (status.status) {
    case 'queued':
      return status.ahead > 0
        ? `Waiting: ${status.ahead} ${status.ahead === 1 ? 'song comes' : 'songs come'} first`
        : 'Next in line'
    case 'in_progress':
      return STAGES.find((each) => each.stage === status.stage)?.doing ?? 'Getting ready'
    case 'finished':
      return status.heard ? 'Ready to play' : 'The files of this song are gone'
    case 'cancelled':
      return 'You called this song off'
    case 'failed':
      return 'This song could not be made'
  }
}

export const isOver = (status: Pick<Status, 'status'>) =>
  status.status !== 'queued' && status.status !== 'in_progress'
