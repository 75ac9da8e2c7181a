import { useQuery } from '@tanstack/react-query'
import { Outlet, useRouterState } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { sessionQuery } from '../api.ts'
import { ErrorState, Loading } from '../ui/states.tsx'
import { Frame } from './frame.tsx'

const SignIn = lazy(async () => ({ default: (await import('../pages/session/sign-in.tsx')).SignInPage }))

/** Who is signed in decides what there is: a one-time link, the sign-in page at the same address, or the rooms. */
export function Root() {
  const path = useRouterState({ select: (state) => state.location.pathname })
  const session = useQuery(sessionQuery)
  if (path.endsWith('/join')) return <Outlet />
  if (session.isPending) return <Loading />
  if (session.isError) return <ErrorState error={session.error} onRetry={() => void session.refetch()} />
  if (!session.data)
    return (
      <Suspense fallback={<Loading />}>
        <SignIn />
      </Suspense>
    )
  return <Frame />
}
