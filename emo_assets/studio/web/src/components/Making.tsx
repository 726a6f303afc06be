// A song in the making: what is being done, how far it is, and how to call it off.
import { Box, Button, Flex, List, Progress, Text } from '@chakra-ui/react'
import { Check, Loader, X } from 'lucide-react'
import { feelingGround } from '../feeling'
import type { Status } from '../types'
import { happening, moodParts, STAGES } from '../words'

interface Props {
  status: Status
  onCancel: () => void
}

export function Making({ status, onCancel }: Props) {
  const reached = STAGES.findIndex((each) => each.stage === status.stage)
  return (
    <Box>
      <Text fontFamily="heading" fontWeight="700" fontSize="2xl" mb="1">
        {moodParts(status.request).title}
      </Text>
      <Text aria-live="polite" color="fg.muted" mb="4">
        {happening(status)} …
      </Text>
      <Progress.Root
        value={Math.round(status.share * 100)}
        aria-label="How far the song is"
        size="lg"
        mb="5"
      >
        <Progress.Track rounded="full" bg="bg.muted">
          <Progress.Range
            style={{ background: feelingGround(status.request.features) }}
            transition="width .3s"
          />
        </Progress.Track>
      </Progress.Root>
      <List.Root variant="plain" gap="2" mb="5">
        {STAGES.map(({ stage, doing }, place) => (
          <List.Item key={stage} display="flex" alignItems="center" gap="3" minH="6">
            <StageMark place={place} reached={reached} />
            <Text
              as="span"
              color={place === reached ? 'fg' : 'fg.muted'}
              fontWeight={place === reached ? 600 : 400}
            >
              {doing}
              {place === reached &&
                stage === 'composing' &&
                ` · ${Math.round(status.stage_share * 100)} %`}
            </Text>
          </List.Item>
        ))}
      </List.Root>
      <Flex>
        <Button variant="outline" rounded="full" onClick={onCancel}>
          <X size={16} aria-hidden /> Call it off
        </Button>
      </Flex>
    </Box>
  )
}

function StageMark({ place, reached }: { place: number; reached: number }) {
  if (place < reached)
    return <Check size={18} aria-label="done" color="var(--chakra-colors-accent)" />
  if (place === reached)
    return (
      <Box as="span" display="inline-flex" animation="spin 1.6s linear infinite" color="accent">
        <Loader size={18} aria-hidden />
      </Box>
    )
  return <Box as="span" boxSize="2" mx="5px" rounded="full" bg="bg.muted" aria-hidden />
}
