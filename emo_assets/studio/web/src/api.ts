// Every call to the REST API, and what a refusal looks like.
import type { FormSchema, Health, History, SoundFormat, Status, Track, TrackRequest } from './types'

export class Refusal extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message)
  }
}

export const UNREACHABLE =
  'The studio does not answer. Is `emo studio` still running? Your songs are safe; this page goes on by itself once it is back.'

async function answer<T>(address: string, options?: RequestInit): Promise<T> {
  let response: Response
  try {
    response = await fetch(address, options)
  } catch {
    throw new Refusal(UNREACHABLE, 0)
  }
  const body = await response.json().catch(() => null)
  if (!response.ok) {
    throw new Refusal(body?.detail ?? `The studio answered ${response.status}.`, response.status)
  }
  return body as T
}

const of = (taskId: string) => `task_id=${encodeURIComponent(taskId)}`

export const getSchema = () => answer<FormSchema>('/schema')
export const getPresets = () => answer<TrackRequest[]>('/presets')
export const getHistory = (offset: number) => answer<History>(`/tracks?limit=100&offset=${offset}`)
export const getHealth = () => answer<Health>('/health')
export const getStatus = (taskId: string) => answer<Status>(`/status?${of(taskId)}`)
export const getTrack = (taskId: string) => answer<Track>(`/track?${of(taskId)}`)
export const cancel = (taskId: string) =>
  answer<Status>(`/cancel?${of(taskId)}`, { method: 'POST' })

export const submit = (request: Omit<TrackRequest, 'name'>) =>
  answer<{ task_id: string }>('/submit', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(request),
  })

export const resultAddress = (taskId: string, format: SoundFormat) =>
  `/result?${of(taskId)}&format=${format}`
export const eventsAddress = (taskId: string) => `/events?${of(taskId)}`

export async function getMidi(taskId: string): Promise<ArrayBuffer> {
  const response = await fetch(resultAddress(taskId, 'midi'))
  if (!response.ok) throw new Refusal('The notes of this song are gone.', response.status)
  return response.arrayBuffer()
}
