import { AppError } from '../errors.ts'
import { newId } from '../lib/id.ts'
import type { Gateway } from './gateway.ts'
import { describeGeminiModel, listGeminiModels } from './gemini-models.ts'
import { handleCall } from './handle.ts'
import { identify } from './identify.ts'
import { describeModel, listModels } from './models.ts'
import { errorResponse, toCallError } from './refuse.ts'
import { dialectOfPath, isDataPlanePath, matchPath, type Match } from './route.ts'

const HOST = /^[A-Za-z0-9._:[\]-]{1,255}$/

/** The valid host of the last call: nearly always this one's too. */
let lastHost = ''

/**
 * The path and query of a request: the router and every check see this same text. Undefined for what a proxy could read in two ways:
 * two Host headers, a host that is none, a target that is no path. (Bun has resolved dot segments and absolute-form targets by now.)
 */
export function splitTarget(request: Request): { path: string; query: string } | undefined {
  const host = request.headers.get('host')
  const { url } = request
  if (host !== null && host !== lastHost) {
    if (!HOST.test(host)) return undefined
    lastHost = host
  }
  const scheme = url.startsWith('http://') ? 7 : url.startsWith('https://') ? 8 : -1
  const from = scheme > 0 ? url.indexOf('/', scheme) : url.startsWith('/') ? 0 : -1
  if (from < 0) return undefined
  const target = url.slice(from)
  const mark = target.indexOf('?')
  return mark < 0 ? { path: target, query: '' } : { path: target.slice(0, mark), query: target.slice(mark + 1) }
}

/** The data plane's part of the server. Undefined means that the address is not one of its own. */
export function createGatewayHandler(
  gateway: Gateway,
): (request: Request, path: string, query: string) => Promise<Response> | undefined {
  return (request, path, query) => {
    const match = matchPath(path)
    if (match?.kind === 'call') return handleCall(gateway, request, match, query)
    // A method of Gemini's that nobody knows looks like a model's name with a colon in it.
    if (match && !(match.gemini && request.method === 'POST'))
      return Promise.resolve(models(gateway, request, match, path, query))
    if (isDataPlanePath(path)) return Promise.resolve(unknownPath(request.method, path))
    return undefined
  }
}

function models(
  gateway: Gateway,
  request: Request,
  match: Extract<Match, { kind: 'models' }>,
  path: string,
  query: string,
): Response {
  const id = newId('call')
  try {
    const snapshot = gateway.snapshot()
    const parameters = new URLSearchParams(query)
    const key = identify(snapshot, request.headers, parameters.get('key') ?? undefined)
    if (request.method !== 'GET')
      throw new AppError('method_not_allowed', `${request.method} is not possible here: use GET`)
    const { model, gemini } = match
    const list = () => (gemini ? listGeminiModels(snapshot, key, parameters) : listModels(snapshot, key))
    const body = model === undefined ? list() : (gemini ? describeGeminiModel : describeModel)(snapshot, key, model)
    return Response.json(body, { headers: { 'x-request-id': id } })
  } catch (error) {
    const callError = toCallError(error)
    const allow = callError.code === 'method_not_allowed' ? { allow: 'GET' } : undefined
    return errorResponse(callError, dialectOfPath(path), id, allow)
  }
}

function unknownPath(method: string, path: string): Response {
  const shown = path.length > 200 ? `${path.slice(0, 200)}…` : path
  const error = new AppError('unknown_path', `${method} ${shown} does not exist: see the list of paths in docs/api.md`)
  return errorResponse(toCallError(error), dialectOfPath(path), newId('call'))
}
