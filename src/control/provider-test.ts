import { isReference } from '../config/reference.ts'
import type { ProviderTest } from '../contract/api/providers.ts'
import type { Provider } from '../contract/provider.ts'
import { AppError } from '../errors.ts'
import { homeOf, urlAt } from '../llm/address.ts'
import { isDynamic, staticProof } from '../llm/auth/authorize.ts'
import { findProvider } from '../llm/providers.ts'
import { unknownType } from '../snapshot/describe-provider.ts'
import type { Context } from './context.ts'
import { entryOf } from './things.ts'

const TIMEOUT_MS = 10_000
const LARGEST_ANSWER = 5_000_000

type Send = (url: string, init: RequestInit) => Promise<Response>

/** What a test needs to know of a provider. */
type Subject = Pick<Provider, 'id' | 'type' | 'base_url' | 'variables' | 'headers'> & {
  readonly secret: string | undefined
}

/** Asks the vendor of a provider that is set up for its models: that costs nothing and proves address and key. */
export async function testProvider(context: Context, id: string, send: Send = fetch): Promise<ProviderTest> {
  const { value } = entryOf(context, 'provider', id)
  const source = context.live.merged().source.providers.find((provider) => provider.id === id)
  const problem = context.live.merged().problems.get(`provider ${id}`)
  if (problem) return failed(`The key cannot be used: ${problem}.`, 0, null)
  return ask({ ...value, secret: source?.credentials[0]?.secret }, send, context.clock)
}

/** The same before anything is saved. */
export async function testDraft(
  { clock }: Pick<Context, 'clock'>,
  provider: Provider,
  send: Send = fetch,
): Promise<ProviderTest> {
  const secret = provider.api_key ?? provider.api_keys?.[0]?.secret
  if (secret !== undefined && isReference(secret)) {
    throw new AppError('invalid_request', 'api_key: references belong in portreeve.yaml; enter the key itself.', {
      field: 'api_key',
    })
  }
  return ask({ ...provider, secret }, send, clock)
}

async function ask(subject: Subject, send: Send, clock: () => number): Promise<ProviderTest> {
  const vendor = findProvider(subject.type)
  if (!vendor) throw new AppError('invalid_request', `${unknownType(subject.type).message}.`, { field: 'type' })
  if (vendor.baseUrl === 'demo:')
    return {
      ok: true,
      detail: 'The built-in demo provider always answers.',
      duration_ms: 0,
      status: null,
      models: null,
    }
  if (isDynamic(vendor.auth, subject.secret)) {
    const how = subject.secret
      ? 'This credential is exchanged for a token when a call is made'
      : 'This vendor signs with the credentials of the machine'
    return failed(`${how}: make a call from the playground to test it.`, 0, null)
  }
  const place = homeOf(vendor, { baseUrl: subject.base_url?.replace(/\/+$/, ''), variables: subject.variables })
  const proof = staticProof(place.auth, subject.secret)
  const url = urlAt(place, '/models', '', proof.query ?? '')
  const { host, origin } = new URL(url)
  const started = clock()
  try {
    const answer = await send(url, {
      headers: { accept: 'application/json', ...place.quirks.headers, ...subject.headers, ...proof.headers },
      // A redirect would carry the key to an address that nobody entered.
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    const duration = clock() - started
    const text = (await answer.text()).slice(0, LARGEST_ANSWER)
    return judge(answer.status, text, duration, origin, subject.secret !== undefined)
  } catch (error) {
    return failed(notReached(error, host), clock() - started, null)
  }
}

function judge(status: number, text: string, duration: number, origin: string, hasKey: boolean): ProviderTest {
  if (status >= 200 && status < 300) {
    const models = modelsIn(text)
    const listed = models
      ? `It lists ${models.length === 1 ? 'one model' : `${models.length} models`}.`
      : 'It does not say which models it has.'
    return {
      ok: true,
      detail: `${origin} answered in ${Math.round(duration)} ms and took the ${hasKey ? 'key' : 'request'}. ${listed}`,
      duration_ms: duration,
      status,
      models,
    }
  }
  if (status === 401 || status === 403) {
    return failed(
      hasKey
        ? `${origin} refused the key (${status}): check that it is whole, not expired, and of this vendor.`
        : `${origin} asks for a key (${status}): enter one.`,
      duration,
      status,
    )
  }
  if (status === 404 || status === 405) {
    return {
      ...failed(
        `${origin} answers, but has no list of models (${status}), so the key is not proven. If base_url was given, check that its path is right, most often /v1.`,
        duration,
        status,
      ),
      ok: false,
    }
  }
  if (status === 429)
    return failed(
      `${origin} knows the caller but refuses for now (429): the vendor's limit or balance is used up.`,
      duration,
      status,
    )
  if (status >= 300 && status < 400)
    return failed(
      `${origin} sends callers elsewhere (${status}): enter the address it moved to as base_url.`,
      duration,
      status,
    )
  return failed(
    `${origin} answered ${status}: ${status >= 500 ? 'the vendor has a fault; try later.' : 'it does not understand the request; check base_url.'}`,
    duration,
    status,
  )
}

function notReached(error: unknown, host: string): string {
  const { name, code = '' } = error as { name?: string; code?: string }
  if (name === 'TimeoutError')
    return `${host} did not answer within ${TIMEOUT_MS / 1000} s: check the address, and whether a firewall lets the gateway out.`
  if (/ENOTFOUND|EAI_AGAIN|DNS/i.test(code))
    return `${host} is not a name that can be found: check base_url and the DNS of this machine.`
  if (/REFUSED/i.test(code)) return `${host} refused the connection: is the server running, and on that port?`
  if (/CERT|SSL|TLS|SELF_SIGNED/i.test(code)) return `The certificate of ${host} cannot be trusted (${code}).`
  return `${host} cannot be reached (${code || name || 'unknown reason'}): check base_url and the network.`
}

function failed(detail: string, duration: number, status: number | null): ProviderTest {
  return { ok: false, detail, duration_ms: duration, status, models: null }
}

function modelsIn(text: string): string[] | null {
  try {
    const body = JSON.parse(text) as { data?: { id?: unknown }[]; models?: { id?: unknown; name?: unknown }[] } | null
    const list = Array.isArray(body) ? (body as { id?: unknown }[]) : (body?.data ?? body?.models)
    if (!Array.isArray(list)) return null
    return list.flatMap((model: { id?: unknown; name?: unknown }) => {
      const name = model.id ?? model.name
      return typeof name === 'string' ? [name.replace(/^models\//, '')] : []
    })
  } catch {
    return null
  }
}
