// The page: settings, the current song and the history.
import { Box, Button, Container, Flex, Grid, Heading, Text, VisuallyHidden } from '@chakra-ui/react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Music, Shuffle } from 'lucide-react'
import { useReducer, useState } from 'react'
import { cancel, getHealth, getPresets, getSchema, submit } from './api'
import { useColorMode } from './colorMode'
import { Compare } from './components/Compare'
import { Header } from './components/Header'
import { Loading } from './components/Loading'
import { MoodPicker } from './components/MoodPicker'
import { isPlayable, SongCard } from './components/SongCard'
import { CompareHint, TrackHistory } from './components/TrackHistory'
import { Banner, HealthBanner } from './components/HealthBanner'
import { SettingsPanel } from './components/SettingsPanel'
import { byHue, moodGradient } from './moodColor'
import { useHistory } from './history'
import { goTo, useSongInUrl } from './location'
import {
  settingsReducer,
  initialSettings,
  requestOf,
  randomFeatures,
  variationOf,
} from './settings'
import { useStatus } from './status'
import type { FormSchema, Status, TrackRequest } from './types'
import { duration, expectedSeconds, moodTitle } from './format'

const COLUMNS = { base: 'minmax(0, 1fr)', lg: 'minmax(0, 1fr) minmax(0, 1fr)' }
const AREAS = { base: '"song" "tune" "songs"', lg: '"tune song" "tune songs" "tune ."' }

export function App() {
  const [mode, toggleMode] = useColorMode()
  const health = useQuery({
    queryKey: ['health'],
    queryFn: getHealth,
    refetchInterval: 5000,
    retry: 1, // report a missing server within seconds
  })
  const schema = useQuery({
    queryKey: ['schema'],
    queryFn: getSchema,
    staleTime: Number.POSITIVE_INFINITY,
    refetchInterval: ({ state }) => (state.data ? false : 3000),
  })
  return (
    <Container maxW="7xl" pb={{ base: 36, md: 28 }} px={{ base: 4, md: 8 }}>
      <Header mode={mode} onToggleMode={toggleMode} />
      <HealthBanner health={health.data} failure={health.error} />
      <Box as="main">
        {schema.data ? <Studio schema={schema.data} /> : <Loading what="the studio" />}
      </Box>
    </Container>
  )
}

