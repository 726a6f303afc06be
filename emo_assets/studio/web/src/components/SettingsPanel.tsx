// All settings of a song: features, title, length, seed and strictness.
import {
  Box,
  Button,
  Field,
  Flex,
  Heading,
  Input,
  NumberInput,
  SimpleGrid,
  Switch,
  Text,
  chakra,
} from '@chakra-ui/react'
import { Dices } from 'lucide-react'
import type { Dispatch } from 'react'
import { type Change, newSeed, type Settings } from '../settings'
import type { FeatureName, FormSchema } from '../types'
import { duration, expectedSeconds, moodTitle, labelOf, STRICTNESS_HINTS } from '../format'
import { FeatureControl } from './FeatureControl'
import { Panel } from './Panel'
import { SegmentedControl } from './SegmentedControl'

const GROUPS: { title: string; names: FeatureName[] }[] = [
  { title: 'The feeling', names: ['valence', 'energy', 'danceability', 'loudness'] },
  { title: 'The sound', names: ['acousticness', 'instrumentalness'] },
  { title: 'The music', names: ['tempo', 'mode', 'key', 'time_signature'] },
]
const LONGEST_OFFERED = 64

interface Props {
  schema: FormSchema
  settings: Settings
  onChange: Dispatch<Change>
}

export function SettingsPanel({ schema, settings, onChange }: Props) {
  const { features, open, bars } = settings
  return (
    <Panel title="Tune it" hint="Every setting is optional.">
      {GROUPS.map((group) => (
        <Box key={group.title} mb="8">
          <GroupTitle>{group.title}</GroupTitle>
          <SimpleGrid columns={{ base: 1, md: 2 }} columnGap="8" rowGap="6">
            {schema.features
              .filter((field) => group.names.includes(field.name))
              .sort((one, other) => group.names.indexOf(one.name) - group.names.indexOf(other.name))
              .map((field) => (
                <FeatureControl
                  key={field.name}
                  field={field}
                  value={features[field.name]}
                  onChange={(value) => onChange({ kind: 'feature', name: field.name, value })}
                  isOpen={field.is_open && open.includes(field.name)}
                  onOpen={
                    field.is_open
                      ? (value) => onChange({ kind: 'open', name: field.name, value })
                      : undefined
                  }
                />
              ))}
          </SimpleGrid>
        </Box>
      ))}
      <GroupTitle>The song</GroupTitle>
      <Field.Root mb="6">
        <Field.Label fontWeight="600">What to call it</Field.Label>
        <Input
          value={settings.title}
          maxLength={80}
          placeholder={moodTitle(features)}
          onChange={(event) => onChange({ kind: 'title', value: event.target.value })}
        />
      </Field.Root>
      <SimpleGrid columns={{ base: 1, md: 2 }} columnGap="8" rowGap="6">
        <FeatureControl
          field={{
            ...schema.bars,
            description: 'How long the song is. A longer one takes longer to make.',
            maximum: Math.max(Math.min(schema.bars.maximum, LONGEST_OFFERED), bars),
          }}
          value={bars}
          onChange={(value) => onChange({ kind: 'bars', value })}
          note={`about ${duration(expectedSeconds(features, bars))}`}
        />
        <SeedField schema={schema} settings={settings} onChange={onChange} />
      </SimpleGrid>
      <StrictnessField schema={schema} settings={settings} onChange={onChange} />
    </Panel>
  )
}

function SeedField({ schema, settings, onChange }: Props) {
  return (
    <Box>
      <Flex justify="space-between" align="center" gap="3" mb="1.5">
        <chakra.label htmlFor="seed" fontWeight="600">
          Seed
        </chakra.label>
        <Switch.Root
          size="sm"
          colorPalette="purple"
          checked={settings.isNewEachTime}
          onCheckedChange={(details) => onChange({ kind: 'newEachTime', value: details.checked })}
        >
          <Switch.HiddenInput />
          <Switch.Control />
          <Switch.Label>A new one each time</Switch.Label>
        </Switch.Root>
      </Flex>
      <Flex gap="2">
        <NumberInput.Root
          flex="1"
          ids={{ input: 'seed' }}
          min={schema.seed.minimum}
          max={schema.seed.maximum}
          formatOptions={{ useGrouping: false }}
          value={String(settings.seed)}
          disabled={settings.isNewEachTime}
          onValueChange={({ valueAsNumber }) => {
            if (Number.isInteger(valueAsNumber)) onChange({ kind: 'seed', value: valueAsNumber })
          }}
        >
          <NumberInput.Input aria-describedby="seed-explained" />
        </NumberInput.Root>
        <Button
          variant="outline"
          aria-label="Roll another seed"
          disabled={settings.isNewEachTime}
          onClick={() => onChange({ kind: 'seed', value: newSeed() })}
        >
          <Dices size={18} aria-hidden />
        </Button>
      </Flex>
      <Text id="seed-explained" fontSize="xs" color="fg.muted" mt="1">
        The same settings with the same seed give the same song again.
      </Text>
    </Box>
  )
}

function StrictnessField({ schema: { strictness: field }, settings, onChange }: Props) {
  const chosen = settings.strictness
  return (
    <Box mt="6">
      <Flex justify="space-between" align="baseline" mb="2" gap="3">
        <Text as="span" fontWeight="600" id={`label-${field.name}`}>
          {field.title}
        </Text>
        <Text as="span" color="fg.muted" fontSize="sm">
          {labelOf(field.choices, chosen)} · {STRICTNESS_HINTS[chosen]}
        </Text>
      </Flex>
      <SegmentedControl
        choices={field.choices}
        value={chosen}
        onChange={(value) => onChange({ kind: 'strictness', value })}
        labelledBy={`label-${field.name}`}
        describedBy={`explained-${field.name}`}
      />
      <Text id={`explained-${field.name}`} fontSize="xs" color="fg.muted" mt="1" lineHeight="1.4">
        {field.description}
      </Text>
    </Box>
  )
}

function GroupTitle({ children }: { children: string }) {
  return (
    <Heading as="h3" size="sm" color="accent" mb="4" fontWeight="700">
      {children}
    </Heading>
  )
}
