// A card of the page with its heading.
import { Box, Flex, Heading, Text } from '@chakra-ui/react'
import type { ReactNode } from 'react'

interface Props {
  title: string
  hint?: string
  actions?: ReactNode
  children: ReactNode
}

export function Panel({ title, hint, actions, children }: Props) {
  return (
    <Box
      as="section"
      aria-label={title}
      bg="bg.panel"
      rounded="card"
      borderWidth="1px"
      borderColor="border"
      p={{ base: 4, md: 6 }}
    >
      <Flex justify="space-between" align="center" gap="4" mb="5" wrap="wrap">
        <Box>
          <Heading as="h2" size="xl" fontWeight="750">
            {title}
          </Heading>
          {hint && (
            <Text color="fg.muted" fontSize="sm" mt="1">
              {hint}
            </Text>
          )}
        </Box>
        {actions}
      </Flex>
      {children}
    </Box>
  )
}
