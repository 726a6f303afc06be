// The REST API's answers, as `emo_assets/studio/schemas.py` and `form.py` define them.

export type FeatureName =
  | 'danceability'
  | 'energy'
  | 'key'
  | 'loudness'
  | 'mode'
  | 'acousticness'
  | 'instrumentalness'
  | 'valence'
  | 'tempo'
  | 'time_signature'

export type Features = Record<FeatureName, number>

export interface FeatureField {
  name: string
  title: string
  description: string
  unit: string
  minimum: number
  maximum: number
  default: number
  kind: 'number' | 'choice'
  choices: { value: number; label: string }[]
}

export type Strictness = 'loosely' | 'normally' | 'strictly'

export interface StrictnessField {
  name: string
  title: string
  description: string
  default: Strictness
  choices: { value: Strictness; label: string }[]
}

export interface FormSchema {
  features: (FeatureField & { name: FeatureName })[]
  bars: FeatureField
  seed: FeatureField
  strictness: StrictnessField
}

export interface TrackRequest {
  name: string
  mood: string
  features: Features
  bars: number
  seed: number
  strictness: Strictness
}

export type TaskState = 'queued' | 'in_progress' | 'finished' | 'failed' | 'cancelled'
export type Stage = 'waking' | 'describing' | 'composing' | 'rendering'

export interface HeardFacts {
  tempo: number
  key: string | null
  time_signature: string
  bars: number
  notes: number
  instruments: string[]
  seconds: number
}

export interface Status {
  task_id: string
  status: TaskState
  stage: Stage | null
  stage_share: number
  share: number
  ahead: number
  reason: string | null
  submitted: string
  request: TrackRequest
  heard: HeardFacts | null
}

export interface Comparison {
  name: FeatureName
  asked: number | string
  aimed_at: number | string | null
  measured: number | string | null
  unit: string
}

export interface Track {
  status: Status
  champion: string
  asked_and_measured: Comparison[]
  description: Record<string, string | number>[]
}

export interface History {
  total: number
  tracks: Status[]
}

export interface Health {
  status: 'ok' | 'starting' | 'trouble'
  reason: string | null
  worker: string
  champion: string
  queued: number
  in_progress: number
}

export type SoundFormat = 'wav' | 'ogg' | 'mp3' | 'midi'
