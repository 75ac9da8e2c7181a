import { actionsOf, type Role } from '../../../src/contract/action.ts'
import type { Me, User } from '../../../src/contract/api/people.ts'
import type { ROUTES, RouteName } from '../../../src/contract/api/routes.ts'
import type { RouteResult, RouteValue } from '../../../src/contract/route.ts'
import { executionRoles } from '../../../src/control/execution-roles.ts'
import { detailOf, makeCall } from './calls.ts'
import { XSS } from './model.ts'
import { makeOverview } from './overview.ts'
import { budgets, guards, limits } from './rules.ts'
import { aliases, keys, models, providers, registry } from './things.ts'

export type Handlers = {
  [K in RouteName]?: (
    value: RouteValue<(typeof ROUTES)[K]>,
  ) => RouteResult<(typeof ROUTES)[K]> | Promise<RouteResult<(typeof ROUTES)[K]>>
}

export type FakeOptions = { role?: Role; empty?: boolean; xss?: boolean; fail?: ReadonlySet<string> }

const list = <T>(data: T[]) => ({ object: 'list' as const, data, has_more: false, next_cursor: null })
const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()

/** What each endpoint answers. Nothing is kept: a change answers as if it were made. */
export function handlersFor(options: FakeOptions): Handlers {
  const role = options.role ?? 'owner'
  const calls = options.empty
    ? []
    : Array.from({ length: 120 }, (_, index) => makeCall(index, Date.now() - index * index * 900 - 4000))
  if (options.xss)
    for (const [index, call] of calls.entries())
      call.model_asked = call.key_name = call.end_user = XSS[index % XSS.length] ?? ''
  const user: User = {
    id: 'usr_1',
    email: 'ada@harbour.example',
    name: 'Ada Reeve',
    role,
    status: 'active',
    version: 1,
    created_at: ago(60_000),
    last_seen_at: ago(0),
  }
  const people: User[] = [
    user,
    { ...user, id: 'usr_2', email: 'bo@harbour.example', name: 'Bo Chandler', role: 'admin', last_seen_at: ago(95) },
    {
      ...user,
      id: 'usr_3',
      email: 'yu@harbour.example',
      name: '于海',
      role: 'viewer',
      status: 'invited',
      last_seen_at: null,
    },
  ]
  const me: Me = { user, role, actions: actionsOf(role), csrf_token: 'csrf' }
  const find = <T>(values: readonly T[], test: (value: T) => boolean): T => {
    const found = values.find(test)
    if (!found) throw new Error('404')
    return found
  }
  const has = (text: string, search: string | undefined) => !search || text.toLowerCase().includes(search.toLowerCase())
  return {
    readHealth: () => ({ status: 'ok', version: '0.1.0', needs_owner: false, gateway_url: null }),
    getSession: () => me,
    signIn: () => me,
    signOut: () => undefined,
    readInvitation: () => ({ purpose: 'first-owner', email: null, role: 'owner', expires_at: ago(-60) }),
    acceptInvitation: () => me,
    changePassword: () => undefined,
    getOverview: ({ query }) => {
      const to = query.to ? Date.parse(query.to) : Date.now()
      const from = query.from ? Date.parse(query.from) : to - 86_400_000
      const made = makeOverview(from, to)
      if (!options.empty) return made
      const none = Object.fromEntries(
        Object.entries(made.totals).map(([name]) => [name, name.endsWith('_ms') ? null : 0]),
      ) as typeof made.totals
      return { ...made, totals: none, previous: none, series: [], by_model: [], by_provider: [], by_key: [] }
    },
    listAttention: () => ({
      data: options.empty
        ? []
        : [
            {
              kind: 'provider-failing',
              severity: 'critical',
              message: 'anthropic is failing: 184 of 610 calls in the last hour. Aliases use their fallbacks.',
              values: { provider: 'anthropic', failures: 184, calls: 610 },
              path: '/providers/anthropic',
            },
            {
              kind: 'budget-near-end',
              severity: 'warning',
              message: 'Budget "data-month" is 92 % used with 8 days to go.',
              values: { budget: 'data-month' },
              path: '/limits',
            },
            {
              kind: 'provider-without-key',
              severity: 'warning',
              message: 'mistral has no usable key: MISTRAL_API_KEY is not set.',
              values: { provider: 'mistral' },
              path: '/providers/mistral',
            },
          ],
    }),
    listCalls: ({ query }) => {
      const matching = calls.filter(
        (call) =>
          (!query.provider || call.provider === query.provider) &&
          (!query.model || call.model_served === query.model) &&
          (!query.key_id || call.key_id === query.key_id) &&
          (!query.outcome || (query.outcome === 'ok' ? !call.error_code : Boolean(call.error_code))) &&
          (!query.min_ms || call.total_ms >= query.min_ms),
      )
      const start = Number(query.after ?? 0)
      const end = start + query.limit
      return {
        object: 'list',
        data: matching.slice(start, end),
        has_more: end < matching.length,
        next_cursor: end < matching.length ? String(end) : null,
      }
    },
    getCall: ({ params }) => {
      const call = find(calls, ({ id }) => id === params.id)
      const detail = detailOf(call)
      return options.xss
        ? {
            ...detail,
            curl: XSS.join('\n'),
            explanation: { blame: 'client', what: XSS.join(' '), remedy: XSS[1] ?? '' },
          }
        : detail
    },
    listKeys: ({ query }) =>
      list(
        options.empty
          ? []
          : keys
              .filter((key) => has(key.name, query.search) && (!query.status || key.status === query.status))
              .map((key, index) => (options.xss ? { ...key, name: XSS[index % XSS.length] ?? '' } : key)),
      ),
    getKey: ({ params }) => find(keys, ({ id }) => id === params.id),
    createKey: ({ body }) => ({
      ...keys[0]!,
      ...body,
      id: 'key_new',
      secret: 'prk_live_8sY2k0PqVn4Lr7Tj1WzXb5Mf9Gh3Cd6Ea0Ui2Oo4Rr',
    }),
    updateKey: ({ params }) => find(keys, ({ id }) => id === params.id),
    rotateKey: ({ params }) => ({
      ...find(keys, ({ id }) => id === params.id),
      secret: 'prk_live_R0tated0PqVn4Lr7Tj1WzXb5Mf9Gh3Cd6Ea0Ui2Oo4',
    }),
    revokeKey: ({ params }) => ({ ...find(keys, ({ id }) => id === params.id), status: 'revoked' }),
    searchRegistry: ({ query }) => list(registry.filter((entry) => has(`${entry.type} ${entry.label}`, query.search))),
    listProviders: () => list(options.empty ? providers.slice(-1) : providers),
    getProvider: ({ params }) => find(providers, ({ id }) => id === params.id),
    createProvider: ({ body }) => ({ ...providers[0]!, id: body.id }),
    testProviderDraft: () => ({
      ok: false,
      detail:
        'The vendor refused the key (401: "Incorrect API key provided"). Copy it again from the vendor’s console; it begins with sk-.',
      duration_ms: 212,
      status: 401,
      models: null,
    }),
    updateProvider: ({ params }) => find(providers, ({ id }) => id === params.id),
    deleteProvider: () => undefined,
    testProvider: ({ params }) =>
      params.id === 'anthropic'
        ? {
            ok: false,
            detail: 'The vendor answered 529 (overloaded). The key is fine; try again in a minute.',
            duration_ms: 834,
            status: 529,
            models: null,
          }
        : {
            ok: true,
            detail: 'The vendor accepted the key and listed its models.',
            duration_ms: 318,
            status: 200,
            models: ['a', 'b', 'c'],
          },
    listModels: ({ query }) =>
      list(
        models.filter(
          (model) =>
            has(model.id, query.search) &&
            (!query.provider || model.provider === query.provider) &&
            (!query.capability || model.capabilities.includes(query.capability)),
        ),
      ),
    listPrices: () => list([]),
    setPrice: ({ params, body }) => ({
      ...params,
      ...body,
      origin: 'database',
      version: 1,
      created_at: null,
      updated_at: null,
    }),
    deletePrice: () => undefined,
    listAliases: ({ query }) => list(options.empty ? [] : aliases.filter((alias) => has(alias.name, query.search))),
    getAlias: ({ params }) => find(aliases, ({ name }) => name === params.name),
    createAlias: ({ body }) => ({ ...aliases[0]!, ...body }),
    updateAlias: ({ params }) => find(aliases, ({ name }) => name === params.name),
    deleteAlias: () => undefined,
    createPlaygroundKey: () => ({ secret: 'prk_play', expires_at: ago(-10), base_url: '' }),
    ...executionRoles,
    listLimits: () => list(options.empty ? [] : limits),
    putLimit: ({ body }) => ({ ...limits[0]!, ...body }),
    deleteLimit: () => undefined,
    listBudgets: () => list(options.empty ? [] : budgets),
    putBudget: ({ body }) => ({ ...budgets[0]!, ...body }),
    deleteBudget: () => undefined,
    listGuards: () => list(options.empty ? [] : guards),
    putGuard: ({ body }) => ({ ...guards[0]!, name: body.name, guard: body }),
    deleteGuard: () => undefined,
    listUsers: () => list(people),
    inviteUser: ({ body }) => ({
      ...user,
      ...body,
      id: 'usr_9',
      status: 'invited',
      link: 'http://127.0.0.1:8080/console/join#token=q8mT3xZk1vB7nL0cR5yW',
      link_expires_at: ago(-2880),
    }),
    updateUser: ({ params }) => find(people, ({ id }) => id === params.id),
    resetUser: ({ params }) => ({
      ...find(people, ({ id }) => id === params.id),
      link: 'http://127.0.0.1:8080/console/join#token=q8mT3xZk1vB7nL0cR5yW',
      link_expires_at: ago(-2880),
    }),
    deleteUser: () => undefined,
    listSessions: () =>
      list([
        {
          id: 'ses_1',
          current: true,
          created_at: ago(120),
          last_seen_at: ago(0),
          expires_at: ago(-10_000),
          address: '10.0.3.4',
          browser: 'Chromium on Linux',
        },
        {
          id: 'ses_2',
          current: false,
          created_at: ago(9000),
          last_seen_at: ago(1500),
          expires_at: ago(-5000),
          address: '10.0.3.9',
          browser: 'Safari on iPhone',
        },
      ]),
    deleteSession: () => undefined,
    listTokens: () =>
      list([
        {
          id: 'tok_1',
          name: 'terraform',
          role: 'admin' as const,
          hint: 'pra_…8xQ2',
          created_at: ago(90_000),
          created_by: 'ada@harbour.example',
          expires_at: ago(-90_000),
          last_used_at: ago(33),
        },
      ]),
    createToken: ({ body }) => ({
      id: 'tok_2',
      name: body.name,
      role: body.role,
      hint: 'pra_…0000',
      created_at: ago(0),
      created_by: user.email,
      expires_at: null,
      last_used_at: null,
      secret: 'pra_0123456789abcdef',
    }),
    revokeToken: () => undefined,
    listAudit: () =>
      list(
        (
          [
            ['keys:Create', 'key_01', { name: 'checkout-service', models: ['fast', 'openai/*'] }],
            ['providers:Update', 'openai', { api_key: 'changed' }],
            ['aliases:Update', 'fast', { targets: 3 }],
            ['users:Create', 'usr_3', { role: 'viewer' }],
            ['sessions:Create', null, null],
          ] as const
        ).map(([action, target, changes], index) => ({
          id: `aud_${index}`,
          at: ago(index * 130 + 3),
          actor: index === 1 ? 'token terraform' : 'ada@harbour.example',
          actor_id: 'usr_1',
          action,
          target,
          changes: changes as Record<string, unknown> | null,
          address: '10.0.3.4',
          request_id: `req_${index}`,
        })),
      ),
    readSettings: () => ({
      version: '0.1.0',
      started_at: ago(4000),
      settings: [
        { name: 'port', value: 8080, from: 'default' },
        { name: 'host', value: '0.0.0.0', from: 'env' },
        { name: 'data', value: '/var/lib/portreeve', from: 'flag' },
        { name: 'workers', value: 2, from: 'flag' },
      ],
      file: {
        path: '/etc/portreeve/portreeve.yaml',
        loaded_at: ago(300),
        text: 'version: 1\nproviders:\n  - id: local\n    type: openai-compatible\n    base_url: http://10.0.4.17:8000/v1\n    api_key: (hidden)\n',
      },
      refused: [],
      snapshot: { version: 41, published_at: ago(40) },
      environment: [{ provider: 'google', variable: 'GEMINI_API_KEY' }],
    }),
    checkConfiguration: () => ({
      ok: false,
      findings: [
        {
          file: 'portreeve.yaml',
          line: 3,
          column: 11,
          field: 'providers[0].base_url',
          message: 'is not an http or https address; write it as http://host:port/v1',
        },
      ],
    }),
  }
}
