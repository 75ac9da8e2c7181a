import type { ProviderView, SecretView } from '../../../src/contract/api/providers.ts'
import { useText } from '../../i18n/text.ts'
import { StatusBadge, type Tone } from '../../ui/status.tsx'
import { PROVIDERS_TEXT } from './text.ts'

const TONES: Readonly<Record<ProviderView['status']['state'], Tone>> = {
  healthy: 'good',
  failing: 'bad',
  unused: 'quiet',
  'no-key': 'warn',
  disabled: 'quiet',
}

export function ProviderState({ state }: { state: ProviderView['status']['state'] }) {
  return <StatusBadge tone={TONES[state]} label={useText(PROVIDERS_TEXT)(state)} />
}

/** What may be said about a stored key. */
export function SecretWords({ secret }: { secret: SecretView | null }) {
  const t = useText(PROVIDERS_TEXT)
  if (!secret) return <span className="quiet">{t('keyNone')}</span>
  if (secret.reference && !secret.found)
    return <StatusBadge tone="warn" label={t('keyMissing', { reference: secret.reference })} />
  if (secret.reference) return <span className="mono">{secret.reference}</span>
  return <span>{secret.last4 ? t('keyEnding', { last4: secret.last4 }) : t('keySealed')}</span>
}
