import { expect, it } from 'vitest'
import { songInAddress } from './place'

it('reads the song out of the address', () => {
  expect(songInAddress('#song=calm-0123456789')).toBe('calm-0123456789')
  expect(songInAddress('#song=')).toBeNull()
  expect(songInAddress('')).toBeNull()
})
