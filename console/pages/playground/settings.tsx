import { Button, NumberInput, Stack, Switch, Textarea, Title } from '@mantine/core'
import { useText } from '../../i18n/text.ts'
import { EXAMPLE_TOOLS, type Settings, toolsIn } from './request.ts'
import { PLAYGROUND_TEXT } from './text.ts'

/** What goes with every question; an empty number is the model's own. */
export function SettingsPanel({ settings, onChange }: { settings: Settings; onChange: (settings: Settings) => void }) {
  const t = useText(PLAYGROUND_TEXT)
  const set = (change: Partial<Settings>) => onChange({ ...settings, ...change })
  const number = (name: 'temperature' | 'top_p' | 'max_tokens') => ({
    value: settings[name],
    onChange: (value: string | number) => set({ [name]: typeof value === 'number' ? value : '' }),
    placeholder: t('modelDefault'),
  })
  const { problem } = toolsIn(settings.tools)
  return (
    <aside className="card playground-side" aria-label={t('parameters')}>
      <Stack gap="sm">
        <Title order={2}>{t('parameters')}</Title>
        <Textarea
          label={t('system')}
          autosize
          minRows={3}
          maxRows={8}
          value={settings.system}
          onChange={(event) => set({ system: event.currentTarget.value })}
        />
        <NumberInput label={t('temperature')} min={0} max={2} step={0.1} {...number('temperature')} />
        <NumberInput label={t('topP')} min={0} max={1} step={0.05} {...number('top_p')} />
        <NumberInput label={t('maxTokens')} min={1} step={100} {...number('max_tokens')} />
        <Switch
          label={t('stream')}
          checked={settings.stream}
          onChange={(event) => set({ stream: event.currentTarget.checked })}
        />
        <Textarea
          label={t('tools')}
          description={t('toolsHint')}
          autosize
          minRows={2}
          maxRows={12}
          value={settings.tools}
          onChange={(event) => set({ tools: event.currentTarget.value })}
          error={problem && t('toolsBad', { why: problem })}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 12 } }}
        />
        {!settings.tools && (
          <Button variant="subtle" onClick={() => set({ tools: EXAMPLE_TOOLS })}>
            {t('toolsExample')}
          </Button>
        )}
      </Stack>
    </aside>
  )
}
