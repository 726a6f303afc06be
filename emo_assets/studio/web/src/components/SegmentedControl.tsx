// A choice between a few values. These are radio buttons, for keyboards and screen readers.
import { SegmentGroup } from '@chakra-ui/react'

interface Props<Value> {
  choices: { value: Value; label: string }[]
  /** Null if nothing is chosen. */
  value: Value | null
  onChange: (value: Value) => void
  /** The ids of the label and of the explanation. */
  labelledBy: string
  describedBy?: string
}

export function SegmentedControl<Value extends number | string>(props: Props<Value>) {
  const { choices, value, onChange, labelledBy, describedBy } = props
  return (
    <SegmentGroup.Root
      value={value === null ? null : String(value)}
      onValueChange={(details) => {
        const chosen = choices.find((choice) => String(choice.value) === details.value)
        if (chosen) onChange(chosen.value)
      }}
      aria-labelledby={labelledBy}
      aria-describedby={describedBy}
      width="full"
      size="md"
    >
      <SegmentGroup.Indicator bg="accent" />
      {choices.map((choice) => (
        <SegmentGroup.Item
          key={choice.value}
          value={String(choice.value)}
          flex="1"
          minW="0"
          px="0"
          justifyContent="center"
          _checked={{ color: 'bg.panel' }}
        >
          <SegmentGroup.ItemText>{choice.label}</SegmentGroup.ItemText>
          <SegmentGroup.ItemHiddenInput />
        </SegmentGroup.Item>
      ))}
    </SegmentGroup.Root>
  )
}
