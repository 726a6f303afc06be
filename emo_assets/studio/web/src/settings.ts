// The settings of the form and their reducer.
import type {
  FeatureName,
  FeatureVector,
  FormSchema,
  SentRequest,
  Strictness,
  TrackRequest,
} from './types'
import { moodTitle, splitMood } from './format'

export interface Settings {
  /** The preset or song of the settings; empty after a change. */
  origin: string
  /** The user's title; if empty, the page chooses one. */
  title: string
  tagline: string
  features: FeatureVector
  /** The features that follow the feeling, whatever their value in `features`. */
  open: FeatureName[]
  bars: number
  seed: number
  /** Whether each song gets a seed of its own. */
  isNewEachTime: boolean
  /** How closely the song follows the features. */
  strictness: Strictness
}

export type Change =
  | { kind: 'preset'; preset: TrackRequest }
  | { kind: 'load'; request: TrackRequest }
  | { kind: 'feature'; name: FeatureName; value: number }
  | { kind: 'open'; name: FeatureName; value: boolean }
  | { kind: 'bars'; value: number }
  | { kind: 'seed'; value: number }
  | { kind: 'strictness'; value: Strictness }
  | { kind: 'title'; value: string }
  | { kind: 'newEachTime'; value: boolean }
  | { kind: 'surprise'; features: FeatureVector }

export function initialSettings(schema: FormSchema): Settings {
  const defaults = schema.features.map((field) => [field.name, field.default])
  return {
    origin: '',
    title: '',
    tagline: '',
    features: Object.fromEntries(defaults) as FeatureVector,
    open: schema.features.filter((field) => field.is_open).map((field) => field.name),
    bars: schema.bars.default,
    seed: schema.seed.default,
    isNewEachTime: true,
    strictness: schema.strictness.default,
  }
}

export function settingsReducer(settings: Settings, change: Change): Settings {
  switch (change.kind) {
    case 'preset':
      return { ...fromRequest(change.preset), isNewEachTime: settings.isNewEachTime }
    case 'load':
      return { ...fromRequest(change.request), isNewEachTime: false }
    case 'feature':
      return {
        ...ownSettings(settings),
        features: { ...settings.features, [change.name]: change.value },
        open: settings.open.filter((name) => name !== change.name),
      }
    case 'open': {
      const named = settings.open.filter((name) => name !== change.name)
      return { ...ownSettings(settings), open: change.value ? [...named, change.name] : named }
    }
    case 'bars':
      return { ...settings, bars: change.value }
    case 'seed':
      return { ...settings, seed: change.value, isNewEachTime: false }
    case 'strictness':
      return { ...settings, strictness: change.value }
    case 'title':
      return { ...settings, title: change.value, tagline: '', origin: '' }
    case 'newEachTime':
      return { ...settings, isNewEachTime: change.value }
    case 'surprise':
      return {
        ...settings,
        origin: '',
        title: '',
        tagline: '',
        features: change.features,
        open: [],
      }
  }
}

/** The settings without the name and the text of a preset or song. */
const ownSettings = (settings: Settings): Settings => ({
  ...settings,
  origin: '',
  title: settings.origin ? '' : settings.title,
  tagline: '',
})

function fromRequest(request: TrackRequest): Omit<Settings, 'isNewEachTime'> {
  return {
    origin: request.name,
    ...splitMood(request),
    features: { ...request.features },
    open: [],
    bars: request.bars,
    seed: request.seed,
    strictness: request.strictness,
  }
}

/** The request for a song with these settings. */
export function requestOf(settings: Settings, random: () => number = Math.random): SentRequest {
  const named = Object.entries(settings.features).filter(
    ([name]) => !settings.open.includes(name as FeatureName),
  )
  const title = settings.title.trim() || moodTitle(settings.features)
  return {
    mood: (settings.tagline ? `${title} — ${settings.tagline}` : title).slice(0, 200),
    features: Object.fromEntries(named),
    bars: settings.bars,
    seed: settings.isNewEachTime ? newSeed(random) : settings.seed,
    strictness: settings.strictness,
  }
}

/** A request for another song with the same features. */
export function variationOf(
  request: TrackRequest,
  random: () => number = Math.random,
): Omit<TrackRequest, 'name'> {
  const { name: _name, ...rest } = request
  return { ...rest, seed: newSeed(random) }
}

export const newSeed = (random: () => number = Math.random) => 1 + Math.floor(random() * 999_999)

/** Random features that are correlated as in real songs. */
export function randomFeatures(
  schema: FormSchema,
  random: () => number = Math.random,
): FeatureVector {
  const energy = random()
  const valence = random()
  const near = (value: number, spread: number) =>
    Math.min(Math.max(value + (random() - 0.5) * spread, 0), 1)
  const wanted: Record<FeatureName, number> = {
    energy,
    valence,
    danceability: near(0.35 + 0.4 * valence, 0.5),
    acousticness: near(1 - energy, 0.5),
    instrumentalness: random() ** 2,
    loudness: -20 + 16 * near(energy, 0.3),
    tempo: 62 + 100 * near(energy, 0.7),
    key: Math.floor(random() * 12),
    mode: random() < 0.25 + 0.6 * valence ? 1 : 0,
    time_signature: random() < 0.85 ? 4 : 3,
  }
  const fitted = schema.features.map((field) => {
    const value = wanted[field.name]
    const step = field.kind === 'choice' || field.maximum > 10 ? 1 : 100
    const rounded = step === 1 ? Math.round(value) : Math.round(value * step) / step
    return [field.name, Math.min(Math.max(rounded, field.minimum), field.maximum)]
  })
  return Object.fromEntries(fitted) as FeatureVector
}
