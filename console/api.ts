import { MutationCache, QueryCache, QueryClient, queryOptions, useQuery } from '@tanstack/react-query'
import type { Action } from '../src/contract/action.ts'
import { getSession, type Me } from '../src/contract/api/people.ts'
import { readHealth } from '../src/contract/api/settings.ts'
import { createClient } from '../src/contract/client.ts'
import { AppError } from '../src/errors.ts'

let csrfToken: string | null = null

/** The one way to the gateway: every endpoint by its definition, typed, with errors as `AppError`. */
export const api = createClient(
  (request) => fetch(request),
  location.origin,
  () => sessionHeaders(),
)

/** What a request of the person who is signed in carries beside the cookie. */
export function sessionHeaders(): Record<string, string> {
  return csrfToken ? { 'x-csrf-token': csrfToken } : {}
}

/** Signed out here or elsewhere: whatever is on screen gives way to the sign-in page, at the same address. */
function noticeSignedOut(error: unknown): void {
  if (error instanceof AppError && error.code === 'unauthenticated') queries.setQueryData(sessionQuery.queryKey, null)
}

export const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: noticeSignedOut }),
  mutationCache: new MutationCache({ onError: noticeSignedOut }),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (count, error) => count < 2 && !(error instanceof AppError && error.status < 500),
      refetchOnWindowFocus: true,
    },
  },
})

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async ({ signal }): Promise<Me | null> => {
    try {
      const me = await api(getSession, {}, { signal })
      csrfToken = me.csrf_token
      return me
    } catch (error) {
      if (error instanceof AppError && error.status === 401) return null
      throw error
    }
  },
  staleTime: 60_000,
})

export const healthQuery = queryOptions({
  queryKey: ['health'],
  queryFn: ({ signal }) => api(readHealth, {}, { signal }),
  staleTime: 60_000,
})

/** Where programs call the gateway, as this person can reach it: where the console is, unless it has an address of its own. */
export function useGatewayOrigin(): string {
  const url = useQuery(healthQuery).data?.gateway_url
  if (!url) return location.origin
  const at = new URL(url)
  // "This machine" is the gateway's own; from elsewhere it has the name that the console was found under.
  if (/^(127\.|localhost$|\[::1\]$)/.test(at.hostname)) at.hostname = location.hostname
  return at.origin
}

/** After signing in: the answer already says who that is. */
export function rememberSession(me: Me): void {
  csrfToken = me.csrf_token
  forgetAll()
  queries.setQueryData(sessionQuery.queryKey, me)
}

export function forgetSession(): void {
  csrfToken = null
  forgetAll()
  queries.setQueryData(sessionQuery.queryKey, null)
}

export const useMe = (): Me | null | undefined => useQuery(sessionQuery).data

/** What one person loaded is not shown to the next. The session's own entry stays: the frame is watching it. */
function forgetAll(): void {
  queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionQuery.queryKey[0] })
}

/** What the person may do. Pages hide the rest; the server refuses it in any case. */
export function useMay(): (action: Action) => boolean {
  const me = useMe()
  return (action) => me?.actions.includes(action) ?? false
}

/** Makes everything under these names load again. */
export function refresh(...names: string[]): void {
  for (const name of names) void queries.invalidateQueries({ queryKey: [name] })
}
