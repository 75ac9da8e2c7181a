import { Text } from '@mantine/core'
import { useState } from 'react'
import type { LaunchCall, LaunchPreflight, LaunchStep } from '../../../src/contract/api/execution-roles.ts'
import { type Translate, useText } from '../../i18n/text.ts'
import { Icon, type IconName } from '../../ui/icons.tsx'
import { StatusBadge, type Tone } from '../../ui/status.tsx'
import { ROLES_TEXT } from './text.ts'

type T = Translate<typeof ROLES_TEXT>

export function stepName(t: T, step: string): string {
  const key = `step_${step}`
  return key in ROLES_TEXT ? t(key as 'step_start') : step
}

/** How a step is drawn: what it is by itself, or that the launch never gets there. */
export function stateOf(
  step: LaunchStep,
  reached: boolean,
): { tone: Tone; icon: IconName; word: 'notReached' | 'fails' | LaunchStep['status'] } {
  if (!reached) return { tone: 'quiet', icon: 'minus', word: 'notReached' }
  if (step.failures.length > 0) return { tone: 'bad', icon: 'cross', word: 'fails' }
  if (step.status === 'denied') return { tone: 'bad', icon: 'cross', word: 'denied' }
  if (step.status === 'unknown') return { tone: 'quiet', icon: 'question', word: 'unknown' }
  if (step.status === 'not-needed') return { tone: 'quiet', icon: 'minus', word: 'not-needed' }
  return step.degradations.length > 0
    ? { tone: 'warn', icon: 'warn', word: 'denied' }
    : { tone: 'good', icon: 'check', word: 'allowed' }
}

/** The launch as a row of gates; each says its state by sign and word, and opens to the calls behind it. */
export function LaunchPicture({ preflight }: { preflight: LaunchPreflight }) {
  const t = useText(ROLES_TEXT)
  const shown = preflight.steps.filter((step) => step.status !== 'not-needed')
  const stop = preflight.ok ? -1 : shown.findIndex((step) => step.failures.length > 0)
  const [picked, pick] = useState<string | null>(null)
  const open = shown.find((step) => step.step === (picked ?? preflight.failingStep)) ?? shown[0]
  return (
    <>
      <ol className="gates" aria-label={t('launch')}>
        {shown.map((step, index) => {
          const { tone, icon, word } = stateOf(step, stop < 0 || index <= stop)
          return (
            <li key={step.step} className={`gate-step ${tone}`}>
              <button
                type="button"
                aria-pressed={open === step}
                onClick={() => pick(step.step)}
                className={open === step ? 'gate-button open' : 'gate-button'}
              >
                <span className="gate-mark">
                  <Icon name={icon} size={16} />
                </span>
                <span className="gate-name">{stepName(t, step.step)}</span>
                <span className="gate-word">{t(word)}</span>
              </button>
            </li>
          )
        })}
      </ol>
      {open && <StepCalls step={open} said={preflight.stoppedReason} />}
    </>
  )
}

function StepCalls({ step, said }: { step: LaunchStep; said: string | undefined }) {
  const t = useText(ROLES_TEXT)
  return (
    <div className="card" style={{ padding: '0.6rem 0.9rem' }} aria-live="polite">
      <Text fw={640} size="sm" mb={4}>
        {stepName(t, step.step)} <span className="quiet">· {t('calls', { count: step.calls.length })}</span>
      </Text>
      {step.calls.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('noCalls')}
        </Text>
      )}
      {step.calls.map((call, index) => (
        <div key={index} className="launch-call">
          <StatusBadge
            tone={call.outcome === 'allowed' ? 'good' : call.outcome === 'denied' ? 'bad' : 'quiet'}
            label={t(call.outcome)}
            {...(call.outcome === 'unknown' ? { icon: 'question' as const } : {})}
          />
          <div style={{ minWidth: 0 }}>
            <div>
              <b className="mono">{call.action}</b>{' '}
              <span className="quiet">
                {call.resource !== '*' && (
                  <>
                    {t('on')} <span className="mono">{call.resource}</span>
                  </>
                )}
              </span>
            </div>
            <div className="quiet" style={{ fontSize: 12.5 }}>
              {call.why} · {decision(t, call)}
              {call.missingFacts?.map((fact) => (
                <div key={fact}>{`${t('unknownFacts')}: ${fact}`}</div>
              ))}
            </div>
          </div>
        </div>
      ))}
      {step.failures
        .filter(({ text }) => text !== said)
        .map((failure) => (
          <div key={failure.text} className="bad" style={{ fontSize: 13, marginTop: 6 }}>
            {failure.text}
          </div>
        ))}
    </div>
  )
}

function decision(t: T, call: LaunchCall): string {
  if (call.policy !== undefined && call.sid !== undefined)
    return t('decidedBySid', { sid: call.sid, policy: call.policy })
  if (call.policy !== undefined) return t('decidedBy', { statement: (call.statement ?? 0) + 1, policy: call.policy })
  return call.layer && call.outcome === 'denied'
    ? t('noStatement', { layer: call.layer })
    : (call.reason ?? t(call.outcome))
}
