import { Alert, Button, Group, Stack, Text } from '@mantine/core'
import { useGatewayOrigin } from '../../api.ts'
import { useText } from '../../i18n/text.ts'
import { CodeBlock } from '../../ui/copy.tsx'
import { Icon } from '../../ui/icons.tsx'
import { KEYS_TEXT } from './text.ts'

/** The one time that a secret is seen, with a line that tries it. */
export function SecretShown({ secret, model, onDone }: { secret: string; model?: string; onDone: () => void }) {
  const t = useText(KEYS_TEXT)
  const curl = `curl ${useGatewayOrigin()}/v1/chat/completions \\
  -H "Authorization: Bearer ${secret}" \\
  -H "Content-Type: application/json" \\
  -d '{"model":"${model ?? 'demo/parley'}","messages":[{"role":"user","content":"Ahoy!"}]}'`
  return (
    <Stack gap="sm">
      <Alert
        color="yellow"
        icon={<Icon name="warn" />}
        title={t('once')}
        styles={{ message: { color: 'var(--mantine-color-text)' } }}
      >
        {t('onceHint')}
      </Alert>
      <CodeBlock code={secret} label={t('key')} wrap />
      <Text size="sm" fw={600}>
        {t('tryIt')}
      </Text>
      <CodeBlock code={curl} label={t('tryIt')} wrap />
      <Group justify="flex-end">
        <Button onClick={onDone} data-autofocus>
          {t('done')}
        </Button>
      </Group>
    </Stack>
  )
}
