// The current song: in progress, failed, or ready to play.
import { Button, Flex, Text } from '@chakra-ui/react'
import { SlidersHorizontal, Sparkles } from 'lucide-react'
import type { ApiError } from '../api'
import type { FormSchema, TrackMetrics, Status } from '../types'
import { isOver } from '../format'
import { Failure } from './Failure'
import { Loading } from './Loading'
import { GenerationProgress } from './GenerationProgress'
import { Panel } from './Panel'
import { Player } from './Player'
import { SongDetails } from './SongDetails'
import { Banner } from './HealthBanner'

interface Props {
  taskId: string | null
  status: Status | undefined
  failure: ApiError | null
  schema: FormSchema
  autoplay: boolean
  onCancel: (song: Status) => void
  onAgain: (song: Status) => void
  onVary: (song: Status) => void
  onLoad: (song: Status) => void
}

export function SongCard(props: Props) {
  return (
    <Panel title="Now playing">
      <Content {...props} />
    </Panel>
  )
}

function Content({ taskId, status, failure, schema, autoplay, ...actions }: Props) {
  if (taskId === null) {
    return (
      <Text color="fg.muted">
        Choose a mood, press “Make my song”, and listen here a few seconds later.
      </Text>
    )
  }
  if (!status) {
    return failure?.status === 404 ? (
      <Banner
        title="Song not found"
        detail="The address may be mistyped, or the song is in another store."
      />
    ) : (
      <Loading what="the song" />
    )
  }
  if (!isOver(status))
    return <GenerationProgress status={status} onCancel={() => actions.onCancel(status)} />
  if (!isPlayable(status))
    return <Failure status={status} onAgain={() => actions.onAgain(status)} />
  return (
    <>
      <Player key={taskId} status={status} autoplay={autoplay} />
      <Flex gap="2" mt="4" wrap="wrap">
        <Button variant="outline" rounded="full" onClick={() => actions.onVary(status)}>
          <Sparkles size={16} aria-hidden /> Make a variation
        </Button>
        <Button variant="outline" rounded="full" onClick={() => actions.onLoad(status)}>
          <SlidersHorizontal size={16} aria-hidden /> Load its settings
        </Button>
      </Flex>
      <SongDetails taskId={taskId} schema={schema} />
    </>
  )
}

export const isPlayable = (status: Status): status is Status & { heard: TrackMetrics } =>
  status.status === 'finished' && status.heard !== null
