// Numbers and states as text.
import type {
  Comparison,
  NumberField,
  FeatureName,
  FeatureVector,
  Stage,
  Status,
  Strictness,
} from './types'

/** Labels of the two ends of a slider. */
export const SLIDER_ENDS: Partial<Record<FeatureName, [string, string]>> = {
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

/** A hint for each strictness. */
export const STRICTNESS_HINTS: Record<Strictness, string> = {
  loosely: 'freest and quickest',
  normally: 'the nearest of a few tries',
  strictly: 'the nearest of many tries',
}

/** A feature's description without numbers, which the page shows in other ways. */
export const explanation = ({ description }: Pick<NumberField, 'description'>) =>
  description
    .replace(/ \([01]\)/g, '')
    .replace(/\([01], /g, '(')
    .replace(/: 0 is C,.*$/, '.')

/** The step of a feature's slider: whole numbers for wide ranges, hundredths for shares. */
export const stepOf = (field: Pick<NumberField, 'minimum' | 'maximum'>) =>
  field.maximum - field.minimum > 10 ? 1 : 0.01

/** A feature's value with its unit. */
export function valueText(
  field: Pick<NumberField, 'name' | 'unit' | 'choices'>,
  value: number,
): string {
  const label = labelOf(field.choices, value)
  if (label) return label
  if (field.unit === '0 to 1') return percent(value)
  if (field.unit === 'beats per minute') return `${round(value)} BPM`
  return `${round(value)} ${field.unit}`.trim()
}

/** The label of a value; empty if it is not among the choices. */
export const labelOf = <Value>(choices: { value: Value; label: string }[], value: Value) =>
  choices.find((each) => each.value === value)?.label ?? ''

const percent = (value: number) => `${Math.round(value * 100)} %`

type Measure = Pick<NumberField, 'name' | 'unit' | 'choices'>

/** A requested or heard value; keys and modes are named already. */
export function comparedText(field: Measure, value: number | string | null): string {
  if (value === null) return 'not heard'
  return typeof value === 'string' ? value : valueText(field, value)
}

/** The target, if it is another one than the request: where no real song is like that. */
export function aimedAtText(
  field: Measure,
  { asked, aimed_at }: Pick<Comparison, 'asked' | 'aimed_at'>,
): string {
  const target = aimed_at === null ? '' : comparedText(field, aimed_at)
  return target === comparedText(field, asked) ? '' : target
}

/** Where a feature lies in two of three songs that sound like this one; empty if it is exact. */
export function rangeText(field: Measure, { low, high }: Pick<Comparison, 'low' | 'high'>): string {
  if (low === null || high === null) return ''
  const [from, to] = [valueText(field, low), valueText(field, high)]
  return field.unit === '0 to 1' ? `${from.replace(' %', '')} to ${to}` : `${from} to ${to}`
}

const round = (value: number) => `${Number(value.toFixed(1))}`

export function duration(seconds: number): string {
  const whole = Math.max(Math.round(seconds), 0)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}

/** The expected length of a song, from its bars and tempo. */
export const expectedSeconds = (
  features: Pick<FeatureVector, 'tempo' | 'time_signature'>,
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

/** A mood's title and the text after its dash: "Sunny morning — bright and warm". */
export function splitMood(request: { mood: string; name?: string }): {
  title: string
  tagline: string
} {
  const [title = '', ...rest] = request.mood.split(/\s+[—–]\s+/)
  return { title: title || titleFromName(request.name ?? ''), tagline: rest.join(' — ') }
}

const titleFromName = (name: string) => {
  const words = name
    .replace(/-[0-9a-f]{10}$/, '')
    .replace(/[-_.]+/g, ' ')
    .trim()
  return words ? words[0]?.toUpperCase() + words.slice(1) : 'A song'
}

/** A title for features without a mood, from the most prominent ones. */
export function moodTitle(features: FeatureVector): string {
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

export const STAGES: { stage: Stage; label: string }[] = [
  { stage: 'waking', label: 'Getting ready' },
  { stage: 'describing', label: 'Generating the description, bar by bar' },
  { stage: 'composing', label: 'Composing the notes' },
  { stage: 'rendering', label: 'Rendering the sound' },
]

/** The state of a song in one line. */
export function statusText(status: Status): string {
  switch (status.status) {
    case 'queued':
      return status.ahead > 0
        ? `Waiting: ${status.ahead} ${status.ahead === 1 ? 'song comes' : 'songs come'} first`
        : 'Next in line'
    case 'in_progress':
      return STAGES.find((each) => each.stage === status.stage)?.label ?? 'Getting ready'
    case 'finished':
      return status.heard ? 'Ready to play' : 'The files of this song are missing'
    case 'cancelled':
      return 'You cancelled this song'
    case 'failed':
      return 'This song could not be made'
  }
}

export const isOver = (status: Pick<Status, 'status'>) =>
  status.status !== 'queued' && status.status !== 'in_progress'
