import { KEY_HEADER } from '../contract/api/playground.ts'
import type { ROUTES, RouteName } from '../contract/api/routes.ts'
import type { Route, RouteResult, RouteValue } from '../contract/route.ts'
import type { Actor } from '../control/actor.ts'
import { listAttention } from '../control/attention.ts'
import { listAudit } from '../control/audit.ts'
import { getCall, listCalls } from '../control/calls.ts'
import type { Control } from '../control/control.ts'
import { executionRoles } from '../control/execution-roles.ts'
import { createKey, getKey, listKeys, revokeKey, rotateKey, updateKey } from '../control/keys.ts'
import { deletePrice, listModels, listPrices, setPrice } from '../control/models.ts'
import { getOverview } from '../control/overview.ts'
import { pageOfAll } from '../control/page.ts'
import {
  createOwnerLink,
  deleteSession,
  deleteUser,
  getUser,
  inviteUser,
  listSessions,
  listUsers,
  resetUser,
  updateUser,
} from '../control/people.ts'
import { askPlayground, createPlaygroundKey } from '../control/playground.ts'
import { testDraft, testProvider } from '../control/provider-test.ts'
import { createProvider, getProvider, listProviders, searchRegistry, updateProvider } from '../control/providers.ts'
import { toBudgetView, toGuardView, toLimitView, toSectionView } from '../control/rules.ts'
import { checkText, readHealth, readSettings } from '../control/settings.ts'
import type { Origin } from '../control/sign-in.ts'
import { createThing, deleteThing, entriesOf, entryOf, keptOf, putThing, updateThing } from '../control/things.ts'
import { createToken, listTokens, revokeToken } from '../control/tokens.ts'
import type { Entry } from '../control/entry.ts'
import { exportAsCsv, followAsEvents } from './stream.ts'

/** What a handler knows beside the validated input. */
export type Call = {
  readonly control: Control
  readonly actor: Actor
  readonly from: Origin
  /** Of `If-Match`. */
  readonly version: number | null
  readonly request: Request
  /** Sets or ends the session of the browser. */
  readonly setSession: (session: { cookie: string; expiresAt: number } | null) => void
  /** The address of a one-time link. */
  readonly linkTo: (token: string) => string
}

type Answer<R extends Route> = R extends { readonly produces: 'csv' | 'events' } ? Response : RouteResult<R>
type Handler<R extends Route> = (input: RouteValue<R>, call: Call) => Promise<Answer<R>> | Answer<R>

const toAlias = (entry: Entry<'alias'>) => ({ ...entry.value, ...keptOf(entry) })

