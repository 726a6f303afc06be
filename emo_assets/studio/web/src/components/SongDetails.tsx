// Details of a song: requested and measured features, and the description bar by bar.
import { Box, Table, Tabs, Text } from '@chakra-ui/react'
import { useQuery } from '@tanstack/react-query'
import { getTrack } from '../api'
import type { FormSchema, Track } from '../types'
import { aimedAtText, measuredText, valueText } from '../format'

const TABLE_HEIGHT = 360
const TABS_HEIGHT = 57
const DETAILS_HEIGHT = `${TABLE_HEIGHT + TABS_HEIGHT}px`

interface Props {
  taskId: string
  schema: FormSchema
}

export function SongDetails({ taskId, schema }: Props) {
  const { data: track, isError } = useQuery({
    queryKey: ['track', taskId],
    queryFn: () => getTrack(taskId),
    staleTime: Number.POSITIVE_INFINITY,
  })
  if (isError) return null
  // keeps the room, so that the page does not move when the details arrive
  if (!track) return <Box mt="6" height={DETAILS_HEIGHT} />
  return (
    <Tabs.Root defaultValue="features" variant="line" colorPalette="purple" mt="6" lazyMount>
      <Tabs.List>
        <Tabs.Trigger value="features">Requested and measured</Tabs.Trigger>
        <Tabs.Trigger value="bars">Bar by bar</Tabs.Trigger>
      </Tabs.List>
      <Tabs.Content value="features">
        <RequestedAndMeasured track={track} schema={schema} />
      </Tabs.Content>
      <Tabs.Content value="bars">
        <BarByBar track={track} />
      </Tabs.Content>
    </Tabs.Root>
  )
}

function RequestedAndMeasured({ track, schema }: { track: Track; schema: FormSchema }) {
  return (
    <ScrollBox label="Requested and measured features">
      <Table.Root size="sm" variant="line">
        <Table.Caption
          captionSide="top"
          textAlign="start"
          fontSize="xs"
          color="fg.muted"
          mt="0"
          mb="2"
        >
          The target is your request in terms of what can be measured in notes.
        </Table.Caption>
        <Table.Header>
          <Table.Row bg="transparent">
            <Table.ColumnHeader>Feature</Table.ColumnHeader>
            <Table.ColumnHeader>Requested</Table.ColumnHeader>
            <Table.ColumnHeader>Target</Table.ColumnHeader>
            <Table.ColumnHeader>Measured in the notes</Table.ColumnHeader>
          </Table.Row>
        </Table.Header>
        <Table.Body>
          {track.asked_and_measured.map((row) => {
            const field = schema.features.find((each) => each.name === row.name)
            return (
              <Table.Row key={row.name} bg="transparent">
                <Table.Cell fontWeight="600">{field?.title ?? row.name}</Table.Cell>
                <Table.Cell>
                  {field && typeof row.asked === 'number' ? valueText(field, row.asked) : row.asked}
                </Table.Cell>
                <Table.Cell>{aimedAtText(row)}</Table.Cell>
                <Table.Cell>{measuredText(row)}</Table.Cell>
              </Table.Row>
            )
          })}
        </Table.Body>
      </Table.Root>
    </ScrollBox>
  )
}

function BarByBar({ track }: { track: Track }) {
  const columns = Object.keys(track.description[0] ?? {})
  return (
    <>
      <Text fontSize="sm" color="fg.muted" mb="3">
        The description that the model {track.champion && <code>{track.champion}</code>} generated,
        from which FIGARO composed the notes.
      </Text>
      <ScrollBox label="The description, bar by bar">
        <Table.Root size="sm" variant="line" stickyHeader>
          <Table.Header>
            <Table.Row bg="bg.panel">
              {columns.map((column) => (
                <Table.ColumnHeader key={column} textTransform="capitalize" whiteSpace="nowrap">
                  {column}
                </Table.ColumnHeader>
              ))}
            </Table.Row>
          </Table.Header>
          <Table.Body>
            {track.description.map((row) => (
              <Table.Row key={row.bar} bg="transparent">
                {columns.map((column) => (
                  <Table.Cell
                    key={column}
                    whiteSpace={column === 'instruments' ? 'normal' : 'nowrap'}
                  >
                    {row[column]}
                  </Table.Cell>
                ))}
              </Table.Row>
            ))}
          </Table.Body>
        </Table.Root>
      </ScrollBox>
    </>
  )
}

function ScrollBox({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    // scrollable content must be reachable by keyboard
    <Box overflow="auto" maxH={`${TABLE_HEIGHT}px`} tabIndex={0} role="region" aria-label={label}>
      {children}
    </Box>
  )
}
