import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { listAliases } from '../../src/contract/api/aliases.ts'
import { listModels } from '../../src/contract/api/models.ts'
import { api } from '../api.ts'

/** Names that a call may ask for, aliases first, as far as they match what is typed: there can be thousands of models. */
export function useModelNames(typed: string, options: { aliases: boolean } = { aliases: true }): string[] {
  const [search] = useDebouncedValue(typed.trim(), 150)
  const aliases = useQuery({
    queryKey: ['aliases', undefined],
    queryFn: ({ signal }) => api(listAliases, { query: { limit: 200 } }, { signal }),
    enabled: options.aliases,
  })
  const models = useQuery({
    queryKey: ['models', 'names', search],
    queryFn: ({ signal }) => api(listModels, { query: { limit: 50, ...(search ? { search } : {}) } }, { signal }),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  })
  const names = (options.aliases ? (aliases.data?.data ?? []) : []).map((alias) => alias.name)
  return [...new Set([...names, ...(models.data?.data ?? []).map((model) => model.id)])]
}
