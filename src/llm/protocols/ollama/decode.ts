// Answers of Ollama's own API: https://docs.ollama.com/api/chat
import { AppError } from '../../../errors.ts'
import { createRestorer, restoreResult } from '../../context.ts'
import { asObject, asText } from '../../json.ts'
import type { StreamDecoder } from '../../protocol.ts'
import type { Json, JsonObject, Part, Result, StreamPart } from '../../spec.ts'
import { Blocks, counter } from '../../stream/blocks.ts'
import { createLineDecoder, type LineReader } from '../../stream/ndjson.ts'
import type { DecodeContext } from '../../target.ts'
import { callsIn, createdAt, readFinish, readUsage } from './answer.ts'

export function decodeResponse(json: Json, context?: DecodeContext): Result {
  const body = asObject(json)
  const message = asObject(body?.['message'])
  if (!body || !message) throw new AppError('upstream_invalid', 'the provider answered without a message')
  const [thought, text] = [asText(message['thinking']), asText(message['content'])]
  const calls = callsIn(message, counter())
  const content: Part[] = [
    ...(thought ? [{ type: 'reasoning', text: thought } as const] : []),
    ...(text ? [{ type: 'text', text } as const] : []),
    ...calls.map((call) => ({ type: 'tool-call', ...call }) as const),
  ]
  const usage = readUsage(body)
  const result: Result = {
    id: '',
    model: asText(body['model']) ?? '',
    created: createdAt(body),
    choices: [{ index: 0, content, finish: readFinish(body, calls.length > 0) }],
    ...(usage && { usage }),
  }
  return restoreResult(result, context)
}

export function createStreamDecoder(context?: DecodeContext): StreamDecoder {
  const restore = createRestorer(context)
  const decoder = createLineDecoder(new Reader())
  return { push: (bytes) => restore(decoder.push(bytes)), end: () => restore(decoder.end()) }
}

class Reader implements LineReader {
  readonly #blocks = new Blocks(counter(), 0)
  readonly #numbered = counter()
  #started = false

  read(event: JsonObject, out: StreamPart[]): void {
    if (!this.#started) {
      this.#started = true
      const model = asText(event['model'])
      out.push({ type: 'response-start', ...(model !== undefined && { model }), created: createdAt(event) })
    }
    const message = asObject(event['message'])
    const [thought, text] = [asText(message?.['thinking']), asText(message?.['content'])]
    if (thought) this.#blocks.reasoning(thought, out)
    if (text) this.#blocks.text(text, out)
    for (const { id, name, arguments: given } of message ? callsIn(message, this.#numbered) : []) {
      this.#blocks.startCall(id, { id, name }, out)
      this.#blocks.fillCall(id, given, out)
      this.#blocks.endCall(id, out)
    }
    if (event['done'] !== true) return
    this.#blocks.endAll(out)
    const usage = readUsage(event)
    if (usage) out.push({ type: 'usage', usage })
    out.push({ type: 'finish', reason: readFinish(event, this.#blocks.hasCalls) }, { type: 'response-end' })
  }
}