function Studio({ schema }: { schema: FormSchema }) {
  const client = useQueryClient()
  const [settings, change] = useReducer(settingsReducer, schema, initialSettings)
  const [taskId, show] = useSongInUrl()
  const [autoplayId, setAutoplayId] = useState<string | null>(null)
  const [compared, setCompared] = useState<string[]>([])
  const status = useStatus(taskId)
  const presets = useQuery({ queryKey: ['presets'], queryFn: getPresets })
  const history = useHistory()
  const submission = useMutation({
    mutationFn: submit,
    onSuccess: (accepted) => {
      setAutoplayId(accepted.task_id)
      show(accepted.task_id)
      client.invalidateQueries({ queryKey: ['history'] })
      document.getElementById('song')?.scrollIntoView({ block: 'start' })
    },
  })
  const cancellation = useMutation({
    mutationFn: (song: Status) => cancel(song.task_id),
    onSuccess: (answer) => client.setQueryData(['status', answer.task_id], answer),
  })

  const vary = (song: Status) => submission.mutate(variationOf(song.request))
  const load = (song: Status) => {
    change({ kind: 'load', request: song.request })
    goTo(document.getElementById('tune'))
  }
  const play = (song: Status) => {
    setAutoplayId(song.task_id)
    show(song.task_id)
    document.getElementById('song')?.scrollIntoView({ block: 'nearest' })
  }
  const surprise = () => {
    const features = randomFeatures(schema)
    change({ kind: 'surprise', features })
    submission.mutate(
      requestOf({
        ...settings,
        title: '',
        tagline: '',
        features,
        open: [],
        isNewEachTime: true,
      }),
    )
  }
  const compare = (song: Status) =>
    setCompared((before) =>
      before.includes(song.task_id)
        ? before.filter((each) => each !== song.task_id)
        : [...before, song.task_id].slice(-2),
    )

  const { songs } = history
  const [one, other] = compared
    .map((each) => songs.find((song) => song.task_id === each))
    .filter((song) => song !== undefined)
    .filter(isPlayable)
  return (
    <>
      <Intro onSurprise={surprise} isBusy={submission.isPending} />
      <MoodPicker
        presets={presets.data?.toSorted(byHue) ?? []}
        chosen={settings.origin}
        onChoose={(preset: TrackRequest) => change({ kind: 'preset', preset })}
      />
      {submission.error && (
        <Box mt="6">
          <Banner title="Your song was not accepted" detail={submission.error.message} />
        </Box>
      )}
      {one && other && (
        <Box mt="8">
          <Compare
            key={`${one.task_id} ${other.task_id}`}
            songs={[one, other]}
            schema={schema}
            onClose={() => setCompared([])}
          />
        </Box>
      )}
      <Grid templateColumns={COLUMNS} templateAreas={AREAS} gap="6" mt="8" alignItems="start">
        <Box gridArea="song" id="song" scrollMarginTop="4">
          <SongCard
            taskId={taskId}
            status={status.data}
            failure={status.error}
            schema={schema}
            autoplay={autoplayId === taskId}
            onCancel={(song) => cancellation.mutate(song)}
            onAgain={vary}
            onVary={vary}
            onLoad={load}
          />
        </Box>
        <Box gridArea="tune" id="tune" scrollMarginTop="4" tabIndex={-1} outline="none">
          <SettingsPanel schema={schema} settings={settings} onChange={change} />
          <MakeBar
            title={settings.title || moodTitle(settings.features)}
            length={duration(expectedSeconds(settings.features, settings.bars))}
            gradient={moodGradient(settings.features)}
            isBusy={submission.isPending}
            onMake={() => submission.mutate(requestOf(settings))}
          />
        </Box>
        <Flex gridArea="songs" direction="column" gap="4">
          <CompareHint count={compared.length} onClear={() => setCompared([])} />
          <TrackHistory
            songs={songs}
            older={history.older}
            onOlder={history.showOlder}
            shown={taskId}
            compared={compared}
            onPlay={play}
            onLoad={load}
            onVary={vary}
            onCompare={compare}
          />
        </Flex>
      </Grid>
    </>
  )
}

function Intro({ onSurprise, isBusy }: { onSurprise: () => void; isBusy: boolean }) {
  return (
    <Flex
      justify="space-between"
      align="flex-end"
      gap="4"
      wrap="wrap"
      mb="6"
      mt={{ base: 2, md: 6 }}
    >
      <Box>
        <Heading as="h1" fontSize={{ base: '3xl', md: '5xl' }} lineHeight="1.05" fontWeight="780">
          What should it feel like?
        </Heading>
        <Text color="fg.muted" mt="2" fontSize={{ base: 'md', md: 'lg' }}>
          Pick a mood. A new song is yours a few seconds later.
        </Text>
      </Box>
      <Button variant="outline" size="lg" rounded="full" onClick={onSurprise} loading={isBusy}>
        <Shuffle size={18} aria-hidden /> Surprise me
      </Button>
    </Flex>
  )
}

interface MakeBarProps {
  title: string
  length: string
  gradient: string
  isBusy: boolean
  onMake: () => void
}

function MakeBar({ title, length, gradient, isBusy, onMake }: MakeBarProps) {
  return (
    <Box
      position="fixed"
      insetX="0"
      bottom="0"
      zIndex="docked"
      pointerEvents="none"
      p={{ base: 3, md: 5 }}
    >
      <Flex
        pointerEvents="auto"
        maxW="3xl"
        mx="auto"
        align="center"
        gap="4"
        bg="bg.panel"
        borderWidth="1px"
        borderColor="border"
        boxShadow="2xl"
        rounded="full"
        p="2"
        pl="6"
        role="region"
        aria-label="Make the song"
      >
        <Box flex="1" minW="0">
          <Text fontFamily="heading" fontWeight="700" truncate>
            {title}
          </Text>
          <Text fontSize="xs" color="fg.muted">
            about {length}
          </Text>
        </Box>
        <Button
          size="xl"
          rounded="full"
          color="white"
          border="none"
          onClick={onMake}
          loading={isBusy}
          style={{ background: gradient }}
          _hover={{ filter: 'brightness(1.12)' }}
        >
          <Music size={20} aria-hidden /> Make my song
          <VisuallyHidden>: {title}</VisuallyHidden>
        </Button>
      </Flex>
    </Box>
  )
}
