// The history, the newest first: polled, with older pages on demand.
import { useInfiniteQuery } from '@tanstack/react-query'
import { getHistory } from './api'
import type { History, Status } from './types'
import { isOver } from './format'

const MILLISECONDS_AT_WORK = 2000
const MILLISECONDS_AT_REST = 15_000

/** The songs of all pages without duplicates: a new song moves later ones to the next page. */
export function mergePages(pages: History[]): Status[] {
  const known = new Map<string, Status>()
  for (const song of pages.flatMap((page) => page.tracks)) {
    if (!known.has(song.task_id)) known.set(song.task_id, song)
  }
  return [...known.values()]
}

const fetched = (pages: History[]) => pages.reduce((sum, page) => sum + page.tracks.length, 0)

export function useHistory() {
  const query = useInfiniteQuery({
    queryKey: ['history'],
    queryFn: ({ pageParam }) => getHistory(pageParam),
    initialPageParam: 0,
    getNextPageParam: (last: History, pages: History[]) =>
      last.tracks.length > 0 && fetched(pages) < last.total ? fetched(pages) : undefined,
    refetchInterval: ({ state }) =>
      state.data && mergePages(state.data.pages).every(isOver)
        ? MILLISECONDS_AT_REST
        : MILLISECONDS_AT_WORK,
  })
  const songs = mergePages(query.data?.pages ?? [])
  return {
    songs,
    /** Number of songs that are not loaded yet. */
    older: query.hasNextPage ? (query.data?.pages.at(-1)?.total ?? 0) - songs.length : 0,
    showOlder: () => query.fetchNextPage(),
  }
}
