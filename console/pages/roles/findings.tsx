import { Anchor, SimpleGrid, Stack, Text } from '@mantine/core'
import { useRef, useState } from 'react'
import type { RoleFinding } from '../../../src/contract/api/execution-roles.ts'
import { useText } from '../../i18n/text.ts'
import { Icon } from '../../ui/icons.tsx'
import { StatusBadge } from '../../ui/status.tsx'
import { ROLES_TEXT } from './text.ts'

const TONES = { error: 'bad', warning: 'warn', info: 'quiet' } as const
const ICONS = { error: 'cross', warning: 'warn', info: 'info' } as const

/** The role's text with a mark at each line that has a finding, and the findings beside it. */
export function Findings({ text, findings }: { text: string; findings: readonly RoleFinding[] }) {
  const t = useText(ROLES_TEXT)
  const [line, setLine] = useState<number | null>(null)
  const code = useRef<HTMLDivElement>(null)
  if (findings.length === 0)
    return (
      <Text size="sm" className="good">
        {t('noFindings')}
      </Text>
    )
  const worst = new Map<number, RoleFinding['severity']>()
  for (const { line, severity } of findings) {
    const known = line === null ? undefined : worst.get(line)
    if (line !== null && (known === undefined || known === 'info' || severity === 'error')) worst.set(line, severity)
  }
  const show = (at: number | null) => {
    setLine(at)
    code.current?.querySelector(`[data-line="${at}"]`)?.scrollIntoView({ block: 'center' })
  }
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
      <div className="code-block" ref={code}>
        <pre tabIndex={0} role="region" aria-label={t('role')} style={{ padding: '0.5rem 0', maxHeight: 560 }}>
          {text.split('\n').map((each, index) => {
            const severity = worst.get(index + 1)
            return (
              <div
                key={index}
                data-line={index + 1}
                className={`diff-line ${severity ? `found-${severity}` : ''} ${line === index + 1 ? 'found-open' : ''}`}
              >
                <span className="diff-number">{index + 1}</span>
                <span className={`diff-sign ${severity ? TONES[severity] : ''}`}>
                  {severity && <Icon name={ICONS[severity]} size={12} />}
                </span>
                {each}
              </div>
            )
          })}
        </pre>
      </div>
      <Stack
        gap="xs"
        style={{ maxHeight: 560, overflow: 'auto' }}
        tabIndex={0}
        role="region"
        aria-label={t('findings')}
      >
        {findings.map((finding, index) => (
          <div key={index} className="card" style={{ padding: '0.55rem 0.8rem', fontSize: 13.5 }}>
            <div style={{ display: 'flex', gap: 10, alignItems: 'center', flexWrap: 'wrap' }}>
              <StatusBadge
                tone={TONES[finding.severity]}
                icon={ICONS[finding.severity]}
                label={t(`severity_${finding.severity}`)}
              />
              <span className="mono quiet">{finding.id}</span>
              {finding.line !== null && (
                <button
                  type="button"
                  className="plain-button"
                  style={{ marginLeft: 'auto' }}
                  onClick={() => show(finding.line)}
                >
                  {t('line', { line: finding.line })}
                </button>
              )}
            </div>
            <div>{finding.reason}</div>
            <div>
              <b>{t('remedy')}:</b> {finding.remedy}{' '}
              {finding.link && (
                <Anchor href={finding.link} target="_blank" rel="noopener noreferrer" size="sm">
                  {t('docs')}
                </Anchor>
              )}
            </div>
          </div>
        ))}
      </Stack>
    </SimpleGrid>
  )
}
