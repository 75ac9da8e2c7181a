import { Button } from '@mantine/core'
import {
  createRootRoute,
  createRoute,
  createRouter,
  type ErrorComponentProps,
  lazyRouteComponent,
  useRouter,
} from '@tanstack/react-router'
import { useCallback } from 'react'
import { useText } from './i18n/text.ts'
import { only, parseSearch, stringifySearch } from './search.ts'
import { Root } from './shell/root.tsx'
import { SHELL_TEXT } from './shell/text.ts'
import { EmptyState, Loading } from './ui/states.tsx'

const BASE = '/console'

const rootRoute = createRootRoute({ component: Root, notFoundComponent: NotFound })
const page = <const Path extends string, const Names extends readonly string[]>(path: Path, ...names: Names) =>
  ({ getParentRoute: () => rootRoute, path, validateSearch: only<Names[number]>(...names) }) as const

/** What the calls page keeps in its address: the names of the API's own filter, and the range in words. */
export const CALL_SEARCH = [
  'range',
  'from',
  'to',
  'outcome',
  'error_code',
  'key_id',
  'team',
  'application',
  'end_user',
  'provider',
  'model',
  'model_asked',
  'endpoint',
  'stream',
  'min_ms',
  'min_cost_micros',
] as const

const routes = [
  createRoute({
    ...page('/', 'range', 'provider', 'model', 'key_id'),
    component: lazyRouteComponent(() => import('./pages/overview/page.tsx'), 'OverviewPage'),
  }),
  createRoute({
    ...page('/calls', ...CALL_SEARCH, 'id'),
    component: lazyRouteComponent(() => import('./pages/calls/page.tsx'), 'CallsPage'),
  }),
  createRoute({
    ...page('/playground', 'model'),
    component: lazyRouteComponent(() => import('./pages/playground/page.tsx'), 'PlaygroundPage'),
  }),
  createRoute({
    ...page('/models', 'search', 'provider', 'capability', 'catalogue', 'edit'),
    component: lazyRouteComponent(() => import('./pages/models/page.tsx'), 'ModelsPage'),
  }),
  createRoute({
    ...page('/aliases', 'search', 'new'),
    component: lazyRouteComponent(() => import('./pages/aliases/page.tsx'), 'AliasesPage'),
  }),
  createRoute({
    ...page('/aliases/$name'),
    component: lazyRouteComponent(() => import('./pages/aliases/detail.tsx'), 'AliasPage'),
  }),
  createRoute({
    ...page('/providers', 'search', 'new'),
    component: lazyRouteComponent(() => import('./pages/providers/page.tsx'), 'ProvidersPage'),
  }),
  createRoute({
    ...page('/providers/$id'),
    component: lazyRouteComponent(() => import('./pages/providers/detail.tsx'), 'ProviderPage'),
  }),
  createRoute({
    ...page('/keys', 'search', 'status', 'team', 'new'),
    component: lazyRouteComponent(() => import('./pages/keys/page.tsx'), 'KeysPage'),
  }),
  createRoute({
    ...page('/keys/$id'),
    component: lazyRouteComponent(() => import('./pages/keys/detail.tsx'), 'KeyPage'),
  }),
  createRoute({
    ...page('/limits', 'new'),
    component: lazyRouteComponent(() => import('./pages/limits/page.tsx'), 'LimitsPage'),
  }),
  createRoute({
    ...page('/roles', 'tab', 'example'),
    component: lazyRouteComponent(() => import('./pages/roles/page.tsx'), 'RolesPage'),
  }),
  createRoute({
    ...page('/settings', 'tab', 'actor_id', 'target'),
    component: lazyRouteComponent(() => import('./pages/settings/page.tsx'), 'SettingsPage'),
  }),
  createRoute({
    ...page('/welcome'),
    component: lazyRouteComponent(() => import('./pages/welcome/page.tsx'), 'WelcomePage'),
  }),
  createRoute({
    ...page('/join'),
    component: lazyRouteComponent(() => import('./pages/session/join.tsx'), 'JoinPage'),
  }),
] as const

export const router = createRouter({
  routeTree: rootRoute.addChildren(routes),
  basepath: BASE,
  parseSearch,
  stringifySearch,
  defaultPreload: 'intent',
  defaultPendingComponent: () => <Loading />,
  defaultErrorComponent: Crashed,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}

/** Opens a path of the console given as text: `/providers/openai?new=1`, as the gateway and the palette name them. */
export function useOpen(): (path: string) => void {
  const { history } = useRouter()
  return useCallback((path) => history.push(`${BASE}${path}`), [history])
}

function NotFound() {
  const t = useText(SHELL_TEXT)
  const open = useOpen()
  return (
    <EmptyState
      title={t('notFound')}
      hint={t('notFoundHint')}
      action={<Button onClick={() => open('/')}>{t('toOverview')}</Button>}
    />
  )
}

function Crashed({ error }: ErrorComponentProps) {
  const t = useText(SHELL_TEXT)
  return (
    <EmptyState
      icon="warn"
      title={t('crashed')}
      hint={
        <>
          {t('crashedHint')} <span className="mono">{error instanceof Error ? error.message : String(error)}</span>
        </>
      }
      action={<Button onClick={() => location.reload()}>{t('reload')}</Button>}
    />
  )
}
