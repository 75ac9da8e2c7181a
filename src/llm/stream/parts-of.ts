// A whole answer told as the events of a stream, for vendors that answer in one piece where a stream was asked for.
import type { Part, Result, StreamPart } from '../spec.ts'

/** The events, in the order of the answer's parts. Throws nothing: what no event can carry is left out. */
export function* partsOf({ id, model, created, choices, usage, sources, metadata }: Result): Generator<StreamPart> {
  yield { type: 'response-start', id, model, created, ...(metadata && { metadata }) }
  let index = 0
  for (const choice of choices) {
    const which = choice.index === 0 ? {} : { choice: choice.index }
    let { logprobs } = choice
    for (const part of choice.content) {
      yield* eventsOf(part, index++, which, part.type === 'text' ? logprobs : undefined)
      if (part.type === 'text') logprobs = undefined
    }
    yield { type: 'finish', ...which, reason: choice.finish }
  }
  for (const source of sources ?? []) yield { type: 'source', source }
  if (usage) yield { type: 'usage', usage }
  yield { type: 'response-end' }
}

type Which = { readonly choice?: number }
type Logprobs = Result['choices'][number]['logprobs']

function* eventsOf(part: Part, index: number, which: Which, logprobs: Logprobs): Generator<StreamPart> {
  switch (part.type) {
    case 'text':
      yield { type: 'text-start', index, ...which }
      yield { type: 'text-delta', index, text: part.text, ...(logprobs && { logprobs }) }
      for (const source of part.citations ?? []) yield { type: 'source', index, source }
      return yield { type: 'text-end', index, ...(part.signature !== undefined && { signature: part.signature }) }
    case 'refusal':
      yield { type: 'refusal-start', index, ...which }
      yield { type: 'refusal-delta', index, text: part.text }
      return yield { type: 'refusal-end', index }
    case 'reasoning': {
      const { type: _, text, itemId, summary, cache: __, ...proof } = { cache: undefined, ...part }
      const begun = { ...(itemId !== undefined && { itemId }), ...(summary !== undefined && { summary }) }
      yield { type: 'reasoning-start', index, ...which, ...begun }
      if (text !== '') yield { type: 'reasoning-delta', index, text }
      return yield { type: 'reasoning-end', index, ...proof }
    }
    case 'tool-call': {
      const { id, name, custom, itemId, signature } = part
      const begun = { ...(custom !== undefined && { custom }), ...(itemId !== undefined && { itemId }) }
      const proof = signature === undefined ? {} : { signature }
      yield { type: 'tool-call-start', index, ...which, id, name, ...begun, ...proof }
      if (part.arguments !== '') yield { type: 'tool-call-delta', index, arguments: part.arguments }
      return yield { type: 'tool-call-end', index, ...proof }
    }
    case 'image':
    case 'audio':
      return yield { type: 'media', index, ...which, part }
    case 'native':
      return yield { type: 'native', index, ...which, part }
  }
}
