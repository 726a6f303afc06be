import { describe, expect, it } from 'vitest'
import { byHue, moodGradient, moodHue, moodBackground, noteColor } from './moodColor'

const hueOf = (valence: number, energy: number) => moodHue({ valence, energy })

describe('the hue of a mood', () => {
  it('is amber for happy, red for angry, blue for sad and green for content', () => {
    expect(hueOf(1, 1)).toBeCloseTo(68)
    expect(hueOf(0, 1)).toBeCloseTo(22)
    expect(hueOf(0, 0)).toBeCloseTo(265)
    expect(hueOf(1, 0)).toBeCloseTo(160)
  })

  it('is continuous', () => {
    const before = hueOf(0.9, 0.1001)
    const after = hueOf(0.9, 0.0999)
    expect(Math.abs(before - after)).toBeLessThan(1)
  })

  it('is valid everywhere', () => {
    for (let valence = 0; valence <= 1; valence += 0.1) {
      for (let energy = 0; energy <= 1; energy += 0.1) {
        const hue = hueOf(valence, energy)
        expect(hue).toBeGreaterThanOrEqual(0)
        expect(hue).toBeLessThan(360)
      }
    }
    expect(moodBackground({ valence: 0.5, energy: 0.5 })).not.toContain('NaN')
    expect(moodGradient({ valence: 0.5, energy: 0.5 })).not.toContain('NaN')
  })
})

describe('the order of moods', () => {
  it('goes from happy over angry and sad to content', () => {
    const moods = [
      [0.2, 0.2],
      [0.9, 0.6],
      [0.7, 0.2],
      [0.2, 0.95],
      [0.8, 0.9],
    ].map(([valence = 0, energy = 0]) => ({ features: { valence, energy } }))
    expect(moods.sort(byHue).map(({ features }) => features.valence)).toEqual([
      0.9, 0.8, 0.2, 0.2, 0.7,
    ])
  })
})

describe('colors of notes', () => {
  it('are the same within a family of instruments and differ between families', () => {
    expect(noteColor(0, false)).toBe(noteColor(7, false))
    expect(noteColor(0, false)).not.toBe(noteColor(8, false))
    expect(noteColor(0, true)).not.toBe(noteColor(0, false))
  })
})
