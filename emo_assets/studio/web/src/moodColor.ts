// Colors of moods and notes.
import type { FeatureVector } from './types'

type Mood = Pick<FeatureVector, 'valence' | 'energy'>

/** Hue by the angle of (valence, energy) around the center: happy amber, angry red, sad blue, calm green. */
const HUES: [angle: number, hue: number][] = [
  [-45, 160],
  [10, 90],
  [45, 68],
  [135, 22],
  [180, -35],
  [225, -95],
  [270, -140],
  [315, -200],
]

export function moodHue({ valence, energy }: Mood): number {
  let angle = (Math.atan2(energy - 0.5, valence - 0.5) * 180) / Math.PI
  if (angle < -45) angle += 360
  const next = HUES.findIndex(([end]) => angle <= end)
  const [end, endHue] = HUES[Math.max(next, 1)] ?? [0, 0]
  const [begin, beginHue] = HUES[Math.max(next, 1) - 1] ?? [0, 0]
  const hue = beginHue + ((endHue - beginHue) * (angle - begin)) / (end - begin)
  return (hue + 360) % 360
}

const color = (lightness: number, chroma: number, hue: number) =>
  `oklch(${lightness} ${chroma.toFixed(3)} ${((hue + 360) % 360).toFixed(1)})`

/** Stronger moods have stronger colors. */
function chromaOf({ valence, energy }: Mood): number {
  return 0.07 + 0.14 * Math.min(Math.hypot(valence - 0.5, energy - 0.5) / 0.5, 1)
}

/** A bright gradient that is dark enough for white text at the bottom. */
export function moodBackground(mood: Mood): string {
  const hue = moodHue(mood)
  const chroma = chromaOf(mood)
  const shade = 'linear-gradient(to top, oklch(0.2 0.04 300 / 0.78), oklch(0.2 0.04 300 / 0) 92%)'
  return `${shade}, linear-gradient(135deg, ${color(0.56, chroma, hue - 26)}, ${color(0.8, chroma, hue + 14)})`
}

/** A gradient that is dark enough for white text everywhere. */
export function moodGradient(mood: Mood): string {
  const hue = moodHue(mood)
  // amber and gold turn brown when they are dark enough for white text, so they are shifted towards red
  const shifted = hue > 30 && hue < 120 ? 30 + (hue - 30) * 0.2 : hue
  const chroma = Math.max(chromaOf(mood), 0.13)
  return `linear-gradient(135deg, ${color(0.46, chroma, shifted - 20)}, ${color(0.55, chroma, shifted + 8)})`
}

/** Compares moods by hue: happy, excited, angry, sad, calm, content. */
export function byHue(one: { features: Mood }, other: { features: Mood }): number {
  const turn = ({ features }: { features: Mood }) => (moodHue(features) - 110 + 360) % 360
  return turn(other) - turn(one)
}

/** One hue per family of eight General MIDI programs. */
const FAMILY_HUES = [250, 205, 300, 50, 30, 10, 345, 85, 70, 155, 325, 275, 180, 40, 120, 100]

export const noteColor = (program: number, isDrum: boolean) =>
  isDrum ? 'oklch(0.72 0.02 80)' : `oklch(0.68 0.15 ${FAMILY_HUES[program >> 3] ?? 250})`
