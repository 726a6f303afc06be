// The header of the page, with the switch between dark and light.
import { Box, Flex, IconButton, Link, Text } from '@chakra-ui/react'
import { Moon, Sun } from 'lucide-react'
import mark from '../mark.svg'

interface Props {
  mode: 'light' | 'dark'
  onToggleMode: () => void
}

export function Header({ mode, onToggleMode }: Props) {
  return (
    <Flex as="header" align="center" gap="3" py={{ base: 4, md: 6 }}>
      <img src={mark} alt="" width={36} height={36} />
      <Box flex="1">
        <Text fontFamily="heading" fontWeight="750" fontSize="xl" lineHeight="1">
          emo studio
        </Text>
        <Text fontSize="xs" color="fg.muted">
          music from feelings
        </Text>
      </Box>
      <Link href="/docs" fontSize="sm" color="fg.muted">
        REST API
      </Link>
      <IconButton
        variant="ghost"
        aria-label={mode === 'dark' ? 'Switch to light' : 'Switch to dark'}
        onClick={onToggleMode}
      >
        {mode === 'dark' ? <Sun size={20} aria-hidden /> : <Moon size={20} aria-hidden />}
      </IconButton>
    </Flex>
  )
}
