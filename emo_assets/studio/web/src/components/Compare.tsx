// Two songs side by side: switch between them at the same position, and see how they differ.
import { Box, Button, Flex, SimpleGrid, Table, Text } from '@chakra-ui/react'
import { ArrowLeftRight, X } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { goTo } from '../location'
import { usePlayback } from '../playback'
import type { FormSchema, TrackMetrics, Status } from '../types'
import { duration, labelOf, valueText } from '../format'
import { Panel } from './Panel'
import { PlayerView } from './Player'

type Song = Status & { heard: TrackMetrics }

interface Props {
  songs: [Song, Song]
  schema: FormSchema
  onClose: () => void
}

export function Compare({ songs: [one, other], schema, onClose }: Props) {
  const first = usePlayback()
  const second = usePlayback()
  const part = useRef<HTMLDivElement>(null)
  useEffect(() => goTo(part.current), []) // the songs were chosen further down
  const switchOver = () => {
    const [from, to, fromSong, toSong] = second.isPlaying
      ? [second, first, other, one]
      : [first, second, one, other]
    to.seek((from.position / fromSong.heard.seconds) * toSong.heard.seconds)
    to.play()
  }
  return (
    <Box ref={part} tabIndex={-1} outline="none" scrollMarginTop="4">
      <Panel
        title="Compare"
        actions={
          <Flex gap="2">
            <Button size="sm" variant="outline" onClick={switchOver}>
              <ArrowLeftRight size={16} aria-hidden /> Switch to the other
            </Button>
            <Button size="sm" variant="ghost" onClick={onClose}>
              <X size={16} aria-hidden /> Close
            </Button>
          </Flex>
        }
      >
        <SimpleGrid columns={{ base: 1, lg: 2 }} gap="8">
          <PlayerView status={one} playback={first} height={140} />
          <PlayerView status={other} playback={second} height={140} />
        </SimpleGrid>
        <Box overflowX="auto" mt="6">
          <Table.Root size="sm">
            <Table.Header>
              <Table.Row bg="transparent">
                <Table.ColumnHeader>Feature</Table.ColumnHeader>
                <Table.ColumnHeader>First</Table.ColumnHeader>
                <Table.ColumnHeader>Second</Table.ColumnHeader>
              </Table.Row>
            </Table.Header>
            <Table.Body>
              {rows(one, other, schema).map(({ name, values }) => (
                <Table.Row
                  key={name}
                  bg="transparent"
                  fontWeight={values[0] === values[1] ? 400 : 650}
                >
                  <Table.Cell>{name}</Table.Cell>
                  {values.map((value, place) => (
                    <Table.Cell key={place}>{value}</Table.Cell>
                  ))}
                </Table.Row>
              ))}
            </Table.Body>
          </Table.Root>
        </Box>
        <Text fontSize="xs" color="fg.muted" mt="2">
          Differences are bold. Tempo and key are measured, all other values are as requested.
        </Text>
      </Panel>
    </Box>
  )
}

function rows(one: Song, other: Song, schema: FormSchema) {
  const both = (value: (song: Song) => string): [string, string] => [value(one), value(other)]
  return [
    {
      name: 'Tempo, measured',
      values: both((song) => `${Number(song.heard.tempo.toFixed(1))} BPM`),
    },
    { name: 'Key, measured', values: both((song) => song.heard.key ?? 'no clear key') },
    { name: 'Length', values: both((song) => duration(song.heard.seconds)) },
    { name: 'Seed', values: both((song) => String(song.request.seed)) },
    {
      name: schema.strictness.title,
      values: both(({ request }) => labelOf(schema.strictness.choices, request.strictness)),
    },
    ...schema.features.map((field) => ({
      name: field.title,
      values: both((song) => valueText(field, song.request.features[field.name])),
    })),
  ]
}
