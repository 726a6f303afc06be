import { describe, expect, it } from 'vitest'
import { alongTheWheel, feelingGround, feelingHue, feelingPicture, noteColour } from './feeling'

const hueOf = (valence: number, energy: number) => feelingHue({ valence, energy })

describe('the wheel of feelings', () => {
  it('has amber for glad, red for angry, blue for gloomy and green for content', () => {
    expect(hueOf(1, 1)).toBeCloseTo(68)
    expect(hueOf(0, 1)).toBeCloseTo(22)
    expect(hueOf(0, 0)).toBeCloseTo(265)
    expect(hueOf(1, 0)).toBeCloseTo(160)
  })

  it('closes without a jump', () => {
    const before = hueOf(0.9, 0.1001)
    const after = hueOf(0.9, 0.0999)
    expect(Math.abs(before - after)).toBeLessThan(1)
  })

  it('has a colour everywhere', () => {
    for (let valence = 0; valence <= 1; valence += 0.1) {
      for (let energy = 0; energy <= 1; energy += 0.1) {
        const hue = hueOf(valence, energy)
        expect(hue).toBeGreaterThanOrEqual(0)
        expect(hue).toBeLessThan(360)
      }
    }
    expect(feelingPicture({ valence: 0.5, energy: 0.5 })).not.toContain('NaN')
    expect(feelingGround({ valence: 0.5, energy: 0.5 })).not.toContain('NaN')
  })
})

describe('the order of moods', () => {
  it('goes round the wheel from glad over angry and gloomy to content', () => {
    const moods = [
      [0.2, 0.2],
      [0.9, 0.6],
      [0.7, 0.2],
      [0.2, 0.95],
      [0.8, 0.9],
    ].map(([valence = 0, energy = 0]) => ({ features: { valence, energy } }))
    expect(moods.sort(alongTheWheel).map(({ features }) => features.valence)).toEqual([
      0.9, 0.8, 0.2, 0.2, 0.7,
    ])
  })
})

describe('colours of notes', () => {
  it('are the same within a family of instruments and differ between families', () => {
    expect(noteColour(0, false)).toBe(noteColour(7, false))
    expect(noteColour(0, false)).not.toBe(noteColour(8, false))
    expect(noteColour(0, true)).not.toBe(noteColour(0, false))
  })
})
