// What the fake vendors answer, whatever format they speak. The model's name ends with `--scenario`.

/** What a vendor understood of a request. */
export type Ask = {
  readonly model: string
  readonly stream: boolean
  /** Media type and size in bytes of each image that came. */
  readonly images: readonly string[]
  readonly results: readonly { readonly id: string; readonly text: string }[]
  readonly tools: readonly string[]
  /** The tool that must be called, or `*` for any. */
  readonly forced?: string | undefined
  readonly schema: boolean
  /** Proofs of earlier thinking that came back. */
  readonly seals: readonly string[]
  readonly thinks: boolean
}

export type Answer = {
  readonly reasoning?: { readonly text: string; readonly seal: string }
  readonly text?: string
  readonly calls?: readonly { readonly id: string; readonly name: string; readonly args: Record<string, unknown> }[]
  readonly refusal?: string
  readonly finish: 'stop' | 'tools' | 'length' | 'refusal'
  /** Fails with this status before anything is sent. */
  readonly error?: number
  /** Fails after the first words. */
  readonly breaks?: boolean
}

export const SCENARIOS = [
  'text',
  'tools',
  'parallel',
  'image',
  'schema',
  'reasoning',
  'refusal',
  'length',
  'error',
  'break',
] as const
export type Scenario = (typeof SCENARIOS)[number]

export const TEXT = 'Hello, wörld 😀 of "quotes" and\nlines.'
export const THOUGHT = 'Let me think: 1 + 1 …'
/** Characters that break when somebody decodes and encodes again. */
export const SEAL = 'Er4BCkYICxgCKkC+/oxqLHrx4mFL9Ox7/aHKht87WDzXfvZ7qbZKSnHV8imA5b3LXxuVqcXQ9z5sXwDx20JIW/=='
export const JSON_TEXT = '{"city":"Paris","days":3}'
export const REFUSAL = 'I cannot help with that.'
export const ERROR_TEXT = 'no such thing as a frobnicator'
export const BREAK_TEXT = 'the engine broke'
/** Tokens: all of the input, those of it from the cache, the answer without thoughts, the thoughts. */
export const USAGE = { input: 20, cached: 5, output: 7, reasoning: 3 }

export const scenarioOf = (model: string) => (/--([a-z]+)$/.exec(model)?.[1] ?? 'text') as Scenario

export function answer(ask: Ask): Answer {
  switch (scenarioOf(ask.model)) {
    case 'tools':
      return {
        text: 'I look it up. ',
        calls: [{ id: 'call_one', name: 'weather', args: { city: 'Paris' } }],
        finish: 'tools',
      }
    case 'parallel':
      if (ask.results.length > 0)
        return { text: ask.results.map((result) => result.text).join(' and '), finish: 'stop' }
      return {
        calls: [
          { id: 'call_one', name: 'weather', args: { city: 'Paris' } },
          { id: 'call_two', name: 'weather', args: { city: 'Rome', days: [1, 2] } },
        ],
        finish: 'tools',
      }
    case 'image':
      return { text: `saw ${ask.images.join(', ') || 'nothing'}`, finish: 'stop' }
    case 'schema':
      if (ask.schema) return { text: JSON_TEXT, finish: 'stop' }
      // Emulated: the answer was forced through a tool.
      if (ask.forced !== undefined)
        return {
          calls: [
            {
              id: 'call_json',
              name: ask.forced === '*' ? (ask.tools.at(-1) ?? '') : ask.forced,
              args: JSON.parse(JSON_TEXT) as Record<string, unknown>,
            },
          ],
          finish: 'tools',
        }
      return { text: 'no schema came', finish: 'stop' }
    case 'reasoning':
      if (ask.results.length > 0)
        return {
          text: ask.seals.includes(SEAL) ? 'the seal is whole' : `the seal is ${ask.seals.join() || 'lost'}`,
          finish: 'stop',
        }
      return {
        reasoning: { text: THOUGHT, seal: SEAL },
        calls: [{ id: 'call_one', name: 'weather', args: { city: 'Paris' } }],
        finish: 'tools',
      }
    case 'refusal':
      return { refusal: REFUSAL, finish: 'refusal' }
    case 'length':
      return { text: 'Hello', finish: 'length' }
    case 'error':
      return { finish: 'stop', error: 400 }
    case 'break':
      return { text: TEXT, finish: 'stop', breaks: true }
    default:
      return { text: TEXT, finish: 'stop' }
  }
}

/** Text in a few pieces, cut inside of words and letters' clusters alike. */
export const pieces = (text: string): string[] => text.match(/[\s\S]{1,5}/gu) ?? []

export const dataUrl = (url: string): string => {
  const [, type = '?', data = ''] = /^data:([^;]+);base64,(.*)$/.exec(url) ?? []
  return `${type} ${Buffer.from(data, 'base64').length}`
}

export const inline = (type: string, data: string): string => `${type} ${Buffer.from(data, 'base64').length}`
