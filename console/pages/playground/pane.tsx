import { ActionIcon, Button, Group, Modal, Select, Tabs, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { getCall } from '../../../src/contract/api/calls.ts'
import { api, useGatewayOrigin } from '../../api.ts'
import { useFormat } from '../../i18n/format.ts'
import { useText } from '../../i18n/text.ts'
import { CodeBlock } from '../../ui/copy.tsx'
import { Icon } from '../../ui/icons.tsx'
import { TextLink } from '../../ui/link.tsx'
import { useModelNames } from '../../ui/model-names.ts'
import { Markdown } from '../../ui/markdown.tsx'
import { StatusBadge } from '../../ui/status.tsx'
import { Money } from '../../ui/values.tsx'
import { asCode } from './code.ts'
import { bodyFor, type Settings, type Turn } from './request.ts'
import type { Answer } from './stream.ts'
import { PLAYGROUND_TEXT } from './text.ts'

/** One model's side of the conversation. */
export function Pane({
  pane,
  turns,
  settings,
  draft,
  onModel,
  onRemove,
}: {
  pane: { id: string; model: string }
  turns: readonly Turn[]
  settings: Settings
  /** What is being written now: the code shows the request that it would make. */
  draft: Turn
  onModel: (model: string) => void
  onRemove?: () => void
}) {
  const t = useText(PLAYGROUND_TEXT)
  const [coding, code] = useDisclosure(false)
  const [typed, type] = useState('')
  const names = useModelNames(typed === pane.model ? '' : typed)
  const known = pane.model && !names.includes(pane.model) ? [pane.model, ...names] : names
  return (
    <section className="card pane" aria-label={pane.model || t('chooseModel')}>
      <Group gap={4} wrap="nowrap" p="xs" style={{ borderBottom: '1px solid var(--portreeve-line)' }}>
        <Select
          aria-label={t('chooseModel')}
          placeholder={t('chooseModel')}
          data={known}
          value={pane.model || null}
          onChange={(value) => onModel(value ?? '')}
          searchable
          searchValue={typed}
          onSearchChange={type}
          filter={({ options }) => options}
          style={{ flex: 1 }}
        />
        <Button variant="subtle" size="compact-sm" onClick={code.open} disabled={!pane.model}>
          {t('code')}
        </Button>
        {onRemove && (
          <ActionIcon aria-label={t('removeModel', { model: pane.model || '–' })} onClick={onRemove}>
            <Icon name="cross" />
          </ActionIcon>
        )}
      </Group>
      <div
        className="pane-turns"
        role="log"
        aria-live="polite"
        aria-busy={turns.at(-1)?.answers[pane.id]?.running ?? false}
      >
        {turns.map((turn, index) => {
          const answer = turn.answers[pane.id]
          return (
            <div key={index}>
              <div className="said">
                <Text size="xs" c="dimmed">
                  {t('you')}
                </Text>
                {turn.images.map((image) => (
                  <img key={image.slice(-40)} src={image} alt="" style={{ maxHeight: 120, borderRadius: 6 }} />
                ))}
                <div style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{turn.prompt}</div>
              </div>
              {answer && <AnswerView answer={answer} />}
            </div>
          )
        })}
      </div>
      <Modal opened={coding} onClose={code.close} title={t('codeTitle')} size="xl">
        <CodeTabs body={bodyFor(pane.model, pane.id, turns.length || !draft.prompt ? turns : [draft], settings)} />
      </Modal>
    </section>
  )
}

function CodeTabs({ body }: { body: Record<string, unknown> }) {
  const t = useText(PLAYGROUND_TEXT)
  const code = asCode(useGatewayOrigin(), body)
  return (
    <Tabs defaultValue="curl">
      <Tabs.List mb="sm">
        <Tabs.Tab value="curl">curl</Tabs.Tab>
        <Tabs.Tab value="python">Python</Tabs.Tab>
        <Tabs.Tab value="typescript">TypeScript</Tabs.Tab>
      </Tabs.List>
      {(['curl', 'python', 'typescript'] as const).map((name) => (
        <Tabs.Panel key={name} value={name}>
          <CodeBlock code={code[name]} label={t('codeTitle')} maxHeight={480} />
        </Tabs.Panel>
      ))}
    </Tabs>
  )
}

function AnswerView({ answer }: { answer: Answer }) {
  const t = useText(PLAYGROUND_TEXT)
  const format = useFormat()
  return (
    <div className="answered">
      {answer.reasoning && (
        <details>
          <summary className="quiet">{t('thinking')}</summary>
          <div className="quiet" style={{ whiteSpace: 'pre-wrap', fontSize: 13 }}>
            {answer.reasoning}
          </div>
        </details>
      )}
      {answer.text && <Markdown text={answer.text} />}
      {answer.tools.map((call, index) => (
        <div key={index} style={{ marginTop: 8 }}>
          <Text size="sm" fw={600}>
            <Icon name="tool" size={13} /> {t('toolCall', { name: call.name })}
          </Text>
          <CodeBlock code={call.arguments} label={call.name} wrap />
        </div>
      ))}
      {answer.error && (
        <div role="alert" style={{ marginTop: 6 }}>
          <StatusBadge tone="bad" label={t('failed')} />
          <div>{answer.error}</div>
        </div>
      )}
      <div className="answer-facts quiet">
        {answer.running && <span className="lamp pulse" aria-hidden="true" />}
        {answer.firstMs !== null && (
          <span>
            {t('firstToken')} {format.duration(answer.firstMs)}
          </span>
        )}
        {answer.totalMs !== null && (
          <span>
            {t('total')} {format.duration(answer.totalMs)}
          </span>
        )}
        {answer.finish === 'length' && <span className="warn">{t('cut')}</span>}
        {answer.finish === 'stopped' && <span className="warn">{t('stopped')}</span>}
        {answer.requestId && !answer.running && <AnswerRecord id={answer.requestId} />}
      </div>
    </div>
  )
}

/** The gateway's own record of the answer; it is written a moment after the answer ends. */
function AnswerRecord({ id }: { id: string }) {
  const t = useText(PLAYGROUND_TEXT)
  const format = useFormat()
  const { data } = useQuery({
    queryKey: ['call', id],
    queryFn: ({ signal }) => api(getCall, { params: { id } }, { signal }),
    retry: 8,
    retryDelay: 400,
  })
  return (
    <>
      {data?.usage && (
        <span>
          {t('tokens', {
            input: format.number(data.usage.input + data.usage.cache_read),
            output: format.number(data.usage.output + data.usage.reasoning),
          })}
        </span>
      )}
      {data && (
        <span>
          {t('cost')} <Money micros={data.cost_micros} />
        </span>
      )}
      <TextLink to="/calls" search={{ id }} fz="xs">
        {t('record')}
      </TextLink>
    </>
  )
}
