// A banner that is shown while no songs can be generated.
import { Alert } from '@chakra-ui/react'
import type { ApiError } from '../api'
import type { Health } from '../types'

interface Props {
  health: Health | undefined
  failure: ApiError | null
}

export function HealthBanner({ health, failure }: Props) {
  if (failure) return <Banner title="No connection" detail={failure.message} />
  if (health?.status === 'trouble') {
    return <Banner title="No songs can be made right now" detail={health.reason ?? ''} />
  }
  return null
}

export function Banner({ title, detail }: { title: string; detail: string }) {
  return (
    <Alert.Root status="warning" rounded="xl" mb="4" role="alert">
      <Alert.Indicator />
      <Alert.Content>
        <Alert.Title>{title}</Alert.Title>
        <Alert.Description>{detail}</Alert.Description>
      </Alert.Content>
    </Alert.Root>
  )
}
