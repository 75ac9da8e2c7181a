import { Anchor, Button, PasswordInput, TagsInput, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation } from '@tanstack/react-query'
import {
  createProvider,
  type ProviderView,
  type RegistryEntry,
  testProviderDraft,
  updateProvider,
} from '../../../src/contract/api/providers.ts'
import { api, refresh } from '../../api.ts'
import { COMMON } from '../../i18n/common.ts'
import { useText } from '../../i18n/text.ts'
import { fieldErrors, FormFrame } from '../../ui/form.tsx'
import { told } from '../../ui/toast.tsx'
import { TestResult } from './test.tsx'
import { PROVIDERS_TEXT } from './text.ts'

type Values = { id: string; api_key: string; base_url: string; models: string[]; variables: Record<string, string> }

/** What a vendor needs to be used; with `view`, what may be changed of one that is set up. */
export function ProviderForm({
  entry,
  view,
  onClose,
  onReload,
}: {
  entry: RegistryEntry
  view?: ProviderView
  onClose: () => void
  onReload?: () => void
}) {
  const t = useText(PROVIDERS_TEXT)
  const common = useText(COMMON)
  // Where the address is one's own, the registry has a placeholder in its place.
  const ownAddress = entry.base_url === null || entry.base_url.includes('{base_url}')
  const variables = entry.variables.filter((name) => name !== 'base_url')
  const form = useForm<Values>({
    mode: 'controlled',
    initialValues: {
      id: view?.id ?? (ownAddress ? '' : entry.type),
      api_key: '',
      base_url: view?.base_url ?? '',
      models: [...(view?.models ?? [])],
      variables: Object.fromEntries(variables.map((name) => [name, view?.variables?.[name] ?? ''])),
    },
    validate: {
      id: (value) => (value.trim() ? null : common('required')),
      api_key: (value) => (entry.needs_key && !view && !value.trim() ? common('required') : null),
      base_url: (value) => (ownAddress && !value.trim() ? common('required') : null),
    },
  })
  const shared = (values: Values) => ({
    ...(values.api_key.trim() ? { api_key: values.api_key.trim() } : {}),
    ...(values.base_url.trim() ? { base_url: values.base_url.trim() } : {}),
    ...(values.models.length ? { models: values.models } : {}),
    ...(variables.length ? { variables: values.variables } : {}),
  })
  const save = useMutation({
    mutationFn: (values: Values) =>
      view
        ? api(
            updateProvider,
            { params: { id: view.id }, body: { base_url: null, models: null, ...shared(values) } },
            { version: view.version },
          )
        : api(createProvider, { body: { id: values.id.trim(), type: entry.type, ...shared(values) } }),
    onSuccess: (after) => {
      refresh('providers', 'models', 'attention')
      told(t('saved', { name: after.id }))
      onClose()
    },
    onError: (error) => form.setErrors(fieldErrors(error)),
  })
  const test = useMutation({
    mutationFn: (values: Values) =>
      api(testProviderDraft, { body: { id: values.id.trim() || 'draft', type: entry.type, ...shared(values) } }),
  })
  return (
    <FormFrame
      onSubmit={form.onSubmit((values) => save.mutate(values))}
      onCancel={onClose}
      busy={save.isPending}
      error={save.error}
      action={view ? common('save') : t('save')}
      {...(onReload ? { onReload } : {})}
      extra={
        !view && (
          <Button
            variant="light"
            mr="auto"
            loading={test.isPending}
            onClick={() => {
              if (!form.validate().hasErrors) test.mutate(form.getValues())
            }}
          >
            {t('testFirst')}
          </Button>
        )
      }
    >
      {!view && (
        <Text fw={640} fz="lg">
          {entry.label}
        </Text>
      )}
      {!view && (
        <TextInput
          label={t('id')}
          description={t('idHint', { id: form.getValues().id || '…' })}
          required
          {...form.getInputProps('id')}
        />
      )}
      {variables.map((name) => (
        <TextInput key={name} label={t('variable', { name })} required {...form.getInputProps(`variables.${name}`)} />
      ))}
      <PasswordInput
        label={t('apiKey')}
        description={
          <>
            {view ? t('apiKeyKeep') : t('apiKeyHint')}
            {entry.environment.length > 0 && !view && (
              <>
                {' '}
                {t('environment')}: <span className="mono">{entry.environment.join(', ')}</span>
              </>
            )}
          </>
        }
        required={entry.needs_key && !view}
        autoComplete="off"
        {...form.getInputProps('api_key')}
      />
      <TextInput
        label={t('baseUrl')}
        placeholder={ownAddress ? 'https://llm.example.com/v1' : (entry.base_url ?? '')}
        required={ownAddress}
        {...form.getInputProps('base_url')}
      />
      <TagsInput label={t('models')} description={t('modelsHint')} {...form.getInputProps('models')} />
      {entry.documentation && (
        <Anchor href={entry.documentation} target="_blank" rel="noopener noreferrer" size="sm">
          {t('documentation')}
        </Anchor>
      )}
      <TestResult result={test.data} error={test.error} />
    </FormFrame>
  )
}
