import { useQuery } from '@tanstack/react-query'
import { getOverview } from '../../../src/contract/api/overview.ts'
import { listProviders } from '../../../src/contract/api/providers.ts'
import { api } from '../../api.ts'
import { boundsOf } from '../overview/range.ts'

/** What the picture of an alias knows beside its plan: how providers are, and how many calls each place had in the last day. */
export function useTraffic(): { states: ReadonlyMap<string, string>; real: ReadonlyMap<string, number> } {
  const providers = useQuery({
    queryKey: ['providers'],
    queryFn: ({ signal }) => api(listProviders, { query: { limit: 200 } }, { signal }),
  })
  const overview = useQuery({
    queryKey: ['overview', 'day', 'traffic'],
    queryFn: ({ signal }) => api(getOverview, { query: boundsOf('day', Date.now()) }, { signal }),
  })
  return {
    states: new Map((providers.data?.data ?? []).map((provider) => [provider.id, provider.status.state])),
    real: new Map((overview.data?.by_model ?? []).map((row) => [`${row.provider}/${row.model}`, row.totals.calls])),
  }
}
