import type { Call } from '../../../src/contract/api/calls.ts'
import { ERROR_TITLES } from '../../i18n/common.ts'
import { useLanguage } from '../../i18n/text.ts'
import { StatusBadge, type Tone } from '../../ui/status.tsx'

/** 499 is a client that left: nobody's fault. */
export function toneOf(call: Pick<Call, 'status' | 'error_code'>): Tone {
  if (call.status === 499 || call.error_code === 'client_closed') return 'quiet'
  if (call.status < 400 && !call.error_code) return 'good'
  return call.status === 429 || call.status === 402 ? 'warn' : 'bad'
}

export function CallStatus({ call, long = false }: { call: Pick<Call, 'status' | 'error_code'>; long?: boolean }) {
  const language = useLanguage()
  const title = call.error_code ? ERROR_TITLES[call.error_code]?.[language === 'en' ? 0 : 1] : undefined
  return <StatusBadge tone={toneOf(call)} label={long && title ? `${call.status} · ${title}` : String(call.status)} />
}
