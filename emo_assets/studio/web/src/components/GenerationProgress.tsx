// The progress of a song that is queued or being generated.
import { Box, Button, Flex, List, Progress, Text } from '@chakra-ui/react'
import { Check, Loader, X } from 'lucide-react'
import { moodGradient } from '../moodColor'
import type { Status } from '../types'
import { statusText, splitMood, STAGES } from '../format'

interface Props {
  status: Status
  onCancel: () => void
}

export function GenerationProgress({ status, onCancel }: Props) {
  const reached = STAGES.findIndex((each) => each.stage === status.stage)
  return (
    <Box>
      <Text fontFamily="heading" fontWeight="700" fontSize="2xl" mb="1">
        {splitMood(status.request).title}
      </Text>
      <Text aria-live="polite" color="fg.muted" mb="4">
        {statusText(status)} …
      </Text>
      <Progress.Root
        value={Math.round(status.share * 100)}
        aria-label="Progress of the song"
        size="lg"
        mb="5"
      >
        <Progress.Track rounded="full" bg="bg.muted">
          <Progress.Range
            style={{ background: moodGradient(status.request.features) }}
            transition="width .3s"
          />
        </Progress.Track>
      </Progress.Root>
      <List.Root variant="plain" gap="2" mb="5">
        {STAGES.map(({ stage, label }, index) => (
          <List.Item key={stage} display="flex" alignItems="center" gap="3" minH="6">
            <StageIcon index={index} reached={reached} />
            <Text
              as="span"
              color={index === reached ? 'fg' : 'fg.muted'}
              fontWeight={index === reached ? 600 : 400}
            >
              {label}
              {index === reached &&
                stage === 'composing' &&
                ` · ${Math.round(status.stage_share * 100)} %`}
            </Text>
          </List.Item>
        ))}
      </List.Root>
      <Flex>
        <Button variant="outline" rounded="full" onClick={onCancel}>
          <X size={16} aria-hidden /> Cancel
        </Button>
      </Flex>
    </Box>
  )
}

function StageIcon({ index, reached }: { index: number; reached: number }) {
  if (index < reached)
    return <Check size={18} aria-label="done" color="var(--chakra-colors-accent)" />
  if (index === reached)
    return (
      <Box as="span" display="inline-flex" animation="spin 1.6s linear infinite" color="accent">
        <Loader size={18} aria-hidden />
      </Box>
    )
  return <Box as="span" boxSize="2" mx="5px" rounded="full" bg="bg.muted" aria-hidden />
}
