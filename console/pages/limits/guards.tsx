import { Textarea } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { deleteGuard, type GuardView, listGuards, putGuard } from '../../../src/contract/api/rules.ts'
import { Guard } from '../../../src/contract/guard.ts'
import { api, refresh } from '../../api.ts'
import { COMMON } from '../../i18n/common.ts'
import { useText } from '../../i18n/text.ts'
import { Chips } from '../../ui/chips.tsx'
import { FormFrame } from '../../ui/form.tsx'
import { Loaded } from '../../ui/states.tsx'
import { told } from '../../ui/toast.tsx'
import { RuleTable } from './rule-table.tsx'
import { ScopeWords } from './selector.tsx'
import { LIMITS_TEXT } from './text.ts'

const EXAMPLE = {
  name: 'no-cards',
  kind: 'personal_data',
  find: ['card', 'iban', 'secret'],
  action: 'mask',
  on: ['input', 'output'],
}

export function Guards({ opened, onOpen }: { opened: boolean; onOpen: (open: boolean) => void }) {
  const t = useText(LIMITS_TEXT)
  const query = useQuery({
    queryKey: ['guards'],
    queryFn: ({ signal }) => api(listGuards, { query: { limit: 200 } }, { signal }),
  })
  return (
    <Loaded query={query}>
      {({ data }) => (
        <RuleTable<GuardView>
          title={t('guards')}
          note={t('guardsHint')}
          add={t('newGuard')}
          action="guards:Update"
          names={['guards']}
          rows={data}
          opened={opened}
          onOpen={onOpen}
          empty={[t('noGuards'), t('noGuardsHint')]}
          remove={(row) => api(deleteGuard, { params: { name: row.name } }, { version: row.version })}
          renderForm={(row, close) => <GuardForm view={row} onClose={close} />}
          columns={[
            {
              key: 'for',
              title: t('for'),
              wide: true,
              render: ({ guard }) => <ScopeWords selector={guard.for} per={[]} />,
            },
            { key: 'kind', title: t('kind'), render: ({ guard }) => t(guard.kind) },
            { key: 'does', title: t('does'), render: ({ guard }) => <GuardWords guard={guard} /> },
          ]}
        />
      )}
    </Loaded>
  )
}

function GuardWords({ guard }: { guard: Guard }) {
  const t = useText(LIMITS_TEXT)
  if (guard.kind === 'personal_data')
    return (
      <>
        {t(guard.action)} <Chips values={guard.find} most={7} />
      </>
    )
  if (guard.kind === 'patterns') return <>{`${t(guard.action)} · ${guard.words.length + guard.patterns.length}`}</>
  if (guard.kind === 'tools') return <Chips values={guard.allow} />
  if (guard.kind === 'webhook') return <span className="mono">{guard.url}</span>
  return <span className="quiet">–</span>
}

/** A guard as the JSON that `portreeve.yaml` holds: its kinds differ too much for one form. */
function GuardForm({ view, onClose }: { view: GuardView | undefined; onClose: () => void }) {
  const t = useText(LIMITS_TEXT)
  const common = useText(COMMON)
  const [text, setText] = useState(() => JSON.stringify(view?.guard ?? EXAMPLE, null, 2))
  const [problem, setProblem] = useState<string | null>(null)
  const save = useMutation({
    mutationFn: (guard: Guard) =>
      api(putGuard, { params: { name: guard.name }, body: guard }, view ? { version: view.version } : {}),
    onSuccess: (after) => {
      refresh('guards')
      told(t('saved', { name: after.name }))
      onClose()
    },
  })
  return (
    <FormFrame
      onSubmit={(event) => {
        event.preventDefault()
        try {
          const parsed = Guard.safeParse(JSON.parse(text))
          setProblem(
            parsed.success
              ? null
              : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '),
          )
          if (parsed.success) save.mutate(parsed.data)
        } catch (error) {
          setProblem(t('badJson', { why: error instanceof Error ? error.message : String(error) }))
        }
      }}
      onCancel={onClose}
      busy={save.isPending}
      error={save.error}
      action={common('save')}
      onReload={() => refresh('guards')}
    >
      <Textarea
        label={t('guardText')}
        description={t('guardTextHint')}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        error={problem}
        autosize
        minRows={10}
        maxRows={24}
        spellCheck={false}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }}
      />
    </FormFrame>
  )
}
