import { expect, it } from 'vitest'
import { songInUrl } from './location'

it('reads the song from the URL', () => {
  expect(songInUrl('#song=calm-0123456789')).toBe('calm-0123456789')
  expect(songInUrl('#song=')).toBeNull()
  expect(songInUrl('')).toBeNull()
})
