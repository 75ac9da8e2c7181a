import { answerChat, type ChatAnswer } from './chat.ts'
import { delays, type Pace } from './pace.ts'
import { pieces } from './tokens.ts'

type Fields = { readonly [key: string]: unknown }

/** The older text completion, answered by the same words as a chat of one user message. */
export function answerCompletion(request: Fields, model: string, nowMs: number): ChatAnswer {
  const given = request['prompt']
  const prompt = Array.isArray(given) ? given.join('\n') : typeof given === 'string' ? given : ''
  const { max_tokens, stop, n, seed } = request
  return answerChat({ messages: [{ role: 'user', content: prompt }], max_tokens, stop, n, seed }, model, nowMs)
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
