import { Stack, Text } from '@mantine/core'
import type { LaunchPreflight } from '../../../src/contract/api/execution-roles.ts'
import { useText } from '../../i18n/text.ts'
import { CodeBlock } from '../../ui/copy.tsx'
import { ROLES_TEXT } from './text.ts'

/** What to change, in words, and the statements to add. */
export function Mend({ patch }: { patch: LaunchPreflight['patch'] }) {
  const t = useText(ROLES_TEXT)
  if (patch.changes.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t('nothingToMend')}
      </Text>
    )
  return (
    <Stack gap="sm">
      <ul style={{ margin: 0, paddingLeft: 18, fontSize: 13.5 }}>
        {patch.changes.map((change) => (
          <li key={`${change.target} ${change.about}`}>{change.about}</li>
        ))}
      </ul>
      {patch.executionRole && (
        <>
          <Text size="sm" fw={600}>
            {t('mendStatement')}
          </Text>
          <CodeBlock code={JSON.stringify(patch.executionRole, null, 2)} label={t('mendStatement')} />
        </>
      )}
      {patch.changes.map(
        (change) =>
          change.statement &&
          change.target !== 'execution-role' && (
            <div key={change.about}>
              <Text size="sm" fw={600}>
                {change.target}
              </Text>
              <CodeBlock code={JSON.stringify(change.statement, null, 2)} label={change.target} />
            </div>
          ),
      )}
    </Stack>
  )
}
