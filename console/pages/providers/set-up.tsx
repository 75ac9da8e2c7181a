import { Button, Stack, Text, TextInput, UnstyledButton } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type RegistryEntry, searchRegistry } from '../../../src/contract/api/providers.ts'
import { api } from '../../api.ts'
import { useText } from '../../i18n/text.ts'
import { Icon } from '../../ui/icons.tsx'
import { Loaded } from '../../ui/states.tsx'
import { ProviderForm } from './form.tsx'
import { PROVIDERS_TEXT } from './text.ts'

/** Anything that speaks OpenAI's format at an address of one's own. */
const COMPATIBLE: RegistryEntry = {
  type: 'openai-compatible',
  label: 'OpenAI-compatible',
  base_url: null,
  variables: [],
  environment: [],
  needs_key: false,
  documentation: null,
  models: 0,
}

/** First the vendor by search, then the few things it needs. */
export function SetUpProvider({ onClose }: { onClose: () => void }) {
  const t = useText(PROVIDERS_TEXT)
  const [chosen, choose] = useState<RegistryEntry | null>(null)
  const [typed, type] = useState('')
  const [search] = useDebouncedValue(typed.trim(), 150)
  const query = useQuery({
    queryKey: ['registry', search],
    queryFn: ({ signal }) => api(searchRegistry, { query: { limit: 200, ...(search ? { search } : {}) } }, { signal }),
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  })
  if (chosen)
    return (
      <Stack gap="sm">
        <div>
          <Button variant="subtle" onClick={() => choose(null)} leftSection={<span aria-hidden="true">←</span>} px={6}>
            {t('back')}
          </Button>
        </div>
        <ProviderForm key={chosen.type} entry={chosen} onClose={onClose} />
      </Stack>
    )
  return (
    <Stack gap="sm">
      <TextInput
        label={t('findVendor')}
        description={query.data && t('findHint', { count: query.data.data.length })}
        value={typed}
        onChange={(event) => type(event.currentTarget.value)}
        leftSection={<Icon name="search" />}
        data-autofocus
      />
      <Loaded query={query}>
        {({ data }) => (
          <div className="card" role="list" aria-label={t('findVendor')}>
            {data.length === 0 && (
              <Text size="sm" c="dimmed" p="md">
                {t('noVendor')}
              </Text>
            )}
            {[...data, ...(data.some((entry) => entry.type === COMPATIBLE.type) ? [] : [COMPATIBLE])].map((entry) => (
              <div role="listitem" key={entry.type}>
                <UnstyledButton className="vendor" onClick={() => choose(entry)}>
                  <span style={{ fontWeight: 600 }}>{entry === COMPATIBLE ? t('useCompatible') : entry.label}</span>
                  <span className="quiet clip mono" style={{ flex: 1 }}>
                    {entry.base_url ?? ''}
                  </span>
                  {entry.models > 0 && <span className="quiet">{t('modelsKnown', { count: entry.models })}</span>}
                </UnstyledButton>
              </div>
            ))}
          </div>
        )}
      </Loaded>
    </Stack>
  )
}
