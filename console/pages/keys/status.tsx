import type { KeyStatus } from '../../../src/contract/api/keys.ts'
import { useText } from '../../i18n/text.ts'
import { StatusBadge } from '../../ui/status.tsx'
import { KEYS_TEXT } from './text.ts'

export function KeyStatusBadge({ status }: { status: KeyStatus }) {
  const t = useText(KEYS_TEXT)
  return <StatusBadge tone={status === 'active' ? 'good' : status === 'expired' ? 'warn' : 'bad'} label={t(status)} />
}
