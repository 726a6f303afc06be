// Details of a song: requested and heard features, and the description bar by bar.
import { Box, Table, Tabs, Text } from '@chakra-ui/react'
import { useQuery } from '@tanstack/react-query'
import { getTrack } from '../api'
import type { Comparison, FeatureField, FormSchema, Track } from '../types'
import { aimedAtText, comparedText, rangeText, valueText } from '../format'

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
        <Tabs.Trigger value="features">Requested and heard</Tabs.Trigger>
        <Tabs.Trigger value="bars">Bar by bar</Tabs.Trigger>
      </Tabs.List>
      <Tabs.Content value="features">
        <RequestedAndHeard track={track} schema={schema} />
      </Tabs.Content>
      <Tabs.Content value="bars">
        <BarByBar track={track} />
      </Tabs.Content>
    </Tabs.Root>
  )
}

function RequestedAndHeard({ track, schema }: { track: Track; schema: FormSchema }) {
  return (
    <ScrollBox label="Requested and heard features">
      <Table.Root size="sm" variant="line">
        <Table.Caption
          captionSide="top"
          textAlign="start"
          fontSize="xs"
          color="fg.muted"
          mt="0"
          mb="2"
        >
          A bar is where two of three songs that sound like this one lie. The dot is what is heard,
          the line your request.
        </Table.Caption>
        <Table.Header>
          <Table.Row bg="transparent">
            <Table.ColumnHeader>Feature</Table.ColumnHeader>
            <Table.ColumnHeader>Requested</Table.ColumnHeader>
            <Table.ColumnHeader>Heard</Table.ColumnHeader>
            <Table.ColumnHeader>Heard by</Table.ColumnHeader>
          </Table.Row>
        </Table.Header>
        <Table.Body>
          {track.asked_and_measured.map((row) => {
            const field = schema.features.find((each) => each.name === row.name)
            return field && <ComparisonRow key={row.name} row={row} field={field} />
          })}
        </Table.Body>
      </Table.Root>
    </ScrollBox>
  )
}

function ComparisonRow({ row, field }: { row: Comparison; field: FeatureField }) {
  const target = aimedAtText(field, row)
  const range = rangeText(field, row)
  return (
    <Table.Row bg="transparent">
      <Table.Cell fontWeight="600">{field.title}</Table.Cell>
      <Table.Cell whiteSpace="nowrap">
        {typeof row.asked === 'number' ? valueText(field, row.asked) : row.asked}
        {target && <Note>aimed at {target}</Note>}
      </Table.Cell>
      <Table.Cell whiteSpace="nowrap">
        {comparedText(field, row.heard)}
        {range && (
          <>
            <Text as="span" fontSize="xs" color="fg.muted">
              {' '}
              ({range})
            </Text>
            <RangeBar row={row} field={field} />
          </>
        )}
      </Table.Cell>
      <Table.Cell fontSize="xs" color="fg.muted">
        {row.heard_by}
      </Table.Cell>
    </Table.Row>
  )
}

/** The range of what is heard as a bar over all values of the feature; the cell has the same as text. */
function RangeBar({ row, field }: { row: Comparison; field: FeatureField }) {
  const place = (value: number | string | null) =>
    (100 * (Number(value) - field.minimum)) / (field.maximum - field.minimum)
  const [low, high] = [place(row.low), place(row.high)]
  return (
    <Box
      position="relative"
      height="2"
      width="140px"
      mt="1"
      rounded="full"
      bg="bg.muted"
      aria-hidden
    >
      <Box
        position="absolute"
        insetY="0"
        left={`${low}%`}
        width={`${high - low}%`}
        rounded="full"
        bg="accent"
        opacity="0.35"
      />
      <Box
        position="absolute"
        top="0"
        boxSize="2"
        ml="-1"
        left={`${place(row.heard)}%`}
        rounded="full"
        bg="accent"
      />
      <Box
        position="absolute"
        top="-1"
        width="2px"
        height="4"
        ml="-1px"
        left={`${place(row.asked)}%`}
        bg="fg"
      />
    </Box>
  )
}

function Note({ children }: { children: React.ReactNode }) {
  return (
    <Text fontSize="xs" color="fg.muted">
      {children}
    </Text>
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
