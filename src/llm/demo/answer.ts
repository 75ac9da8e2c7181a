import { AppError } from '../../errors.ts'
import type { JsonObject } from '../spec.ts'
import { answerChat, plainChat, streamChat } from './chat.ts'
import { checkChat, checkCompletion } from './check.ts'
import { answerEmbeddings, answerImages, answerModerations, answerRerank, type Problem } from './others.ts'
import { answerCompletion, plainCompletion, streamCompletion } from './completion.ts'
import { DEMO_MODELS, isDemoModel, type DemoModel } from './models.ts'
import { realPace, type Pace } from './pace.ts'
import type { ChatRequest } from './request.ts'

export type DemoRequest = {
  readonly method: string
  /** Path below the base address, with or without `/v1`: `/chat/completions`. */
  readonly path: string
  readonly body: Uint8Array
  readonly signal: AbortSignal
}

/** An upstream's answer without a socket. A stream ends by itself or throws the signal's reason. */
export type DemoAnswer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | AsyncIterable<Uint8Array>
}

export type DemoOptions = { readonly pace?: Pace; readonly now?: () => number }

type Fields = { readonly [key: string]: unknown }

/**
 * Answers as an OpenAI-compatible vendor would, from inside the process: chat, embeddings, rerank, moderations, images and models.
 * Everything follows from the request alone; only `created` and the pace of streams depend on the clock.
 */
export function demoAnswer(request: DemoRequest, { pace = realPace, now = Date.now }: DemoOptions = {}): DemoAnswer {
  const path = request.path.replace(/\?.*$/, '').replace(/^\/v1(?=\/)/, '')
  if (path === '/models') return models(now())
  if (request.method !== 'POST') return failure(405, 'invalid_request_error', `the demo takes POST on ${path}`, null)
  const fields = parse(request.body)
  if (!fields) return failure(400, 'invalid_request_error', 'the body is not a JSON object', null)
  if (!isDemoModel(fields['model'])) return unknownModel(fields['model'])
  if (fields['model'] === 'unavailable')
    return failure(503, 'server_error', 'the model demo/unavailable is always unavailable', 'overloaded', {
      'retry-after': '1',
    })
  const streamed = { pace, signal: request.signal }
  switch (path) {
    case '/chat/completions':
      return chat(fields, fields['model'], streamed, now())
    case '/completions':
      return completion(fields, fields['model'], streamed, now())
    case '/embeddings':
      return embeddings(fields, fields['model'])
    case '/rerank':
      return answered(answerRerank(fields))
    case '/moderations':
      return answered(answerModerations(fields))
    case '/images/generations':
      return answered(answerImages(fields, now()))
    default:
      return failure(404, 'invalid_request_error', `the demo has no ${path}`, 'unknown_url')
  }
}

type Streamed = { readonly pace: Pace; readonly signal: AbortSignal }

function chat(request: ChatRequest, model: DemoModel, { pace, signal }: Streamed, nowMs: number): DemoAnswer {
  if (DEMO_MODELS[model].kind !== 'chat') return wrongKind(model)
  const refused = refusalOf(() => checkChat(request as JsonObject))
  if (refused) return refused
  const answer = answerChat(request, model, nowMs)
  if (request.stream !== true) return json(200, plainChat(answer))
  return events(answer.id, streamChat(answer, wantsUsage(request), pace, signal))
}

function completion(request: Fields, model: DemoModel, { pace, signal }: Streamed, nowMs: number): DemoAnswer {
  if (DEMO_MODELS[model].kind !== 'chat') return wrongKind(model)
  const refused = refusalOf(() => checkCompletion(request as JsonObject))
  if (refused) return refused
  const answer = answerCompletion(request, model, nowMs)
  if (request['stream'] !== true) return json(200, plainCompletion(answer))
  return events(answer.id, streamCompletion(answer, wantsUsage(request), pace, signal))
}

function embeddings(request: Fields, model: DemoModel): DemoAnswer {
  if (DEMO_MODELS[model].kind === 'embedding') return answered(answerEmbeddings(request))
  return failure(400, 'invalid_request_error', `demo/${model} makes no embeddings; use demo/embed`, null, {}, 'model')
}

function refusalOf(check: () => void): DemoAnswer | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return failure(400, 'invalid_request_error', error.message, null, {}, error.details.field ?? null)
  }
}

const wantsUsage = ({ stream_options }: ChatRequest): boolean => stream_options?.include_usage === true

function events(id: string, body: AsyncIterable<Uint8Array>): DemoAnswer {
  return { status: 200, headers: { 'content-type': 'text/event-stream; charset=utf-8', 'x-request-id': id }, body }
}

function wrongKind(model: DemoModel): DemoAnswer {
  return failure(400, 'invalid_request_error', `demo/${model} does not write text; use demo/parley`, null, {}, 'model')
}

function parse(body: Uint8Array): Fields | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined
  } catch {
    return undefined
  }
}

function models(nowMs: number): DemoAnswer {
  const created = Math.floor(nowMs / 1000)
  const data = Object.keys(DEMO_MODELS).map((id) => ({ id, object: 'model', created, owned_by: 'portreeve' }))
  return json(200, { object: 'list', data })
}

function unknownModel(model: unknown): DemoAnswer {
  const known = Object.keys(DEMO_MODELS).join(', ')
  return failure(
    404,
    'invalid_request_error',
    `the demo has no model ${JSON.stringify(model ?? null)}; it has ${known}`,
    'model_not_found',
    {},
    'model',
  )
}

function answered(answer: object | Problem): DemoAnswer {
  if ('problem' in answer && 'field' in answer)
    return failure(400, 'invalid_request_error', answer.problem, null, {}, answer.field)
  return json(200, answer)
}

function failure(
  status: number,
  type: string,
  message: string,
  code: string | null,
  headers: Readonly<Record<string, string>> = {},
  param: string | null = null,
): DemoAnswer {
  return json(status, { error: { message, type, param, code } }, headers)
}

function json(status: number, value: object, headers: Readonly<Record<string, string>> = {}): DemoAnswer {
  const body = new TextEncoder().encode(JSON.stringify(value))
  return { status, headers: { 'content-type': 'application/json', ...headers }, body }
}
