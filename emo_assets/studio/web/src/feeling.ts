// How a feeling looks: one colour scale for moods, songs and notes.
import type { Features } from './types'

type Feeling = Pick<Features, 'valence' | 'energy'>

/**
 * The wheel of feelings, by the angle of (valence, energy) around the middle: from glad (amber) over angry (red),
 * gloomy (violet to blue) and quiet (azure) to content (green), and round again.
 */
const WHEEL: [angle: number, hue: number][] = [
  [-45, 160],
  [10, 90],
  [45, 68],
  [135, 22],
  [180, -35],
  [225, -95],
  [270, -140],
  [315, -200],
]

export function feelingHue({ valence, energy }: Feeling): number {
  let angle = (Math.atan2(energy - 0.5, valence - 0.5) * 180) / Math.PI
  if (angle < -45) angle += 360
  const next = WHEEL.findIndex(([end]) => angle <= end)
  const [end, endHue] = WHEEL[Math.max(next, 1)] ?? [0, 0]
  const [begin, beginHue] = WHEEL[Math.max(next, 1) - 1] ?? [0, 0]
  const hue = beginHue + ((endHue - beginHue) * (angle - begin)) / (end - begin)
  return (hue + 360) % 360
}

const colour = (lightness: number, chroma: number, hue: number) =>
  `oklch(${lightness} ${chroma.toFixed(3)} ${((hue + 360) % 360).toFixed(1)})`

/** The stronger the feeling, the stronger the colour. */
function chromaOf({ valence, energy }: Feeling): number {
  return 0.07 + 0.14 * Math.min(Math.hypot(valence - 0.5, energy - 0.5) / 0.5, 1)
}

/** A bright picture of a feeling, darker towards the bottom, where white text is legible on it. */
export function feelingPicture(feeling: Feeling): string {
  const hue = feelingHue(feeling)
  const chroma = chromaOf(feeling)
  const shade = 'linear-gradient(to top, oklch(0.2 0.04 300 / 0.78), oklch(0.2 0.04 300 / 0) 92%)'
  return `${shade}, linear-gradient(135deg, ${colour(0.56, chroma, hue - 26)}, ${colour(0.8, chroma, hue + 14)})`
}

/** A feeling as the ground of a button: white text is legible all over it. */
export function feelingGround(feeling: Feeling): string {
  const hue = feelingHue(feeling)
  // amber and gold turn brown when they are dark enough for white text, so they lean towards red
  const leaning = hue > 30 && hue < 120 ? 30 + (hue - 30) * 0.2 : hue
  const chroma = Math.max(chromaOf(feeling), 0.13)
  return `linear-gradient(135deg, ${colour(0.46, chroma, leaning - 20)}, ${colour(0.55, chroma, leaning + 8)})`
}

/** Moods in the order of the wheel: glad, stirred, angry, gloomy, quiet, content. */
export function alongTheWheel(one: { features: Feeling }, other: { features: Feeling }): number {
  const turn = ({ features }: { features: Feeling }) => (feelingHue(features) - 110 + 360) % 360
  return turn(other) - turn(one)
}

/** One colour for each family of eight General MIDI programs, drums last. */
const FAMILY_HUES = [250, 205, 300, 50, 30, 10, 345, 85, 70, 155, 325, 275, 180, 40, 120, 100]

export const noteColour = (program: number, isDrum: boolean) =>
  isDrum ? 'oklch(0.72 0.02 80)' : `oklch(0.68 0.15 ${FAMILY_HUES[program >> 3] ?? 250})`
