// Past and present songs, the newest first: kept up to date, and fetched further back on demand.
import { useInfiniteQuery } from '@tanstack/react-query'
import { getHistory } from './api'
import type { History, Status } from './types'
import { isOver } from './words'

const MILLISECONDS_AT_WORK = 2000
const MILLISECONDS_AT_REST = 15_000

/** All songs of the pages, each once: one that is added moves those behind it onto the next page. */
export function songsOf(pages: History[]): Status[] {
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
      state.data && songsOf(state.data.pages).every(isOver)
        ? MILLISECONDS_AT_REST
        : MILLISECONDS_AT_WORK,
  })
  const songs = songsOf(query.data?.pages ?? [])
  return {
    songs,
    /** How many there are that are not shown yet. */
    older: query.hasNextPage ? (query.data?.pages.at(-1)?.total ?? 0) - songs.length : 0,
    showOlder: () => query.fetchNextPage(),
  }
}
