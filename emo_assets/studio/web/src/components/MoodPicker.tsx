// The presets: one click sets all features.
import { Box, Button, SimpleGrid, Text } from '@chakra-ui/react'
import { moodBackground } from '../moodColor'
import type { TrackRequest } from '../types'
import { splitMood } from '../format'

interface Props {
  presets: TrackRequest[]
  chosen: string
  onChoose: (preset: TrackRequest) => void
}

export function MoodPicker({ presets, chosen, onChoose }: Props) {
  return (
    <SimpleGrid
      columns={{ base: 2, sm: 3, lg: 5 }}
      gap={{ base: 2.5, md: 4 }}
      role="group"
      aria-label="Moods"
    >
      {presets.map((preset) => {
        const { title, tagline } = splitMood(preset)
        const isChosen = preset.name === chosen
        return (
          <Button
            key={preset.name}
            aria-pressed={isChosen}
            onClick={() => onChoose(preset)}
            variant="plain"
            height="auto"
            minH={{ base: '104px', md: '136px' }}
            p={{ base: 3.5, md: 4 }}
            rounded="card"
            display="flex"
            flexDirection="column"
            alignItems="flex-start"
            justifyContent="flex-end"
            textAlign="left"
            whiteSpace="normal"
            color="white"
            border="none"
            style={{ background: moodBackground(preset.features) }}
            boxShadow={
              isChosen
                ? '0 0 0 3px var(--chakra-colors-bg), 0 0 0 6px var(--chakra-colors-accent)'
                : 'sm'
            }
            transition="transform .18s, box-shadow .18s"
            _hover={{ transform: 'translateY(-3px)', boxShadow: isChosen ? undefined : 'lg' }}
          >
            <Box>
              <Text
                fontFamily="heading"
                fontWeight="700"
                fontSize={{ base: 'md', md: 'lg' }}
                lineHeight="1.15"
              >
                {title}
              </Text>
              {tagline && (
                <Text mt="1" fontSize="xs" fontWeight="450" lineHeight="1.35">
                  {tagline}
                </Text>
              )}
            </Box>
          </Button>
        )
      })}
    </SimpleGrid>
  )
}
