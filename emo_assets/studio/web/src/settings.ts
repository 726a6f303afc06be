// What the form holds, and every way in which it changes. No React here.
import type { FeatureName, Features, FormSchema, Strictness, TrackRequest } from './types'
import { feelingWords, moodParts } from './words'

export interface Settings {
  /** The preset or song the settings come from; empty when they are nobody's. */
  origin: string
  /** What the person calls the feeling; empty lets the page find words. */
  title: string
  tagline: string
  features: Features
  bars: number
  seed: number
  /** Whether each song gets a seed of its own. */
  isNewEachTime: boolean
  /** How closely the song must follow the rest. */
  strictness: Strictness
}

export type Change =
  | { kind: 'preset'; preset: TrackRequest }
  | { kind: 'load'; request: TrackRequest }
  | { kind: 'feature'; name: FeatureName; value: number }
  | { kind: 'bars'; value: number }
  | { kind: 'seed'; value: number }
  | { kind: 'strictness'; value: Strictness }
  | { kind: 'title'; value: string }
  | { kind: 'newEachTime'; value: boolean }
  | { kind: 'surprise'; features: Features }

export function initialSettings(schema: FormSchema): Settings {
  const defaults = schema.features.map((field) => [field.name, field.default])
  return {
    origin: '',
    title: '',
    tagline: '',
    features: Object.fromEntries(defaults) as Features,
    bars: schema.bars.default,
    seed: schema.seed.default,
    isNewEachTime: true,
    strictness: schema.strictness.default,
  }
}

export function changed(settings: Settings, change: Change): Settings {
  switch (change.kind) {
    case 'preset':
      return { ...fromRequest(change.preset), isNewEachTime: settings.isNewEachTime }
    case 'load':
      return { ...fromRequest(change.request), isNewEachTime: false }
    case 'feature':
      return {
        ...settings,
        origin: '',
        title: settings.origin ? '' : settings.title,
        tagline: '',
        features: { ...settings.features, [change.name]: change.value },
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
      return { ...settings, origin: '', title: '', tagline: '', features: change.features }
  }
}

function fromRequest(request: TrackRequest): Omit<Settings, 'isNewEachTime'> {
  return {
    origin: request.name,
    ...moodParts(request),
    features: { ...request.features },
    bars: request.bars,
    seed: request.seed,
    strictness: request.strictness,
  }
}

/** What is sent for a song with these settings. */
export function requestOf(
  settings: Settings,
  random: () => number = Math.random,
): Omit<TrackRequest, 'name'> {
  const title = settings.title.trim() || feelingWords(settings.features)
  return {
    mood: (settings.tagline ? `${title} — ${settings.tagline}` : title).slice(0, 200),
    features: settings.features,
    bars: settings.bars,
    seed: settings.isNewEachTime ? newSeed(random) : settings.seed,
    strictness: settings.strictness,
  }
}

/** Another song of the same feeling. */
export function variationOf(
  request: TrackRequest,
  random: () => number = Math.random,
): Omit<TrackRequest, 'name'> {
  const { name: _name, ...rest } = request
  return { ...rest, seed: newSeed(random) }
}

export const newSeed = (random: () => number = Math.random) => 1 + Math.floor(random() * 999_999)

/** Features that nobody chose but that go together as they do in real songs. */
export function surprisingFeatures(
  schema: FormSchema,
  random: () => number = Math.random,
): Features {
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
  return Object.fromEntries(fitted) as Features
}
