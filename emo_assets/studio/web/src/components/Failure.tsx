// A failed or cancelled song: the reason, and a button to try again.
import { Alert, Button, Flex, Text } from '@chakra-ui/react'
import { RotateCcw } from 'lucide-react'
import type { Status } from '../types'
import { statusText, splitMood } from '../format'

interface Props {
  status: Status
  onAgain: () => void
}

export function Failure({ status, onAgain }: Props) {
  const isFailed = status.status === 'failed'
  return (
    <Alert.Root status={isFailed ? 'error' : 'info'} rounded="xl" alignItems="flex-start">
      <Alert.Indicator />
      <Alert.Content>
        <Alert.Title>{statusText(status)}</Alert.Title>
        <Alert.Description>
          <Text mb="2">{splitMood(status.request).title}</Text>
          {status.reason && <Text mb="3">{status.reason}</Text>}
          <Flex>
            <Button size="sm" variant="outline" rounded="full" onClick={onAgain}>
              <RotateCcw size={15} aria-hidden /> Try again
            </Button>
          </Flex>
        </Alert.Description>
      </Alert.Content>
    </Alert.Root>
  )
}
