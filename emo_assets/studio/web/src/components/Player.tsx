// A finished song: playback, metrics, piano roll and downloads.
import { Box, Button, Flex, Heading, IconButton, Slider, Text } from '@chakra-ui/react'
import { Download, Pause, Play } from 'lucide-react'
import { useEffect } from 'react'
import { resultUrl } from '../api'
import { moodGradient } from '../moodColor'
import { type Playback, usePlayback } from '../playback'
import type { TrackMetrics, Format, Status } from '../types'
import { duration, splitMood } from '../format'
import { PianoRoll } from './PianoRoll'

const DOWNLOADS: { format: Format; label: string }[] = [
  { format: 'wav', label: 'WAV' },
  { format: 'ogg', label: 'OGG' },
  { format: 'mp3', label: 'MP3' },
  { format: 'midi', label: 'MIDI' },
]

interface Props {
  status: Status & { heard: TrackMetrics }
  /** Play at once, because the user has just requested it. */
  autoplay?: boolean
  height?: number
}

export function Player({ status, autoplay = false, height }: Props) {
  const playback = usePlayback()
  const { play } = playback
  useEffect(() => {
    if (autoplay) play()
  }, [autoplay, play])
  return <PlayerView status={status} playback={playback} height={height} />
}

interface ViewProps {
  status: Status & { heard: TrackMetrics }
  playback: Playback
  height?: number
}

export function PlayerView({ status, playback, height }: ViewProps) {
  const { heard, request, task_id: taskId } = status
  const { title, tagline } = splitMood(request)
  return (
    <Box>
      <Flex gap="4" align="center" mb="4">
        <IconButton
          aria-label={playback.isPlaying ? `Pause ${title}` : `Play ${title}`}
          onClick={playback.toggle}
          rounded="full"
          boxSize="16"
          color="white"
          border="none"
          flexShrink="0"
          style={{ background: moodGradient(request.features) }}
          _hover={{ filter: 'brightness(1.12)' }}
        >
          {playback.isPlaying ? <Pause fill="currentColor" /> : <Play fill="currentColor" />}
        </IconButton>
        <Box minW="0">
          <Heading as="h3" size="2xl" fontWeight="750" lineHeight="1.15">
            {title}
          </Heading>
          {tagline && (
            <Text color="fg.muted" fontSize="sm">
              {tagline}
            </Text>
          )}
        </Box>
      </Flex>
      <Facts heard={heard} />
      <PianoRoll
        taskId={taskId}
        title={title}
        seconds={heard.seconds}
        position={playback.position}
        onSeek={playback.seek}
        height={height}
      />
      <PositionSlider title={title} seconds={heard.seconds} playback={playback} />
      <audio ref={playback.audio} src={resultUrl(taskId, playableFormat())} preload="auto" />
      {playback.failure && (
        <Text role="alert" color="fg.error" mt="2">
          {playback.failure}
        </Text>
      )}
      <Flex gap="2" mt="4" wrap="wrap" align="center">
        <Text
          as="span"
          fontSize="sm"
          color="fg.muted"
          display="inline-flex"
          gap="1.5"
          alignItems="center"
        >
          <Download size={15} aria-hidden /> Download
        </Text>
        {DOWNLOADS.map(({ format, label }) => (
          <Button key={format} asChild size="xs" variant="outline" rounded="full">
            <a
              href={resultUrl(taskId, format)}
              download
              aria-label={`Download ${title} as ${label}`}
            >
              {label}
            </a>
          </Button>
        ))}
      </Flex>
    </Box>
  )
}

/** Ogg if the browser plays it, else MP3. */
const playableFormat = (): Format =>
  document.createElement('audio').canPlayType('audio/ogg; codecs="vorbis"') ? 'ogg' : 'mp3'

function Facts({ heard }: { heard: TrackMetrics }) {
  const facts = [
    { name: 'Tempo', value: `${Number(heard.tempo.toFixed(1))} BPM` },
    { name: 'Key', value: heard.key ?? 'no clear key' },
    { name: 'Meter', value: heard.time_signature },
    { name: 'Length', value: `${heard.bars} bars` },
    { name: 'Notes', value: heard.notes.toLocaleString('en') },
  ]
  return (
    <Box mb="4">
      <Flex as="dl" gap={{ base: 4, md: 7 }} wrap="wrap" mb="2">
        {facts.map(({ name, value }) => (
          <Box key={name}>
            <Text as="dt" fontSize="xs" color="fg.muted">
              {name}
            </Text>
            <Text
              as="dd"
              fontWeight="650"
              fontVariantNumeric="tabular-nums"
              data-fact={name.toLowerCase()}
            >
              {value}
            </Text>
          </Box>
        ))}
      </Flex>
      <Text fontSize="sm" color="fg.muted">
        {heard.instruments.map((name) => (name === 'drum' ? 'Drums' : name)).join(' · ')}
      </Text>
    </Box>
  )
}

function PositionSlider({
  title,
  seconds,
  playback,
}: {
  title: string
  seconds: number
  playback: Playback
}) {
  const { position } = playback
  return (
    <Flex
      align="center"
      gap="3"
      mt="3"
      fontSize="sm"
      fontVariantNumeric="tabular-nums"
      color="fg.muted"
    >
      <span>{duration(position)}</span>
      <Slider.Root
        flex="1"
        size="sm"
        min={0}
        max={seconds}
        step={0.1}
        value={[Math.min(position, seconds)]}
        onValueChange={(details) => playback.seek(details.value[0] ?? 0)}
        aria-label={[`Position in ${title}`]}
        getAriaValueText={() => `${duration(position)} of ${duration(seconds)}`}
      >
        <Slider.Control>
          <Slider.Track bg="bg.muted">
            <Slider.Range bg="accent" />
          </Slider.Track>
          <Slider.Thumb index={0} borderColor="accent" bg="bg.panel">
            <Slider.HiddenInput />
          </Slider.Thumb>
        </Slider.Control>
      </Slider.Root>
      <span>{duration(seconds)}</span>
    </Flex>
  )
}
