import { Button, Group, Stack, Tabs, Text } from '@mantine/core'
import type { RouteResult } from '../../../src/contract/route.ts'
import type { deriveRole } from '../../../src/contract/api/execution-roles.ts'
import { useText } from '../../i18n/text.ts'
import { CodeBlock } from '../../ui/copy.tsx'
import { DiffView } from '../../ui/diff-view.tsx'
import { Icon } from '../../ui/icons.tsx'
import { comparable } from './compare.ts'
import { ROLES_TEXT } from './text.ts'

const FORMATS = [
  ['json', 'JSON', 'execution-role.json'],
  ['cloudformation', 'CloudFormation', 'execution-role.yaml'],
  ['terraform', 'Terraform', 'execution-role.tf'],
  ['cdk', 'CDK', 'execution-role.ts'],
] as const

/** The least role: beside the present one as a difference, why each statement is there, and as files. */
export function LeastRole({ derived, role }: { derived: RouteResult<typeof deriveRole>; role: string }) {
  const t = useText(ROLES_TEXT)
  const [before, after] = [comparable(role), comparable(derived.json)]
  return (
    <Stack gap="md">
      {before !== null &&
        after !== null &&
        (before === after ? (
          <Text size="sm" className="good">
            {t('same')}
          </Text>
        ) : (
          <div>
            <Text size="sm" mb={4}>
              <span className="bad">− {t('present')}</span> <span className="good">+ {t('derived')}</span>
            </Text>
            <DiffView before={before} after={after} label={t('leastHint')} />
          </div>
        ))}
      <div>
        <Text fw={600} size="sm" mb={4}>
          {t('why')}
        </Text>
        <dl className="facts">
          {derived.reasons.map(({ sid, why }) => (
            <div key={sid}>
              <dt className="mono">{sid}</dt>
              <dd>{why.join('; ')}</dd>
            </div>
          ))}
        </dl>
      </div>
      <Tabs defaultValue="json" keepMounted={false}>
        <Tabs.List mb="xs" aria-label={t('download')}>
          {FORMATS.map(([key, label]) => (
            <Tabs.Tab key={key} value={key}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {FORMATS.map(([key, , file]) => (
          <Tabs.Panel key={key} value={key}>
            <CodeBlock code={derived[key]} label={file} maxHeight={420} />
            <Group justify="flex-end" mt="xs">
              <Button variant="default" leftSection={<Icon name="download" />} onClick={() => save(file, derived[key])}>
                {t('downloadAs', { name: file })}
              </Button>
            </Group>
          </Tabs.Panel>
        ))}
      </Tabs>
      {derived.notes.length > 0 && (
        <Text size="xs" c="dimmed">
          {derived.notes.join(' ')}
        </Text>
      )}
    </Stack>
  )
}

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
  const link = Object.assign(document.createElement('a'), { href: url, download: name })
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 1000)
}
