import { Alert, Button, Group, Stack, Text, Textarea } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { checkConfiguration, type FileFinding, readSettings } from '../../../src/contract/api/settings.ts'
import { api } from '../../api.ts'
import { useFormat } from '../../i18n/format.ts'
import { useText } from '../../i18n/text.ts'
import { CodeBlock } from '../../ui/copy.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Section } from '../../ui/page.tsx'
import { Loaded, useErrorWords } from '../../ui/states.tsx'
import { SETTINGS_TEXT } from './text.ts'

export function ConfigurationTab() {
  const t = useText(SETTINGS_TEXT)
  const format = useFormat()
  const query = useQuery({ queryKey: ['settings'], queryFn: ({ signal }) => api(readSettings, {}, { signal }) })
  return (
    <Loaded query={query}>
      {(view) => (
        <Stack gap="md">
          {view.refused.length > 0 && (
            <Alert color="red" title={t('refused')} styles={{ message: { color: 'var(--mantine-color-text)' } }}>
              <Findings findings={view.refused} />
            </Alert>
          )}
          <Section
            title={t('yaml')}
            note={
              view.file &&
              t('yamlHint', { path: view.file.path, time: format.absolute(Date.parse(view.file.loaded_at)) })
            }
          >
            {view.file ? (
              <CodeBlock code={view.file.text} label={t('yaml')} maxHeight={460} />
            ) : (
              <Text size="sm" c="dimmed">
                {t('noFile')}
              </Text>
            )}
          </Section>
          <Section title={t('settingsOfProcess')} pad={false}>
            <DataTable
              label={t('settingsOfProcess')}
              rows={view.settings}
              rowKey={(setting) => setting.name}
              columns={[
                { key: 'name', title: t('setting'), render: (setting) => <span className="mono">{setting.name}</span> },
                {
                  key: 'value',
                  title: t('value'),
                  render: (setting) => <span className="mono">{String(setting.value ?? '–')}</span>,
                },
                {
                  key: 'from',
                  title: t('from'),
                  render: (setting) => (
                    <span className={setting.from === 'default' ? 'quiet' : undefined}>{t(setting.from)}</span>
                  ),
                },
              ]}
            />
          </Section>
          {view.environment.length > 0 && (
            <Section title={t('environment')}>
              <Text size="sm" component="div">
                {view.environment.map(({ provider, variable }) => (
                  <div key={provider}>
                    {provider} <span className="mono quiet">{variable}</span>
                  </div>
                ))}
              </Text>
            </Section>
          )}
          <CheckFile />
        </Stack>
      )}
    </Loaded>
  )
}

function CheckFile() {
  const t = useText(SETTINGS_TEXT)
  const words = useErrorWords()
  const [text, setText] = useState('')
  const check = useMutation({ mutationFn: () => api(checkConfiguration, { body: { text } }) })
  return (
    <Section title={t('checkFile')} note={t('checkHint')}>
      <Stack gap="sm">
        <Textarea
          aria-label={t('checkFile')}
          autosize
          minRows={5}
          maxRows={20}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          spellCheck={false}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }}
          placeholder={'providers:\n  - { id: local, type: openai-compatible, base_url: "http://127.0.0.1:9100/v1" }'}
        />
        <Group>
          <Button variant="default" disabled={!text.trim()} loading={check.isPending} onClick={() => check.mutate()}>
            {t('check')}
          </Button>
        </Group>
        {check.error && (
          <Alert color="red" role="alert" title={words(check.error).title}>
            {words(check.error).detail}
          </Alert>
        )}
        {check.data && (
          <Alert
            role="status"
            color={check.data.ok ? 'green' : 'red'}
            styles={{ message: { color: 'var(--mantine-color-text)' } }}
          >
            {check.data.ok ? t('checkOk') : <Findings findings={check.data.findings} />}
          </Alert>
        )}
      </Stack>
    </Section>
  )
}

function Findings({ findings }: { findings: readonly FileFinding[] }) {
  const t = useText(SETTINGS_TEXT)
  return (
    <>
      {findings.map((finding) => (
        <div key={`${finding.line}:${finding.column}:${finding.message}`}>
          <b>{t('at', { line: finding.line, column: finding.column })}</b> <span className="mono">{finding.field}</span>
          : {finding.message}
        </div>
      ))}
    </>
  )
}
