// Calls to the REST API.
import type {
  Format,
  FormSchema,
  Health,
  History,
  SentRequest,
  Status,
  Track,
  TrackRequest,
} from './types'

export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message)
  }
}

export const UNREACHABLE =
  'The studio does not answer. Is `emo studio` still running? Your songs are safe; this page reconnects by itself.'

async function fetchJson<T>(address: string, options?: RequestInit): Promise<T> {
  let response: Response
  try {
    response = await fetch(address, options)
  } catch {
    throw new ApiError(UNREACHABLE, 0)
  }
  const body = await response.json().catch(() => null)
  if (!response.ok) {
    throw new ApiError(body?.detail ?? `The studio answered ${response.status}.`, response.status)
  }
  return body as T
}

const taskQuery = (taskId: string) => `task_id=${encodeURIComponent(taskId)}`

export const getSchema = () => fetchJson<FormSchema>('/schema')
export const getPresets = () => fetchJson<TrackRequest[]>('/presets')
export const getHistory = (offset: number) =>
  fetchJson<History>(`/tracks?limit=100&offset=${offset}`)
export const getHealth = () => fetchJson<Health>('/health')
export const getStatus = (taskId: string) => fetchJson<Status>(`/status?${taskQuery(taskId)}`)
export const getTrack = (taskId: string) => fetchJson<Track>(`/track?${taskQuery(taskId)}`)
export const cancel = (taskId: string) =>
  fetchJson<Status>(`/cancel?${taskQuery(taskId)}`, { method: 'POST' })

export const submit = (request: SentRequest) =>
  fetchJson<{ task_id: string }>('/submit', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(request),
  })

export const resultUrl = (taskId: string, format: Format) =>
  `/result?${taskQuery(taskId)}&format=${format}`
export const eventsUrl = (taskId: string) => `/events?${taskQuery(taskId)}`

export async function getMidi(taskId: string): Promise<ArrayBuffer> {
  const response = await fetch(resultUrl(taskId, 'midi'))
  if (!response.ok) throw new ApiError('The notes of this song are missing.', response.status)
  return response.arrayBuffer()
}