/** The use case behind each endpoint. An endpoint without one does not compile. */
export const HANDLERS: { readonly [N in RouteName]: Handler<(typeof ROUTES)[N]> } = {
  readHealth: (_, { control }) => readHealth(control.context),

  async signIn({ body }, { control, from, setSession }) {
    const signedIn = await control.signIn.withPassword(body.email, body.password, from)
    setSession(signedIn)
    return signedIn.me
  },
  getSession: (_, { control, actor }) => control.signIn.me(actor),
  async signOut(_, { control, actor, setSession }) {
    setSession(null)
    if (actor.sessionId !== undefined) await deleteSession(control.context, actor, actor.sessionId)
    return undefined
  },
  readInvitation: ({ body }, { control, from }) => control.signIn.readLink(body.token, from),
  async acceptInvitation({ body }, { control, from, setSession }) {
    const signedIn = await control.signIn.withLink(body, from)
    setSession(signedIn)
    return signedIn.me
  },
  async changePassword({ body }, { control, actor }) {
    await control.signIn.changePassword(actor, body.current, body.password)
    return undefined
  },
  listSessions: ({ query }, { control, actor }) => listSessions(control.context, actor, query),
  async deleteSession({ params }, { control, actor }) {
    await deleteSession(control.context, actor, params.id)
    return undefined
  },

  getOverview: ({ query }, { control }) => getOverview(control.context, query),
  listAttention: async (_, { control }) => ({ data: await listAttention(control.context) }),

  listCalls: ({ query }, { control }) => listCalls(control.context, query),
  exportCalls: ({ query }, { control }) => exportAsCsv(control.context, query),
  tailCalls: ({ query }, { control, request }) => followAsEvents(control.context, query, request.signal),
  getCall: ({ params }, { control }) => getCall(control.context, params.id),

  listKeys: ({ query }, { control }) => listKeys(control.context, query),
  createKey: ({ body }, { control, actor }) => createKey(control.context, actor, body),
  getKey: ({ params }, { control }) => getKey(control.context, params.id),
  updateKey: ({ params, body }, { control, actor, version }) =>
    updateKey(control.context, actor, params.id, body, version),
  rotateKey: ({ params, body }, { control, actor }) =>
    rotateKey(control.context, actor, params.id, body.overlap_seconds),
  revokeKey: ({ params }, { control, actor }) => revokeKey(control.context, actor, params.id),

  searchRegistry: ({ query }) => searchRegistry(query),
  listProviders: ({ query }, { control }) => listProviders(control.context, query),
  createProvider: ({ body }, { control, actor }) => createProvider(control.context, actor, body),
  testProviderDraft: ({ body }, { control }) => testDraft(control.context, body),
  getProvider: ({ params }, { control }) => getProvider(control.context, params.id),
  updateProvider: ({ params, body }, { control, actor, version }) =>
    updateProvider(control.context, actor, params.id, body, version),
  async deleteProvider({ params }, { control, actor, version }) {
    await deleteThing(control.context, actor, 'provider', params.id, version)
    return undefined
  },
  testProvider: ({ params }, { control }) => testProvider(control.context, params.id),

  listModels: ({ query }, { control }) => listModels(control.context, query),
  listPrices: ({ query }, { control }) => listPrices(control.context, query),
  setPrice: ({ params, body }, { control, actor, version }) => setPrice(control.context, actor, params, body, version),
  async deletePrice({ params }, { control, actor, version }) {
    await deletePrice(control.context, actor, params, version)
    return undefined
  },

  listAliases({ query }, { control }) {
    const search = query.search?.toLowerCase()
    const found = entriesOf(control.context, 'alias').filter(
      ({ id }) => search === undefined || id.toLowerCase().includes(search),
    )
    return pageOfAll(found.map(toAlias), query, ({ name }) => name)
  },
  createAlias: async ({ body }, { control, actor }) =>
    toAlias(await createThing(control.context, actor, 'alias', body)),
  getAlias: ({ params }, { control }) => toAlias(entryOf(control.context, 'alias', params.name)),
  updateAlias: async ({ params, body }, { control, actor, version }) =>
    toAlias(await updateThing(control.context, actor, 'alias', params.name, body, version)),
  async deleteAlias({ params }, { control, actor, version }) {
    await deleteThing(control.context, actor, 'alias', params.name, version)
    return undefined
  },

  listLimits: ({ query }, { control: { context } }) =>
    pageOfAll(
      entriesOf(context, 'limit').map((entry) => toLimitView(context, entry)),
      query,
      ({ name }) => name,
    ),
  putLimit: async ({ params, body }, { control: { context }, actor, version }) =>
    toLimitView(context, await putThing(context, actor, 'limit', params.name, body, version)),
  async deleteLimit({ params }, { control, actor, version }) {
    await deleteThing(control.context, actor, 'limit', params.name, version)
    return undefined
  },
  async listBudgets({ query }, { control: { context } }) {
    const page = pageOfAll(entriesOf(context, 'budget'), query, ({ id }) => id)
    return { ...page, data: await Promise.all(page.data.map((entry) => toBudgetView(context, entry))) }
  },
  putBudget: async ({ params, body }, { control: { context }, actor, version }) =>
    toBudgetView(context, await putThing(context, actor, 'budget', params.name, body, version)),
  async deleteBudget({ params }, { control, actor, version }) {
    await deleteThing(control.context, actor, 'budget', params.name, version)
    return undefined
  },
  listGuards: ({ query }, { control: { context } }) =>
    pageOfAll(
      entriesOf(context, 'guard').map((entry) => toGuardView(context, entry)),
      query,
      ({ name }) => name,
    ),
  putGuard: async ({ params, body }, { control: { context }, actor, version }) =>
    toGuardView(context, await putThing(context, actor, 'guard', params.name, body, version)),
  async deleteGuard({ params }, { control, actor, version }) {
    await deleteThing(control.context, actor, 'guard', params.name, version)
    return undefined
  },
  listSections: ({ query }, { control: { context } }) =>
    pageOfAll(entriesOf(context, 'section').map(toSectionView), query, ({ name }) => name),
  putSection: async ({ params, body }, { control: { context }, actor, version }) =>
    toSectionView(await putThing(context, actor, 'section', params.name, body, version)),
  async deleteSection({ params }, { control, actor, version }) {
    await deleteThing(control.context, actor, 'section', params.name, version)
    return undefined
  },

  ...executionRoles,

  createPlaygroundKey: (_, { control, actor }) => createPlaygroundKey(control.context, actor),
  askPlayground: ({ body }, { control, request }) =>
    askPlayground(control.context, request.headers.get(KEY_HEADER), body, request.signal),

  listUsers: ({ query }, { control }) => listUsers(control.context, query),
  inviteUser: ({ body }, { control, actor, linkTo }) => inviteUser(control.context, actor, body, linkTo),
  createOwnerLink: (_, { control, actor, linkTo }) => createOwnerLink(control.context, actor, linkTo),
  getUser: ({ params }, { control }) => getUser(control.context, params.id),
  updateUser: ({ params, body }, { control, actor, version }) =>
    updateUser(control.context, actor, params.id, body, version),
  resetUser: ({ params }, { control, actor, linkTo }) => resetUser(control.context, actor, params.id, linkTo),
  async deleteUser({ params }, { control, actor }) {
    await deleteUser(control.context, actor, params.id)
    return undefined
  },
  listTokens: ({ query }, { control }) => listTokens(control.context, query),
  createToken: ({ body }, { control, actor }) => createToken(control.context, actor, body),
  async revokeToken({ params }, { control, actor }) {
    await revokeToken(control.context, actor, params.id)
    return undefined
  },

  listAudit: ({ query }, { control }) => listAudit(control.context.store.db, query),
  readSettings: (_, { control }) => readSettings(control.context),
  checkConfiguration: ({ body }, { control }) => checkText(control.context, body.text),
}
