import { Select, SimpleGrid, TagsInput, TextInput } from '@mantine/core'
import type { UseFormReturnType } from '@mantine/form'
import { useQuery } from '@tanstack/react-query'
import type { Key } from '../../../src/contract/key.ts'
import { listAliases } from '../../../src/contract/api/aliases.ts'
import { listProviders } from '../../../src/contract/api/providers.ts'
import { api } from '../../api.ts'
import { useText } from '../../i18n/text.ts'
import { KEYS_TEXT } from './text.ts'

export type KeyForm = {
  name: string
  models: string[]
  team: string
  application: string
  /** The reader's own day, `2027-01-31`; empty: never. */
  expires: string
  priority: Key['priority']
  on_unsupported: Key['on_unsupported']
}

export const EMPTY_KEY: KeyForm = {
  name: '',
  models: ['*'],
  team: '',
  application: '',
  expires: '',
  priority: 'normal',
  on_unsupported: 'drop',
}

/** The API's body of what the form holds; an emptied field is null where a patch removes it. */
export function bodyOf(form: KeyForm) {
  return {
    name: form.name.trim(),
    models: form.models,
    ...(form.team ? { team: form.team.trim() } : {}),
    ...(form.application ? { application: form.application.trim() } : {}),
    ...(form.expires ? { expires_at: new Date(`${form.expires}T23:59:59`).toISOString() } : {}),
    priority: form.priority,
    on_unsupported: form.on_unsupported,
  }
}

export function patchOf(form: KeyForm) {
  return { team: null, application: null, expires_at: null, ...bodyOf(form) }
}

export function KeyFields({ form }: { form: UseFormReturnType<KeyForm> }) {
  const t = useText(KEYS_TEXT)
  const names = useQuery({
    queryKey: ['model-patterns'],
    queryFn: async () => {
      const [aliases, providers] = await Promise.all([
        api(listAliases, { query: { limit: 200 } }),
        api(listProviders, { query: { limit: 200 } }),
      ])
      return ['*', ...aliases.data.map((alias) => alias.name), ...providers.data.map((provider) => `${provider.id}/*`)]
    },
  })
  return (
    <>
      <TextInput
        label={t('name')}
        description={t('nameHint')}
        required
        data-autofocus
        key={form.key('name')}
        {...form.getInputProps('name')}
      />
      <TagsInput
        label={t('models')}
        description={t('modelsHint')}
        data={names.data ?? ['*']}
        required
        key={form.key('models')}
        {...form.getInputProps('models')}
      />
      <SimpleGrid cols={2} spacing="sm">
        <TextInput label={t('team')} key={form.key('team')} {...form.getInputProps('team')} />
        <TextInput label={t('application')} key={form.key('application')} {...form.getInputProps('application')} />
      </SimpleGrid>
      <TextInput type="date" label={t('expires')} key={form.key('expires')} {...form.getInputProps('expires')} />
      <Select
        label={t('unsupported')}
        data={(['map', 'drop', 'refuse'] as const).map((value) => ({ value, label: t(value) }))}
        key={form.key('on_unsupported')}
        {...form.getInputProps('on_unsupported')}
      />
      <Select
        label={t('priority')}
        data={(['high', 'normal', 'low'] as const).map((value) => ({ value, label: t(value) }))}
        key={form.key('priority')}
        {...form.getInputProps('priority')}
      />
    </>
  )
}
