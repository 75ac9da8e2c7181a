// The recorded answers beside the project, by the format they are written in.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Json, ProtocolId } from '../../src/llm/spec.ts'

const FOLDER = join(import.meta.dir, '../../../shared/recordings')

const PLACES: readonly (readonly [string, ProtocolId])[] = [
  ['openai/chat', 'openai-chat'],
  ['openai-compatible/chat', 'openai-chat'],
  ['deepseek/chat', 'openai-chat'],
  ['xai', 'openai-chat'],
  ['perplexity', 'openai-chat'],
  ['mistral', 'openai-chat'],
  ['groq', 'openai-chat'],
  ['moonshotai', 'openai-chat'],
  ['anthropic', 'anthropic-messages'],
  ['google', 'gemini'],
  ['openai/responses', 'openai-responses'],
  ['open-responses/responses', 'openai-responses'],
  ['azure', 'openai-responses'],
  ['xai/responses', 'openai-responses'],
]

/** Several answers in a row, which no vendor sends in one stream, and a line that was broken by hand. */
const ODD = new Set([
  'openai-reasoning-encrypted-content.1.chunks.txt',
  'azure-reasoning-encrypted-content.1.chunks.txt',
])

export type Recording = {
  readonly name: string
  readonly protocol: ProtocolId
  readonly json?: Json
  readonly events?: readonly string[]
}

export const hasRecordings = existsSync(FOLDER)

export function loadRecordings(): Recording[] {
  if (!hasRecordings) return []
  const found: Recording[] = []
  for (const [place, protocol] of PLACES) {
    for (const file of readdirSync(join(FOLDER, place))) {
      if (ODD.has(file)) continue
      const name = `${place}/${file}`
      const path = join(FOLDER, place, file)
      if (file.endsWith('.json')) found.push({ name, protocol, json: JSON.parse(readFileSync(path, 'utf8')) as Json })
      else if (file.endsWith('.chunks.txt'))
        found.push({
          name,
          protocol,
          events: readFileSync(path, 'utf8')
            .split('\n')
            .filter((line) => line.trim() !== ''),
        })
      else if (file.endsWith('.sse'))
        found.push({
          name,
          protocol,
          events: [...readFileSync(path, 'utf8').matchAll(/^data: (.*)$/gm)]
            .map(([, data]) => data ?? '')
            .filter((data) => data !== '[DONE]'),
        })
    }
  }
  return found
}

/** The events as the vendor sends them. */
export function toSse(
  recording: Pick<Recording, 'protocol' | 'events'>,
  options: { readonly crlf?: boolean; readonly comments?: boolean; readonly done?: boolean } = {},
): string {
  const named = recording.protocol === 'anthropic-messages' || recording.protocol === 'openai-responses'
  const events = (recording.events ?? []).map((event) => {
    const type = named ? /^\{.*?"type":"([a-z_.]+)"/.exec(event)?.[1] : undefined
    return `${options.comments ? ': keep-alive\n\n' : ''}${type === undefined ? '' : `event: ${type}\n`}data: ${event}\n\n`
  })
  const text =
    events.join('') + (recording.protocol === 'openai-chat' && options.done !== false ? 'data: [DONE]\n\n' : '')
  return options.crlf ? text.replaceAll('\n', '\r\n') : text
}
