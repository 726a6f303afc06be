// A spinner with a text for screen readers.
import { Center, Spinner, VisuallyHidden } from '@chakra-ui/react'

export function Loading({ what }: { what: string }) {
  return (
    <Center py="16" role="status">
      <Spinner size="xl" aria-hidden />
      <VisuallyHidden>Loading {what}</VisuallyHidden>
    </Center>
  )
}
