// The key, chosen on an octave of piano keys. These are radio buttons, for keyboards and screen readers.
import { Box, chakra } from '@chakra-ui/react'
import type { NumberField } from '../types'

const BLACK = new Set([1, 3, 6, 8, 10])
const WHITE_WIDTH = 100 / 7

interface Props {
  field: NumberField
  value: number
  onChange: (value: number) => void
}

export function KeyPicker({ field, value, onChange }: Props) {
  let whites = 0
  const places = field.choices.map((choice) => {
    const isBlack = BLACK.has(choice.value)
    const left = isBlack ? whites * WHITE_WIDTH - WHITE_WIDTH * 0.31 : whites * WHITE_WIDTH
    if (!isBlack) whites += 1
    return { ...choice, isBlack, left }
  })
  return (
    <Box
      role="radiogroup"
      aria-labelledby={`label-${field.name}`}
      position="relative"
      height="84px"
    >
      {places.map((key) => (
        <chakra.label
          key={key.value}
          position="absolute"
          top="0"
          left={`${key.left}%`}
          width={`${key.isBlack ? WHITE_WIDTH * 0.62 : WHITE_WIDTH}%`}
          height={key.isBlack ? '52px' : '84px'}
          zIndex={key.isBlack ? 1 : 0}
          display="flex"
          alignItems="flex-end"
          justifyContent="center"
          pb="1.5"
          fontSize={key.isBlack ? '2xs' : 'xs'}
          fontWeight="600"
          cursor="pointer"
          borderWidth="1px"
          borderColor={key.isBlack ? '#15101d' : '#cfc5d8'}
          roundedBottom="md"
          bg={key.isBlack ? '#2a2333' : '#fffdf9'}
          color={key.isBlack ? '#efe9f6' : '#3b3346'}
          _hover={{ filter: 'brightness(0.94)' }}
          css={{
            '&:has(input:checked)': {
              background: '#6d2bb8',
              color: '#fff',
              borderColor: '#6d2bb8',
            },
            '&:has(input:focus-visible)': {
              outline: '3px solid var(--chakra-colors-focus)',
              zIndex: 2,
            },
          }}
        >
          <input
            type="radio"
            name={`choice-${field.name}`}
            value={key.value}
            checked={key.value === value}
            onChange={() => onChange(key.value)}
            style={{ position: 'absolute', opacity: 0, width: '1px', height: '1px' }}
          />
          {key.label}
        </chakra.label>
      ))}
    </Box>
  )
}
