import { AppError } from '../errors.ts'
import { newId } from '../lib/id.ts'
import { Answer, headerLine } from './downstream/answer.ts'
import type { Inbound } from './downstream/inbound.ts'
import type { Gateway } from './gateway.ts'
import { describeGeminiModel, listGeminiModels } from './gemini-models.ts'
import { handleCall } from './handle.ts'
import { identify } from './identify.ts'
import { describeModel, listModels } from './models.ts'
import { errorAnswer, toCallError } from './refuse.ts'
import { dialectOfPath, isDataPlanePath, matchPath, type Match } from './route.ts'
import { handleStored } from './kept/stored.ts'

/** The data plane's part of the server. Undefined means that the address is not one of its own. */
export function createGatewayHandler(gateway: Gateway): (request: Inbound) => Promise<Answer> | Answer | undefined {
  return (request) => {
    const match = matchPath(request.path)
    if (match?.kind === 'call') return handleCall(gateway, request, match)
    if (match?.kind === 'stored') return handleStored(gateway, request, match)
    // A method of Gemini's that nobody knows looks like a model's name with a colon in it.
    if (match && !(match.gemini && request.method === 'POST')) return models(gateway, request, match)
    return isDataPlanePath(request.path) ? unknownPath(request) : undefined
  }
}

function models(gateway: Gateway, request: Inbound, match: Extract<Match, { kind: 'models' }>): Answer {
  const id = newId('call')
  try {
    const snapshot = gateway.snapshot()
    const parameters = new URLSearchParams(request.query)
    const key = identify(snapshot, request, parameters.get('key') ?? undefined)
    if (request.method !== 'GET')
      throw new AppError('method_not_allowed', `${request.method} is not possible here: use GET`)
    const { model, gemini } = match
    const list = () => (gemini ? listGeminiModels(snapshot, key, parameters) : listModels(snapshot, key))
    const body = model === undefined ? list() : (gemini ? describeGeminiModel : describeModel)(snapshot, key, model)
    return new Answer(200, `content-type: application/json\r\n${headerLine('x-request-id', id)}`, JSON.stringify(body))
  } catch (error) {
    const callError = toCallError(error)
    const allow = callError.code === 'method_not_allowed' ? headerLine('allow', 'GET') : ''
    return errorAnswer(callError, dialectOfPath(request.path), id, allow)
  }
}

/** The answer at an address where there is nothing. */
export function unknownPath({ method, path }: Inbound): Answer {
  const shown = path.length > 200 ? `${path.slice(0, 200)}…` : path
  const error = new AppError('unknown_path', `${method} ${shown} does not exist: see the list of paths in docs/api.md`)
  return errorAnswer(toCallError(error), dialectOfPath(path), newId('call'))
}
