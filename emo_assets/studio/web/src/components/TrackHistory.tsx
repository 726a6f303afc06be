// The history of songs and requests, to play, load, vary and compare.
import { Badge, Box, Button, Flex, IconButton, Text } from '@chakra-ui/react'
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
import { type ReactNode, useRef, useState } from 'react'
import { moodGradient } from '../moodColor'
import type { Status } from '../types'
import { ago, duration, statusText, isOver, splitMood } from '../format'
import { Panel } from './Panel'
import { isPlayable } from './SongCard'

interface Props {
  songs: Status[]
  /** Number of older songs that are not shown. */
  older: number
  onOlder: () => void
  shown: string | null
  compared: string[]
  onPlay: (song: Status) => void
  onLoad: (song: Status) => void
  onVary: (song: Status) => void
  onCompare: (song: Status) => void
}

export function TrackHistory({ songs, older, onOlder, ...actions }: Props) {
  const [opened, setOpened] = useState<string | null>(null)
  return (
    <Panel title="Your songs" hint="Play one again, load its settings, or compare two.">
      {songs.length === 0 && <Text color="fg.muted">No songs yet.</Text>}
      <Box
        as="ul"
        listStyleType="none"
        maxH={{ base: '420px', lg: '520px' }}
        overflowY="auto"
        mx="-2"
        px="2"
      >
        {songs.map((song) => (
          <SongRow
            key={song.task_id}
            song={song}
            isOpen={opened === song.task_id}
            onOpen={(isOpen) => setOpened(isOpen ? song.task_id : null)}
            {...actions}
          />
        ))}
      </Box>
      {older > 0 && (
        <Button size="sm" variant="ghost" mt="3" onClick={onOlder}>
          Show older songs ({older})
        </Button>
      )}
    </Panel>
  )
}

type RowProps = Omit<Props, 'songs' | 'older' | 'onOlder'> & {
  song: Status
  /** Whether the actions are shown below the song. */
  isOpen: boolean
  onOpen: (isOpen: boolean) => void
}

function SongRow({ song, isOpen, onOpen, shown, compared, onPlay, ...actions }: RowProps) {
  const { title } = splitMood(song.request)
  const isCompared = compared.includes(song.task_id)
  const more = useRef<HTMLButtonElement>(null)
  const close = () => {
    more.current?.focus({ preventScroll: true })
    onOpen(false)
  }
  return (
    <Box
      as="li"
      p="2"
      rounded="xl"
      bg={shown === song.task_id ? 'bg.subtle' : undefined}
      data-task={song.task_id}
    >
      <Flex align="center" gap="3">
        <IconButton
          aria-label={isPlayable(song) ? `Play ${title}` : `Show ${title}`}
          onClick={() => onPlay(song)}
          rounded="lg"
          color="white"
          border="none"
          size="md"
          style={{ background: moodGradient(song.request.features) }}
          _hover={{ filter: 'brightness(1.12)' }}
        >
          <StatusIcon song={song} />
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
        <IconButton
          ref={more}
          variant="ghost"
          size="sm"
          aria-label={`More for ${title}`}
          aria-expanded={isOpen}
          onClick={() => onOpen(!isOpen)}
        >
          <Ellipsis size={18} aria-hidden />
        </IconButton>
      </Flex>
      {isOpen && <RowActions song={song} isCompared={isCompared} onChosen={close} {...actions} />}
    </Box>
  )
}

type ActionsProps = Pick<Props, 'onLoad' | 'onVary' | 'onCompare'> & {
  song: Status
  isCompared: boolean
  onChosen: () => void
}

/** Actions in the row itself: a floating menu would move while the page scrolls. */
function RowActions({ song, isCompared, onChosen, onLoad, onVary, onCompare }: ActionsProps) {
  const action = (label: string, mark: ReactNode, act: (song: Status) => void) => (
    <Button
      size="xs"
      variant="outline"
      rounded="full"
      bg="bg.panel"
      onClick={() => {
        onChosen()
        act(song)
      }}
    >
      {mark} {label}
    </Button>
  )
  return (
    <Flex
      gap="2"
      wrap="wrap"
      mt="2.5"
      mb="1"
      role="group"
      aria-label={`More for ${splitMood(song.request).title}`}
    >
      {action('Load its settings', <SlidersHorizontal size={14} aria-hidden />, onLoad)}
      {isOver(song) && !isPlayable(song)
        ? action('Try again', <RotateCcw size={14} aria-hidden />, onVary)
        : action('Make a variation', <Sparkles size={14} aria-hidden />, onVary)}
      {isPlayable(song) &&
        action(
          isCompared ? 'Stop comparing' : 'Compare',
          <GitCompareArrows size={14} aria-hidden />,
          onCompare,
        )}
    </Flex>
  )
}

function StatusIcon({ song }: { song: Status }) {
  if (song.status === 'failed') return <TriangleAlert size={17} aria-hidden />
  if (song.status === 'cancelled') return <Ban size={17} aria-hidden />
  if (song.status === 'finished') return <Play size={16} fill="currentColor" aria-hidden />
  return <Loader size={17} aria-hidden />
}

function summary(song: Status): string {
  const when = ago(song.submitted, Date.now())
  if (!song.heard) return `${statusText(song)} · ${when}`
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
