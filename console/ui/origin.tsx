import { Alert } from '@mantine/core'
import type { Origin } from '../../src/contract/api/shared.ts'
import { ORIGIN_TEXT } from '../i18n/origin.ts'
import { useText } from '../i18n/text.ts'
import { Icon } from './icons.tsx'

export function OriginWord({ origin }: { origin: Origin }) {
  return <span className="quiet">{useText(ORIGIN_TEXT)(origin)}</span>
}

/** Says why a thing cannot be changed here and where it can. */
export function ReadOnlyNote({ origin }: { origin: Origin }) {
  const t = useText(ORIGIN_TEXT)
  if (origin === 'database') return null
  const key = origin === 'file' ? 'readOnlyFile' : origin === 'environment' ? 'readOnlyEnvironment' : 'readOnlyBuiltIn'
  return (
    <Alert color="gray" variant="light" icon={<Icon name="info" />} p="xs" mb="md">
      {t(key)}
    </Alert>
  )
}
