// What becomes of a song: told by the server as it happens, asked for when that line is down.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { eventsAddress, getStatus } from './api'
import type { Status } from './types'
import { isOver } from './words'

const MILLISECONDS_BETWEEN_QUESTIONS = 1000
/** The server says something every five seconds; a line that is silent for longer does not carry what it says. */
const MILLISECONDS_OF_SILENCE = 8000

export function useStatus(taskId: string | null) {
  const client = useQueryClient()
  const [isTold, setTold] = useState(false)
  const query = useQuery({
    queryKey: ['status', taskId],
    queryFn: () => getStatus(taskId ?? ''),
    enabled: taskId !== null,
    refetchInterval: ({ state }) => {
      const isSettled = state.data ? isOver(state.data) : state.error?.status === 404
      return isSettled || isTold ? false : MILLISECONDS_BETWEEN_QUESTIONS
    },
  })
  const isSettled = query.data ? isOver(query.data) : false

  useEffect(() => {
    if (taskId === null || isSettled) return
    const source = new EventSource(eventsAddress(taskId))
    let silence = 0
    const heard = () => {
      setTold(true)
      clearTimeout(silence)
      silence = window.setTimeout(() => setTold(false), MILLISECONDS_OF_SILENCE)
    }
    source.onopen = heard
    source.onerror = () => setTold(false)
    source.addEventListener('status', (event) => {
      heard()
      const status: Status = JSON.parse(event.data)
      client.setQueryData(['status', taskId], status)
      if (isOver(status)) client.invalidateQueries({ queryKey: ['history'] })
    })
    return () => {
      source.close()
      clearTimeout(silence)
      setTold(false)
    }
  }, [taskId, isSettled, client])

  return query
}
