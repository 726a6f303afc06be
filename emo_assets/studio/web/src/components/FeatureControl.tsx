// A feature as a slider or a choice, with its description.
import { Box, Flex, Slider, Text } from '@chakra-ui/react'
import type { NumberField, FeatureName } from '../types'
import { CHOICE_HINTS, SLIDER_ENDS, explanation, stepOf, valueText } from '../format'
import { KeyPicker } from './KeyPicker'
import { SegmentedControl } from './SegmentedControl'

interface Props {
  field: NumberField
  value: number
  onChange: (value: number) => void
  /** Text after the value, such as the length of the song in seconds. */
  note?: string
}

export function FeatureControl({ field, value, onChange, note }: Props) {
  if (field.kind === 'number')
    return <FeatureSlider field={field} value={value} onChange={onChange} note={note} />
  return (
    <Box>
      <Flex justify="space-between" align="baseline" mb="2" gap="3">
        <Text as="span" fontWeight="600" id={`label-${field.name}`}>
          {field.title}
        </Text>
        <Text as="span" color="fg.muted" fontSize="sm">
          {hint(field, value)}
        </Text>
      </Flex>
      {field.name === 'key' ? (
        <KeyPicker field={field} value={value} onChange={onChange} />
      ) : (
        <SegmentedControl
          choices={field.choices}
          value={value}
          onChange={onChange}
          labelledBy={`label-${field.name}`}
        />
      )}
      <Explanation field={field} />
    </Box>
  )
}

function FeatureSlider({ field, value, onChange, note }: Props) {
  const ends = SLIDER_ENDS[field.name as FeatureName]
  const text = valueText(field, value)
  return (
    <Box>
      <Slider.Root
        value={[value]}
        min={field.minimum}
        max={field.maximum}
        step={stepOf(field)}
        onValueChange={(details) => onChange(details.value[0] ?? value)}
        getAriaValueText={() => text}
      >
        <Flex justify="space-between" align="baseline" gap="3">
          <Slider.Label fontWeight="600" fontSize="md">
            {field.title}
          </Slider.Label>
          <Text as="span" color="fg.muted" fontSize="sm" fontVariantNumeric="tabular-nums">
            {text}
            {note && ` · ${note}`}
          </Text>
        </Flex>
        <Slider.Control>
          <Slider.Track bg="bg.muted">
            <Slider.Range bg="accent" />
          </Slider.Track>
          <Slider.Thumb index={0} borderColor="accent" bg="bg.panel" boxSize="6">
            <Slider.HiddenInput />
          </Slider.Thumb>
        </Slider.Control>
      </Slider.Root>
      {ends && (
        <Flex justify="space-between" fontSize="xs" color="fg.subtle" mt="1" aria-hidden>
          <span>{ends[0]}</span>
          <span>{ends[1]}</span>
        </Flex>
      )}
      <Explanation field={field} />
    </Box>
  )
}

function Explanation({ field }: { field: NumberField }) {
  return (
    <Text fontSize="xs" color="fg.muted" mt="1" lineHeight="1.4">
      {explanation(field)}
    </Text>
  )
}

function hint(field: NumberField, value: number): string {
  const words = CHOICE_HINTS[field.name as FeatureName]?.[value]
  const text = valueText(field, value)
  return words ? `${text} · ${words}` : text
}
