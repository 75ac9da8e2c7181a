import { logprobsOf, type TokenLogprob } from './logprobs.ts'
import { delays, type Pace } from './pace.ts'
import { answerSchema, chooseTools, readConversation, type ChatRequest, type Tool } from './request.ts'
import { sample } from './schema.ts'
import { countTokens, hashOf, pieces } from './tokens.ts'
import { answerTo, reportOn, thoughtsOn } from './words.ts'

type Call = { readonly id: string; readonly name: string; readonly text: string }
type Finish = 'stop' | 'length' | 'tool_calls'

/** One choice of an answer, before it is written plain or streamed. */
type Choice = {
  readonly reasoning: string
  readonly content: string
  readonly calls: readonly Call[]
  readonly finish: Finish
}

/** A whole answer, already decided: streaming it only spreads the same text over time. */
export type ChatAnswer = {
  readonly id: string
  readonly created: number
  readonly model: string
  readonly choices: readonly Choice[]
  readonly usage: Usage
  /** Undefined where nobody asked. */
  readonly logprobOf?: ((piece: string) => TokenLogprob) | undefined
}

type Usage = {
  readonly prompt_tokens: number
  readonly completion_tokens: number
  readonly total_tokens: number
  readonly prompt_tokens_details: { readonly cached_tokens: number }
  readonly completion_tokens_details: { readonly reasoning_tokens: number }
}

export function answerChat(request: ChatRequest, model: string, nowMs: number): ChatAnswer {
  const conversation = readConversation(request)
  const count = whole(request.n) ?? 1
  const choices = Array.from({ length: count }, (_, index) => choose(request, model, conversation, index))
  const prompt =
    countTokens(conversation.everything) + countTokens(request.tools ? JSON.stringify(request.tools) : '') + 3
  const reasoning = choices.reduce((sum, choice) => sum + countTokens(choice.reasoning), 0)
  const completion = choices.reduce(
    (sum, { content, calls }) =>
      sum + countTokens(content) + calls.reduce((all, call) => all + countTokens(call.text) + 2, 0),
    reasoning,
  )
  return {
    id: `chatcmpl-demo-${hashOf(JSON.stringify(request)).toString(36)}`,
    created: Math.floor(nowMs / 1000),
    model,
    choices,
    logprobOf: logprobsOf(request),
    usage: {
      prompt_tokens: prompt,
      completion_tokens: completion,
      total_tokens: prompt + completion,
      prompt_tokens_details: { cached_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: reasoning },
    },
  }
}

function choose(
  request: ChatRequest,
  model: string,
  conversation: ReturnType<typeof readConversation>,
  index: number,
): Choice {
  const { prompt, results } = conversation
  const thinks = model === 'parley-reasoning' && request.reasoning_effort !== 'none'
  const reasoning = thinks ? thoughtsOn(prompt) : ''
  const tools = chooseTools(request, conversation)
  if (tools.length) {
    const calls = tools.map((tool, at) => callOf(tool, prompt, index * tools.length + at))
    return { reasoning, content: '', calls, finish: 'tool_calls' }
  }
  const schema = answerSchema(request)
  const seed = (whole(request.seed) ?? 0) + index
  const text = results.length ? reportOn(results, prompt) : answerTo(prompt, seed, conversation)
  const said = schema
    ? JSON.stringify(Object.keys(schema).length ? sample(schema, prompt) : { answer: text })
    : untilStop(text, request.stop)
  const most = whole(request.max_completion_tokens) ?? whole(request.max_tokens) ?? Infinity
  const kept = pieces(said).slice(0, Math.max(0, most - countTokens(reasoning)))
  const content = kept.join('')
  return { reasoning, content, calls: [], finish: content.length < said.length ? 'length' : 'stop' }
}

function callOf(tool: Tool, prompt: string, at: number): Call {
  const text = JSON.stringify(sample({ type: 'object', ...tool.parameters }, prompt))
  return { id: `call_demo_${hashOf(`${at} ${tool.name} ${prompt}`).toString(36)}`, name: tool.name, text }
}

function untilStop(text: string, stop: unknown): string {
  const marks = (Array.isArray(stop) ? stop : [stop]).filter((mark) => typeof mark === 'string' && mark !== '')
  const cuts = marks.map((mark) => text.indexOf(String(mark))).filter((at) => at >= 0)
  return text.slice(0, Math.min(text.length, ...cuts))
}

const whole = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined

export function plainChat({ id, created, model, choices, usage, logprobOf }: ChatAnswer): object {
  return {
    id,
    object: 'chat.completion',
    created,
    model,
    choices: choices.map(({ reasoning, content, calls, finish }, index) => ({
      index,
      message: {
        role: 'assistant',
        content: calls.length ? null : content,
        refusal: null,
        ...(reasoning && { reasoning_content: reasoning }),
        ...(calls.length && {
          tool_calls: calls.map((call) => ({
            id: call.id,
            type: 'function',
            function: { name: call.name, arguments: call.text },
          })),
        }),
      },
      logprobs: logprobOf && !calls.length ? { content: pieces(content).map(logprobOf), refusal: null } : null,
      finish_reason: finish,
    })),
    usage,
    system_fingerprint: 'fp_portreeve_demo',
  }
}

type Delta = { readonly content?: string | null; readonly [field: string]: unknown }

/** The same answer as chat chunks, one piece at a time; `usage` is sent last when it was asked for. */
export async function* streamChat(
  { id, created, model, choices, usage, logprobOf }: ChatAnswer,
  withUsage: boolean,
  pace: Pace,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  const event = (choice: object | undefined, extra: object = {}) =>
    encoder.encode(
      `data: ${JSON.stringify({
        id,
        object: 'chat.completion.chunk',
        created,
        model,
        system_fingerprint: 'fp_portreeve_demo',
        choices: choice ? [choice] : [],
        ...(withUsage && { usage: null }),
        ...extra,
      })}\n\n`,
    )
  const delayOf = delays(usage.completion_tokens)
  let sent = 0
  for (const [index, choice] of choices.entries()) {
    await pace.wait(delayOf(sent), signal)
    const delta = (part: Delta, said?: string | null) => {
      const logprobs = said && logprobOf ? { content: [logprobOf(said)], refusal: null } : null
      return event({ index, delta: part, logprobs, finish_reason: null })
    }
    yield delta({ role: 'assistant', content: choice.calls.length ? null : '', refusal: null })
    for (const part of partsOf(choice)) {
      if (sent++) await pace.wait(delayOf(sent), signal)
      yield delta(part, part.content)
    }
    yield event({ index, delta: {}, logprobs: null, finish_reason: choice.finish })
  }
  if (withUsage) yield event(undefined, { usage })
  yield encoder.encode('data: [DONE]\n\n')
}

function* partsOf({ reasoning, content, calls }: Choice): Generator<Delta> {
  for (const piece of pieces(reasoning)) yield { reasoning_content: piece }
  for (const piece of pieces(content)) yield { content: piece }
  for (const [index, { id, name, text }] of calls.entries()) {
    yield { tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] }
    for (const piece of pieces(text)) yield { tool_calls: [{ index, function: { arguments: piece } }] }
  }
}
