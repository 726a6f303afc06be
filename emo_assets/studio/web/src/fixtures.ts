// Values for tests.
import type { FeatureVector, FormSchema, Status } from './types'

export const FEATURES: FeatureVector = {
  danceability: 0.6,
  energy: 0.6,
  key: 0,
  loudness: -8,
  mode: 1,
  acousticness: 0.3,
  instrumentalness: 0.1,
  valence: 0.6,
  tempo: 120,
  time_signature: 4,
}

const RANGES: Record<string, [number, number]> = {
  key: [0, 11],
  loudness: [-60, 5],
  mode: [0, 1],
  tempo: [30, 250],
  time_signature: [1, 7],
}

const field = (name: string, minimum: number, maximum: number, value: number) => ({
  name,
  title: name,
  description: '',
  unit: maximum === 1 && name !== 'mode' ? '0 to 1' : '',
  minimum,
  maximum,
  default: value,
  kind: name in { key: 0, mode: 0, time_signature: 0 } ? ('choice' as const) : ('number' as const),
  choices: [],
  is_open: name === 'mode' || name === 'tempo',
})

export const SCHEMA = {
  features: Object.entries(FEATURES).map(([name, value]) =>
    field(name, ...(RANGES[name] ?? [0, 1]), value),
  ),
  bars: field('bars', 1, 128, 16),
  seed: field('seed', 0, 2 ** 31 - 1, 0),
  strictness: {
    name: 'strictness',
    title: 'Follow my settings',
    description: '',
    default: 'normally',
    choices: [
      { value: 'loosely', label: 'Loosely' },
      { value: 'normally', label: 'Normally' },
      { value: 'strictly', label: 'Strictly' },
    ],
  },
} as FormSchema

export const QUEUED: Status = {
  task_id: 'a-song-0123456789',
  status: 'queued',
  stage: null,
  stage_share: 0,
  share: 0,
  ahead: 0,
  reason: null,
  submitted: '2026-01-01T00:00:00Z',
  request: {
    name: 'a-song-0123456789',
    mood: '',
    features: FEATURES,
    bars: 16,
    seed: 1,
    strictness: 'normally',
  },
  heard: null,
}
