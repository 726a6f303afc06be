import { expect, it } from 'vitest'
import { QUEUED } from './fixtures'
import { songsOf } from './history'

it('shows a song once that has moved onto the next page meanwhile, in the order of the pages', () => {
  const song = (task_id: string) => ({ ...QUEUED, task_id })
  const pages = [
    { total: 3, tracks: [song('third'), song('second')] },
    { total: 3, tracks: [song('second'), song('first')] },
  ]
  expect(songsOf(pages).map((each) => each.task_id)).toEqual(['third', 'second', 'first'])
})
