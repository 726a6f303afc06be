// The status of a task: from server-sent events, or polled if they do not arrive.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { eventsUrl, getStatus } from './api'
import type { Status } from './types'
import { isOver } from './format'

const POLL_MILLISECONDS = 1000
/** The server sends an event at least every five seconds; after a longer silence, the page polls. */
const SILENCE_MILLISECONDS = 8000

export function useStatus(taskId: string | null) {
  const client = useQueryClient()
  const [isStreaming, setStreaming] = useState(false)
  const query = useQuery({
    queryKey: ['status', taskId],
    queryFn: () => getStatus(taskId ?? ''),
    enabled: taskId !== null,
    refetchInterval: ({ state }) => {
      const isSettled = state.data ? isOver(state.data) : state.error?.status === 404
      return isSettled || isStreaming ? false : POLL_MILLISECONDS
    },
  })
  const isSettled = query.data ? isOver(query.data) : false

  useEffect(() => {
    if (taskId === null || isSettled) return
    const source = new EventSource(eventsUrl(taskId))
    let silence = 0
    const onEvent = () => {
      setStreaming(true)
      clearTimeout(silence)
      silence = window.setTimeout(() => setStreaming(false), SILENCE_MILLISECONDS)
    }
    source.onopen = onEvent
    source.onerror = () => setStreaming(false)
    source.addEventListener('status', (event) => {
      onEvent()
      const status: Status = JSON.parse(event.data)
      client.setQueryData(['status', taskId], status)
      if (isOver(status)) client.invalidateQueries({ queryKey: ['history'] })
    })
    return () => {
      source.close()
      clearTimeout(silence)
      setStreaming(false)
    }
  }, [taskId, isSettled, client])

  return query
}
