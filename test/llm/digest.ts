// Reduces answers to what must survive every translation, so that they can be compared.
import { parseArguments } from '../../src/llm/partial-json.ts'
import type { Choice, Part, Result, StreamPart, Usage } from '../../src/llm/spec.ts'
import { cacheWrites } from '../../src/llm/usage.ts'

export type Digest = {
  readonly text: string
  readonly reasoning: string
  readonly seals: readonly string[]
  readonly calls: readonly {
    readonly name: string
    readonly arguments: unknown
    readonly signature?: string | undefined
  }[]
  readonly finish: string
  readonly usage: Record<string, number> | undefined
}

/** Arguments that were cut are closed where they end, as the formats do that take only objects. */
const parsed = (text: string): unknown => parseArguments(text)

const counts = (usage: Usage) => ({
  inputUncached: usage.inputUncached,
  cacheRead: usage.cacheRead,
  cacheWrite: cacheWrites(usage),
  output: usage.output,
  reasoning: usage.reasoning,
})

function digestChoice(choice: Choice): Omit<Digest, 'usage'> {
  const of = <T extends Part['type']>(type: T) =>
    choice.content.filter((part): part is Extract<Part, { type: T }> => part.type === type)
  const calls = of('tool-call')
  const { unified } = choice.finish
  return {
    // Two of the formats have no word for a refusal: there it is text.
    text: choice.content.map((part) => (part.type === 'text' || part.type === 'refusal' ? part.text : '')).join(''),
    reasoning: of('reasoning')
      .map((part) => part.text)
      .join(''),
    seals: of('reasoning')
      .filter((part) => !part.provesCall && (part.signature !== undefined || part.redacted !== undefined))
      .map((part) => `${part.signature ?? ''}|${part.redacted ?? ''}`),
    calls: calls.map((call) => ({
      name: call.name,
      arguments: call.custom ? { input: call.arguments } : parsed(call.arguments),
      signature: call.signature,
    })),
    finish:
      unified === 'stop' && calls.length > 0
        ? 'tool-calls'
        : unified === 'error' || unified === 'other'
          ? 'stop'
          : unified,
  }
}

export function digest(result: Result): Digest {
  const choice = result.choices[0]
  if (choice === undefined) throw new Error('no choice')
  return { ...digestChoice(choice), usage: result.usage === undefined ? undefined : counts(result.usage) }
}

/** The parts of a stream as a whole answer; throws the error that the stream ended with. */
export function collect(parts: readonly StreamPart[]): Result {
  const choices = new Map<number, { blocks: Map<number, Part>; finish?: Choice['finish'] }>()
  const owner = new Map<number, number>()
  let usage: Usage | undefined
  let start: Extract<StreamPart, { type: 'response-start' }> | undefined
  let ended = false
  const of = (choice: number) => {
    let state = choices.get(choice)
    if (!state) choices.set(choice, (state = { blocks: new Map() }))
    return state
  }
  const put = (index: number, choice: number | undefined, part: Part) => {
    owner.set(index, choice ?? 0)
    if (of(choice ?? 0).blocks.has(index)) throw new Error(`block ${index} started twice`)
    of(choice ?? 0).blocks.set(index, part)
  }
  const change = (index: number, type: Part['type'], edit: (part: any) => Part) => {
    const state = of(owner.get(index) ?? 0)
    const part = state.blocks.get(index)
    if (part?.type !== type) throw new Error(`${type} ${index} was not started`)
    state.blocks.set(index, edit(part))
  }
  for (const part of parts) {
    if (ended) throw new Error(`${part.type} after the end`)
    switch (part.type) {
      case 'response-start':
        if (start) throw new Error('started twice')
        start = part
        break
      case 'text-start':
        put(part.index, part.choice, { type: 'text', text: '' })
        break
      case 'text-delta':
        change(part.index, 'text', (text) => ({ ...text, text: text.text + part.text }))
        break
      case 'text-end':
        change(part.index, 'text', (text) => ({ ...text, ...(part.signature ? { signature: part.signature } : {}) }))
        break
      case 'refusal-start':
        put(part.index, part.choice, { type: 'refusal', text: '' })
        break
      case 'refusal-delta':
        change(part.index, 'refusal', (text) => ({ ...text, text: text.text + part.text }))
        break
      case 'reasoning-start':
        put(part.index, part.choice, { type: 'reasoning', text: '', ...(part.itemId ? { itemId: part.itemId } : {}) })
        break
      case 'reasoning-delta':
        change(part.index, 'reasoning', (text) => ({ ...text, text: text.text + part.text }))
        break
      case 'reasoning-end': {
        const { type: _type, index: _index, ...seal } = part
        change(part.index, 'reasoning', (text) => ({ ...text, ...seal }))
        break
      }
      case 'tool-call-start': {
        const { type: _type, index, choice, ...call } = part
        put(index, choice, { type: 'tool-call', ...call, arguments: '' })
        break
      }
      case 'tool-call-delta':
        change(part.index, 'tool-call', (call) => ({ ...call, arguments: call.arguments + part.arguments }))
        break
      case 'tool-call-end':
        change(part.index, 'tool-call', (call) => ({
          ...call,
          ...(part.signature ? { signature: part.signature } : {}),
        }))
        break
      case 'media':
        put(part.index, part.choice, part.part)
        break
      case 'native':
        put(part.index, part.choice, part.part)
        break
      case 'usage':
        usage = part.usage
        break
      case 'finish':
        of(part.choice ?? 0).finish = part.reason
        break
      case 'error':
        throw Object.assign(new Error(part.error.message), { callError: part.error })
      case 'response-end':
        ended = true
        break
      default:
        break
    }
  }
  if (!ended) throw new Error('the stream has no last part')
  return {
    id: start?.id ?? '',
    model: start?.model ?? '',
    created: start?.created ?? 0,
    choices: [...choices].map(([index, state]) => ({
      index,
      content: [...state.blocks].sort(([one], [other]) => one - other).map(([, part]) => part),
      finish: state.finish ?? { unified: 'other' },
    })),
    ...(usage ? { usage } : {}),
  }
}
