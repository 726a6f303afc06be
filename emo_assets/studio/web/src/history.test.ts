import { expect, it } from 'vitest'
import { QUEUED } from './fixtures'
import { mergePages } from './history'

it('shows a song once if it has moved to the next page', () => {
  const song = (task_id: string) => ({ ...QUEUED, task_id })
  const pages = [
    { total: 3, tracks: [song('third'), song('second')] },
    { total: 3, tracks: [song('second'), song('first')] },
  ]
  expect(mergePages(pages).map((each) => each.task_id)).toEqual(['third', 'second', 'first'])
})
