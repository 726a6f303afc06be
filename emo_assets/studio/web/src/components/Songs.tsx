// The history: every song and every request, to hear again, load again, vary and compare.
import { Badge, Box, Button, Flex, IconButton, Menu, Portal, Text } from '@chakra-ui/react'
import {
  Ban,
  Ellipsis,
  GitCompareArrows,
  Loader,
  Play,
  RotateCcw,
  SlidersHorizontal,
  Sparkles,
  TriangleAlert,
} from 'lucide-react'
import { feelingGround } from '../feeling'
import type { Status } from '../types'
import { ago, duration, happening, moodParts } from '../words'
import { Panel } from './Panel'

interface Props {
  songs: Status[]
  total: number
  shown: string | null
  compared: string[]
  onPlay: (song: Status) => void
  onLoad: (song: Status) => void
  onVary: (song: Status) => void
  onCompare: (song: Status) => void
}

export function Songs({ songs, total, ...actions }: Props) {
  const rest = total - songs.length
  return (
    <Panel title="Your songs" hint="Play one again, load its settings, or compare two.">
      {songs.length === 0 && (
        <Text color="fg.muted">Nothing yet. The first song is one press away.</Text>
      )}
      <Box
        as="ul"
        listStyleType="none"
        maxH={{ base: '420px', lg: '520px' }}
        overflowY="auto"
        mx="-2"
        px="2"
      >
        {songs.map((song) => (
          <SongRow key={song.task_id} song={song} {...actions} />
        ))}
      </Box>
      {rest > 0 && (
        <Text fontSize="sm" color="fg.muted" mt="3">
          and {rest} older {rest === 1 ? 'one' : 'ones'}
        </Text>
      )}
    </Panel>
  )
}

type RowProps = Omit<Props, 'songs' | 'total'> & { song: Status }

function SongRow({ song, shown, compared, onPlay, onLoad, onVary, onCompare }: RowProps) {
  const { title } = moodParts(song.request)
  const isFinished = song.status === 'finished' && song.heard !== null
  const isCompared = compared.includes(song.task_id)
  return (
    <Flex
      as="li"
      align="center"
      gap="3"
      p="2"
      rounded="xl"
      bg={shown === song.task_id ? 'bg.subtle' : undefined}
      data-task={song.task_id}
    >
      <IconButton
        aria-label={isFinished ? `Play ${title}` : `Show ${title}`}
        onClick={() => onPlay(song)}
        rounded="lg"
        color="white"
        border="none"
        size="md"
        style={{ background: feelingGround(song.request.features) }}
        _hover={{ filter: 'brightness(1.12)' }}
      >
        <RowMark song={song} />
      </IconButton>
      <Box flex="1" minW="0">
        <Text fontWeight="600" truncate>
          {title}
        </Text>
        <Text fontSize="xs" color="fg.muted" truncate>
          {summary(song)}
        </Text>
      </Box>
      {isCompared && <Badge colorPalette="purple">compared</Badge>}
      <Menu.Root positioning={{ placement: 'bottom-end' }}>
        <Menu.Trigger asChild>
          <IconButton variant="ghost" size="sm" aria-label={`More for ${title}`}>
            <Ellipsis size={18} aria-hidden />
          </IconButton>
        </Menu.Trigger>
        <Portal>
          <Menu.Positioner>
            <Menu.Content>
              <Menu.Item value="load" onClick={() => onLoad(song)}>
                <SlidersHorizontal size={16} aria-hidden /> Load its settings
              </Menu.Item>
              <Menu.Item value="vary" onClick={() => onVary(song)}>
                {isFinished ? (
                  <Sparkles size={16} aria-hidden />
                ) : (
                  <RotateCcw size={16} aria-hidden />
                )}
                {isFinished ? 'Make a variation' : 'Try again'}
              </Menu.Item>
              {isFinished && (
                <Menu.Item value="compare" onClick={() => onCompare(song)}>
                  <GitCompareArrows size={16} aria-hidden />
                  {isCompared ? 'Stop comparing' : 'Compare'}
                </Menu.Item>
              )}
            </Menu.Content>
          </Menu.Positioner>
        </Portal>
      </Menu.Root>
    </Flex>
  )
}

function RowMark({ song }: { song: Status }) {
  if (song.status === 'failed') return <TriangleAlert size={17} aria-hidden />
  if (song.status === 'cancelled') return <Ban size={17} aria-hidden />
  if (song.status === 'finished') return <Play size={16} fill="currentColor" aria-hidden />
  return <Loader size={17} aria-hidden />
}

function summary(song: Status): string {
  const when = ago(song.submitted, Date.now())
  if (!song.heard) return `${happening(song)} · ${when}`
  const { tempo, key, seconds } = song.heard
  return `${Math.round(tempo)} BPM · ${key ?? 'no clear key'} · ${duration(seconds)} · ${when}`
}

export function CompareHint({ count, onClear }: { count: number; onClear: () => void }) {
  if (count !== 1) return null
  return (
    <Flex
      role="status"
      justify="space-between"
      align="center"
      gap="3"
      bg="bg.subtle"
      rounded="xl"
      px="4"
      py="2"
    >
      <Text fontSize="sm">Choose a second song to compare it with.</Text>
      <Button size="xs" variant="ghost" onClick={onClear}>
        Never mind
      </Button>
    </Flex>
  )
}
