import { Alert, Button, Stack } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type ProviderTest, testProvider } from '../../../src/contract/api/providers.ts'
import { api, refresh } from '../../api.ts'
import { useFormat } from '../../i18n/format.ts'
import { useText } from '../../i18n/text.ts'
import { Icon } from '../../ui/icons.tsx'
import { useErrorWords } from '../../ui/states.tsx'
import { PROVIDERS_TEXT } from './text.ts'

/** What came of a test, in words. */
export function TestResult({ result, error }: { result?: ProviderTest | undefined; error?: unknown }) {
  const t = useText(PROVIDERS_TEXT)
  const format = useFormat()
  const words = useErrorWords()
  if (error != null)
    return (
      <Alert color="red" role="alert" title={words(error).title} icon={<Icon name="cross" />}>
        {words(error).detail}
      </Alert>
    )
  if (!result) return null
  return (
    <Alert
      role="status"
      color={result.ok ? 'green' : 'red'}
      icon={<Icon name={result.ok ? 'check' : 'cross'} />}
      title={`${t(result.ok ? 'testOk' : 'testFailed')} · ${t('testTook', { time: format.duration(result.duration_ms) })}`}
      styles={{ message: { color: 'var(--mantine-color-text)' } }}
    >
      {result.detail}
      {result.models && <div className="quiet">{t('testModels', { count: result.models.length })}</div>}
    </Alert>
  )
}

/** Asks the vendor in place and says what came of it. */
export function TestButton({ id }: { id: string }) {
  const t = useText(PROVIDERS_TEXT)
  const test = useMutation({
    mutationFn: () => api(testProvider, { params: { id } }),
    onSettled: () => refresh('providers'),
  })
  return (
    <Stack gap="xs" style={{ flex: test.data || test.error ? '1 1 100%' : undefined }}>
      <div>
        <Button variant="default" loading={test.isPending} onClick={() => test.mutate()}>
          {t('test')}
        </Button>
      </div>
      <TestResult result={test.data} error={test.error} />
    </Stack>
  )
}
