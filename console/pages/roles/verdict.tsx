import { Text } from '@mantine/core'
import type { LaunchPreflight } from '../../../src/contract/api/execution-roles.ts'
import { useText } from '../../i18n/text.ts'
import { CodeBlock } from '../../ui/copy.tsx'
import { Icon } from '../../ui/icons.tsx'
import { stepName } from './launch.tsx'
import { ROLES_TEXT } from './text.ts'

/** The answer first: does it start, and if not, what ECS will say and why. */
export function Verdict({ preflight }: { preflight: LaunchPreflight }) {
  const t = useText(ROLES_TEXT)
  const { ok, failingStep, missingFacts } = preflight
  const tone = !ok ? 'bad' : failingStep || missingFacts.length > 0 ? 'warn' : 'good'
  const words = !ok
    ? t('stops', { step: stepName(t, failingStep ?? '') })
    : failingStep
      ? t('degraded', { step: stepName(t, failingStep) })
      : t(missingFacts.length > 0 ? 'startsIfKnown' : 'starts')
  return (
    <div className={`verdict ${tone}`} role="status">
      <div className="verdict-line">
        <Icon name={ok ? (tone === 'good' ? 'check' : 'warn') : 'cross'} size={22} />
        <span>{words}</span>
      </div>
      {preflight.cause && (
        <Text size="sm" className="verdict-fact">
          {t('cause')}: <b>{t(`cause_${preflight.cause}` as 'cause_iam')}</b>
          {preflight.missingActions.length > 0 && (
            <>
              {' · '}
              {t('missing')}: <b className="mono">{preflight.missingActions.join(', ')}</b>
            </>
          )}
        </Text>
      )}
      {preflight.stoppedReason && (
        <div className="verdict-fact">
          <Text size="xs" c="dimmed" mb={2}>
            {t('shows')}
          </Text>
          <CodeBlock code={preflight.stoppedReason} label={t('shows')} wrap />
          {preflight.otherWordings.length > 0 && (
            <details style={{ fontSize: 13, marginTop: 4 }}>
              <summary className="quiet">{t('otherWordings')}</summary>
              {preflight.otherWordings.map((text) => (
                <div key={text} className="mono quiet" style={{ overflowWrap: 'anywhere', padding: '3px 0' }}>
                  {text}
                </div>
              ))}
            </details>
          )}
        </div>
      )}
      <Notes title={t('unknownFacts')} texts={missingFacts} />
      <Notes title={t('warnings')} texts={preflight.warnings} />
      <Notes title={t('assumptions')} texts={preflight.assumptions} />
    </div>
  )
}

function Notes({ title, texts }: { title: string; texts: readonly string[] }) {
  if (texts.length === 0) return null
  return (
    <div className="verdict-fact" style={{ fontSize: 13 }}>
      <b>{title}:</b> {texts.join(' · ')}
    </div>
  )
}
