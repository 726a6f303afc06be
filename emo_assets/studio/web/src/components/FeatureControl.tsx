// A feature as a slider or a choice, with its description.
import { Box, Flex, Slider, Switch, Text, VisuallyHidden } from '@chakra-ui/react'
import type { NumberField, FeatureName } from '../types'
import { CHOICE_HINTS, SLIDER_ENDS, explanation, stepOf, valueText } from '../format'
import { KeyPicker } from './KeyPicker'
import { SegmentedControl } from './SegmentedControl'

/** In place of the value of a feature that is left to the feeling. */
const OPEN = 'follows the feeling'

interface Props {
  field: NumberField
  value: number
  onChange: (value: number) => void
  /** Text after the value, such as the length of the song in seconds. */
  note?: string
  /** Whether the feature follows the feeling instead of its value. */
  isOpen?: boolean
  /** Called when it is left to the feeling, or set to its value again; missing if it cannot be. */
  onOpen?: (isOpen: boolean) => void
}

export function FeatureControl(props: Props) {
  const { field, value, onChange, isOpen = false } = props
  if (field.kind === 'number') return <FeatureSlider {...props} />
  return (
    <Box>
      <Flex justify="space-between" align="baseline" mb="2" gap="3">
        <Text as="span" fontWeight="600" id={`label-${field.name}`}>
          {field.title}
        </Text>
        <Text as="span" color="fg.muted" fontSize="sm">
          {isOpen ? OPEN : hint(field, value)}
        </Text>
      </Flex>
      {field.name === 'key' ? (
        <KeyPicker field={field} value={value} onChange={onChange} />
      ) : (
        <SegmentedControl
          choices={field.choices}
          value={isOpen ? null : value}
          onChange={onChange}
          labelledBy={`label-${field.name}`}
        />
      )}
      <Explanation field={field} />
      <OpenSwitch {...props} />
    </Box>
  )
}

function FeatureSlider(props: Props) {
  const { field, value, onChange, note, isOpen = false } = props
  const ends = SLIDER_ENDS[field.name as FeatureName]
  const text = isOpen ? OPEN : valueText(field, value)
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
            <Slider.Range bg={isOpen ? 'transparent' : 'accent'} />
          </Slider.Track>
          <Slider.Thumb
            index={0}
            borderColor={isOpen ? 'border.emphasized' : 'accent'}
            bg="bg.panel"
            boxSize="6"
          >
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
      <OpenSwitch {...props} />
    </Box>
  )
}

function OpenSwitch({ field, isOpen = false, onOpen }: Props) {
  if (!onOpen) return null
  return (
    <Switch.Root
      size="sm"
      mt="2"
      colorPalette="purple"
      checked={isOpen}
      onCheckedChange={(details) => onOpen(details.checked)}
    >
      <Switch.HiddenInput />
      <Switch.Control />
      <Switch.Label>
        <VisuallyHidden>{field.title}: </VisuallyHidden>Follow happiness and energy
      </Switch.Label>
    </Switch.Root>
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
