import { Button, Group, Stack, Text, Textarea } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { explainReason, type ReasonExplained } from '../../../src/contract/api/execution-roles.ts'
import { api } from '../../api.ts'
import { useText } from '../../i18n/text.ts'
import { CodeBlock } from '../../ui/copy.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Section } from '../../ui/page.tsx'
import { ErrorState } from '../../ui/states.tsx'
import { REASONS } from './examples.ts'
import { stepName } from './launch.tsx'
import { ROLES_TEXT } from './text.ts'

/** A text of ECS in, its meaning and what mends it out. */
export function ExplainTab() {
  const t = useText(ROLES_TEXT)
  const [text, setText] = useState('')
  const explain = useMutation({ mutationFn: (body: { text: string }) => api(explainReason, { body }) })
  const ask = (asked: string) => {
    setText(asked)
    if (asked.trim()) explain.mutate({ text: asked })
  }
  return (
    <Stack gap="md" maw={920}>
      <Textarea
        label={t('reason')}
        description={t('reasonHint')}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        autosize
        minRows={4}
        maxRows={14}
        spellCheck={false}
        data-page-search
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }}
      />
      <Group gap="xs">
        <Button onClick={() => ask(text)} disabled={!text.trim()} loading={explain.isPending}>
          {t('explainIt')}
        </Button>
        <Text size="sm" c="dimmed" ml="sm">
          {t('examples')}:
        </Text>
        {(Object.keys(REASONS) as (keyof typeof REASONS)[]).map((name) => (
          <Button key={name} variant="subtle" size="compact-sm" onClick={() => ask(REASONS[name])}>
            {t(`re_${name}`)}
          </Button>
        ))}
      </Group>
      {explain.error && (
        <Section>
          <ErrorState error={explain.error} />
        </Section>
      )}
      <div role="status">
        {explain.data?.reasons.map((reason) => (
          <Explained key={reason.text} reason={reason} />
        ))}
      </div>
    </Stack>
  )
}

function Explained({ reason }: { reason: ReasonExplained }) {
  const t = useText(ROLES_TEXT)
  const { denied, fix } = reason
  return (
    <Section
      title={t(`cause_${reason.cause}` as 'cause_iam')}
      note={reason.step && `${t('step')}: ${stepName(t, reason.step)}`}
    >
      <Stack gap="sm">
        <Text size="md">{reason.means}</Text>
        <Facts
          rows={[
            denied !== undefined && [
              t('denied'),
              <span key="d">
                <b className="mono">{denied.action}</b>
                {denied.resource && (
                  <>
                    {' '}
                    {t('on')} <span className="mono">{denied.resource}</span>
                  </>
                )}
              </span>,
            ],
            denied?.principal !== undefined && [
              t('deniedWho'),
              <span key="p" className="mono">
                {denied.principal}
              </span>,
            ],
            [t('fix'), <b key="f">{fix.about}</b>],
            [t('certainty'), t(reason.certainty)],
          ]}
        />
        {fix.statement && (
          <>
            <Text size="sm" fw={600}>
              {t('statement')}
            </Text>
            <CodeBlock code={JSON.stringify(fix.statement, null, 2)} label={t('statement')} />
          </>
        )}
      </Stack>
    </Section>
  )
}
