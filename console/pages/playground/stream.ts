import { z } from 'zod'
import { askPlayground, KEY_HEADER } from '../../../src/contract/api/playground.ts'
import { addressOf } from '../../../src/contract/client.ts'
import { Problem } from '../../../src/contract/problem.ts'
import { sessionHeaders } from '../../api.ts'

/** What one event of a chat stream, or a whole plain answer, may add; everything else in it is of no interest here. */
const Chunk = z.object({
  choices: z
    .array(
      z.object({
        delta: z
          .object({
            content: z.string().nullish(),
            reasoning_content: z.string().nullish(),
            reasoning: z.string().nullish(),
            tool_calls: z
              .array(
                z.object({
                  index: z.number().optional(),
                  function: z.object({ name: z.string().nullish(), arguments: z.string().nullish() }).optional(),
                }),
              )
              .nullish(),
          })
          .optional(),
        message: z
          .object({
            content: z.string().nullish(),
            reasoning_content: z.string().nullish(),
            tool_calls: z
              .array(z.object({ function: z.object({ name: z.string(), arguments: z.string() }) }))
              .nullish(),
          })
          .optional(),
        finish_reason: z.string().nullish(),
      }),
    )
    .optional(),
  usage: z.object({ prompt_tokens: z.number().nullish(), completion_tokens: z.number().nullish() }).nullish(),
  error: z.object({ message: z.string() }).optional(),
})
type Chunk = z.infer<typeof Chunk>

export type ToolCall = { name: string; arguments: string }

export type Answer = {
  text: string
  reasoning: string
  tools: ToolCall[]
  finish: string | null
  usage: { input: number; output: number } | null
  requestId: string | null
  firstMs: number | null
  totalMs: number | null
  error: string | null
  running: boolean
}

export const EMPTY_ANSWER: Answer = {
  text: '',
  reasoning: '',
  tools: [],
  finish: null,
  usage: null,
  requestId: null,
  firstMs: null,
  totalMs: null,
  error: null,
  running: true,
}

/** An answer with what one chunk adds. */
export function take(answer: Answer, chunk: Chunk): Answer {
  const next = { ...answer }
  if (chunk.error) next.error = chunk.error.message
  if (chunk.usage) next.usage = { input: chunk.usage.prompt_tokens ?? 0, output: chunk.usage.completion_tokens ?? 0 }
  for (const { delta, message, finish_reason } of chunk.choices ?? []) {
    next.text += delta?.content ?? message?.content ?? ''
    next.reasoning += delta?.reasoning_content ?? delta?.reasoning ?? message?.reasoning_content ?? ''
    if (finish_reason) next.finish = finish_reason
    for (const [at, call] of (delta?.tool_calls ?? []).entries()) {
      const tools = [...next.tools]
      const index = call.index ?? at
      const before = tools[index] ?? { name: '', arguments: '' }
      tools[index] = {
        name: before.name + (call.function?.name ?? ''),
        arguments: before.arguments + (call.function?.arguments ?? ''),
      }
      next.tools = tools
    }
    if (message?.tool_calls) next.tools = message.tool_calls.map((call) => ({ ...call.function }))
  }
  return next
}

/** The data of each event in a stream of server-sent events, as they arrive. */
async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    rest += value ?? ''
    const parts = rest.split(/\r?\n\r?\n/)
    rest = parts.pop() ?? ''
    for (const part of parts) {
      const data = part
        .split(/\r?\n/)
        .flatMap((line) => (line.startsWith('data:') ? [line.slice(5).trimStart()] : []))
        .join('\n')
      if (data) yield data
    }
    if (done) return
  }
}

/** Sends one chat request and tells what has come so far, again and again, until the end. */
export async function ask(
  key: string,
  body: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
  tell: (answer: Answer) => void,
): Promise<void> {
  const started = performance.now()
  const since = () => performance.now() - started
  let answer: Answer = EMPTY_ANSWER
  const update = (next: Answer) => tell((answer = next))
  try {
    const response = await fetch(addressOf(askPlayground, {}), {
      method: 'POST',
      headers: { ...sessionHeaders(), [KEY_HEADER]: key, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal,
    })
    update({ ...answer, requestId: response.headers.get('x-request-id') })
    if (!response.ok || !response.headers.get('content-type')?.includes('event-stream')) {
      const said: unknown = JSON.parse(await response.text())
      const refused = Problem.safeParse(said)
      if (refused.success) throw new Error(refused.data.detail)
      const parsed = Chunk.safeParse(said)
      if (!parsed.success) throw new Error(`HTTP ${response.status}`)
      update(take({ ...answer, firstMs: since() }, parsed.data))
    } else if (response.body) {
      for await (const data of events(response.body)) {
        if (data === '[DONE]') break
        const parsed = Chunk.safeParse(JSON.parse(data))
        if (parsed.success) update(take({ ...answer, firstMs: answer.firstMs ?? since() }, parsed.data))
      }
    }
    update({ ...answer, totalMs: since(), running: false })
  } catch (error) {
    const stopped = signal.aborted
    update({
      ...answer,
      totalMs: since(),
      running: false,
      finish: stopped ? 'stopped' : answer.finish,
      error: stopped ? answer.error : error instanceof Error ? error.message : String(error),
    })
  }
}
