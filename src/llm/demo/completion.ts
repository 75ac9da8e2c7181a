import { answerChat, type ChatAnswer } from './chat.ts'
import { delays, type Pace } from './pace.ts'
import { pieces } from './tokens.ts'

type Fields = { readonly [key: string]: unknown }

/** The older text completion, answered by the same words as a chat of one user message; each prompt of a list has its own choices. */
export function answerCompletion(request: Fields, model: string, nowMs: number): ChatAnswer {
  const { max_tokens, stop, n, seed } = request
  const [first, ...others] = promptsOf(request['prompt']).map((prompt) =>
    answerChat({ messages: [{ role: 'user', content: prompt }], max_tokens, stop, n, seed }, model, nowMs),
  )
  return others.reduce(joined, first!)
}

function promptsOf(given: unknown): string[] {
  if (!Array.isArray(given) || given.length === 0) return [typeof given === 'string' ? given : '']
  if (given.every((each) => typeof each === 'number')) return [given.join(' ')]
  return given.map((each: unknown) => (Array.isArray(each) ? each.join(' ') : String(each)))
}

function joined(left: ChatAnswer, right: ChatAnswer): ChatAnswer {
  const sum = (count: 'prompt_tokens' | 'completion_tokens' | 'total_tokens') => left.usage[count] + right.usage[count]
  return {
    ...left,
    choices: [...left.choices, ...right.choices],
    usage: {
      ...left.usage,
      prompt_tokens: sum('prompt_tokens'),
      completion_tokens: sum('completion_tokens'),
      total_tokens: sum('total_tokens'),
    },
  }
}

const head = ({ id, created, model }: ChatAnswer) => ({
  id: id.replace('chatcmpl', 'cmpl'),
  object: 'text_completion',
  created,
  model,
})

export function plainCompletion(answer: ChatAnswer): object {
  const choices = answer.choices.map(({ content, finish }, index) => ({
    text: content,
    index,
    logprobs: null,
    finish_reason: finish,
  }))
  return { ...head(answer), choices, usage: answer.usage }
}

export async function* streamCompletion(
  answer: ChatAnswer,
  withUsage: boolean,
  pace: Pace,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  const event = (choices: readonly object[], extra: object = {}) =>
    encoder.encode(`data: ${JSON.stringify({ ...head(answer), choices, ...extra })}\n\n`)
  const delayOf = delays(answer.usage.completion_tokens)
  let sent = 0
  for (const [index, { content, finish }] of answer.choices.entries()) {
    for (const text of pieces(content)) {
      await pace.wait(delayOf(sent++), signal)
      yield event([{ text, index, logprobs: null, finish_reason: null }])
    }
    yield event([{ text: '', index, logprobs: null, finish_reason: finish }])
  }
  if (withUsage) yield event([], { usage: answer.usage })
  yield encoder.encode('data: [DONE]\n\n')
}
