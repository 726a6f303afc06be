import { describe, expect, it } from 'vitest'
import { FEATURES, SCHEMA } from './fixtures'
import type { TrackRequest } from './types'
import {
  settingsReducer,
  initialSettings,
  requestOf,
  randomFeatures,
  variationOf,
} from './settings'

const start = initialSettings(SCHEMA)
const preset: TrackRequest = {
  name: 'rainy-evening',
  mood: 'Rainy evening — quiet, a little sad',
  features: { ...FEATURES, valence: 0.2 },
  bars: 8,
  seed: 3,
  strictness: 'loosely',
}

describe('settings', () => {
  it('start with the defaults of the schema', () => {
    expect(start.features).toEqual(FEATURES)
    expect(start.bars).toBe(16)
    expect(start.strictness).toBe('normally')
  })

  it('leave mode and tempo to the feeling until they are set', () => {
    expect(start.open).toEqual(['mode', 'tempo'])
    expect(requestOf(start).features).not.toHaveProperty('tempo')
    const faster = settingsReducer(start, { kind: 'feature', name: 'tempo', value: 150 })
    expect(requestOf(faster).features.tempo).toBe(150)
    expect(requestOf(faster).features).not.toHaveProperty('mode')
    const chosen = settingsReducer(start, { kind: 'preset', preset })
    expect(requestOf(chosen).features).toEqual(preset.features)
    const left = settingsReducer(chosen, { kind: 'open', name: 'tempo', value: true })
    expect(left).toMatchObject({ open: ['tempo'], origin: '', title: '' })
    expect(settingsReducer(left, { kind: 'open', name: 'tempo', value: false }).open).toEqual([])
  })

  it('take all of a preset, and keep giving each song its own seed', () => {
    const settings = settingsReducer(start, { kind: 'preset', preset })
    expect(settings.origin).toBe('rainy-evening')
    expect(settings.features.valence).toBe(0.2)
    expect(requestOf(settings, () => 0.5)).toMatchObject({
      bars: 8,
      mood: preset.mood,
      seed: 500_000,
      strictness: 'loosely',
    })
  })

  it('loaded from a song give exactly that song again', () => {
    const settings = settingsReducer(start, { kind: 'load', request: preset })
    const { name: _name, ...rest } = preset
    expect(requestOf(settings)).toEqual(rest)
  })

  it('are no preset any more once a feature is changed', () => {
    const settings = settingsReducer(settingsReducer(start, { kind: 'preset', preset }), {
      kind: 'feature',
      name: 'energy',
      value: 0.9,
    })
    expect(settings.origin).toBe('')
    expect(settings.features.energy).toBe(0.9)
    expect(requestOf(settings).mood).not.toContain('Rainy')
    expect(preset.features.energy).toBe(0.6)
  })

  it('keep a name that the person gave when a feature is changed', () => {
    const named = settingsReducer(start, { kind: 'title', value: 'For Ada' })
    expect(requestOf(settingsReducer(named, { kind: 'feature', name: 'key', value: 4 })).mood).toBe(
      'For Ada',
    )
  })

  it('keep a seed that the person gave', () => {
    const settings = settingsReducer(start, { kind: 'seed', value: 77 })
    expect(requestOf(settings).seed).toBe(77)
  })

  it('stay what they are however closely they are followed', () => {
    const settings = settingsReducer(start, { kind: 'preset', preset })
    const strict = settingsReducer(settings, { kind: 'strictness', value: 'strictly' })
    expect(strict).toEqual({ ...settings, strictness: 'strictly' })
    const moved = settingsReducer(strict, { kind: 'feature', name: 'energy', value: 0.9 })
    const surprised = settingsReducer(moved, { kind: 'surprise', features: FEATURES })
    expect(requestOf(surprised).strictness).toBe('strictly')
  })

  it('send a mood that the server takes, however long its name is', () => {
    const settings = settingsReducer(start, { kind: 'title', value: 'x'.repeat(500) })
    expect(requestOf(settings).mood.length).toBe(200)
  })
})

describe('a variation', () => {
  it('differs in its seed alone', () => {
    const { seed, ...rest } = variationOf(preset, () => 0.25)
    expect(seed).toBe(250_000)
    expect({ name: preset.name, seed: preset.seed, ...rest }).toEqual(preset)
  })
})

describe('a surprise', () => {
  it('always lies in the ranges of the schema', () => {
    for (let count = 0; count < 500; count += 1) {
      const features = randomFeatures(SCHEMA)
      for (const field of SCHEMA.features) {
        const value = features[field.name]
        expect(value).toBeGreaterThanOrEqual(field.minimum)
        expect(value).toBeLessThanOrEqual(field.maximum)
        if (field.kind === 'choice') expect(Number.isInteger(value)).toBe(true)
      }
    }
  })
})
