// A streamed answer of Cohere: named events; blocks of text and calls of tools are numbered apart.
import { createRestorer } from '../../context.ts'
import { failureIn, vendorError } from '../../errors.ts'
import { asNumber, asObject, asText } from '../../json.ts'
import type { StreamDecoder } from '../../protocol.ts'
import type { JsonObject, StreamPart } from '../../spec.ts'
import { Blocks, counter } from '../../stream/blocks.ts'
import { createEventDecoder, type EventReader } from '../../stream/decoder.ts'
import type { DecodeContext } from '../../target.ts'
import { readCitation } from './citation.ts'
import { readFinish } from './finish.ts'
import { readUsage } from './usage.ts'

export function createStreamDecoder(context?: DecodeContext): StreamDecoder {
  const restore = createRestorer(context)
  const decoder = createEventDecoder(new Reader())
  return { push: (bytes) => restore(decoder.push(bytes)), end: () => restore(decoder.end()) }
}

class Reader implements EventReader {
  readonly #blocks = new Blocks(counter(), 0)
  #started = false

  read(event: JsonObject, name: string, out: StreamPart[]): void {
    const type = asText(event['type']) ?? name
    const delta = asObject(event['delta'])
    const message = asObject(delta?.['message'])
    const key = asNumber(event['index']) ?? 0
    if (!this.#started) {
      this.#started = true
      const id = asText(event['id'])
      out.push({ type: 'response-start', ...(id !== undefined && { id }) })
    }
    switch (type) {
      case 'content-start':
      case 'content-delta':
        return this.#content(asObject(message?.['content']), out)
      case 'content-end':
      case 'tool-call-end':
        return type === 'content-end' ? this.#blocks.leave(out) : this.#endCall(key, out)
      case 'tool-plan-delta':
        return this.#blocks.reasoning(asText(message?.['tool_plan']) ?? '', out)
      case 'tool-call-start': {
        const call = asObject(message?.['tool_calls'])
        const called = asObject(call?.['function'])
        this.#blocks.startCall(key, { id: asText(call?.['id']) ?? '', name: asText(called?.['name']) ?? '' }, out)
        return this.#blocks.fillCall(key, asText(called?.['arguments']) ?? '', out)
      }
      case 'tool-call-delta': {
        const called = asObject(asObject(message?.['tool_calls'])?.['function'])
        return this.#blocks.fillCall(key, asText(called?.['arguments']) ?? '', out)
      }
      case 'citation-start': {
        const citation = asObject(message?.['citations'])
        const index = this.#blocks.openText
        if (citation)
          out.push({ type: 'source', ...(index !== undefined && { index }), source: readCitation(citation) })
        return
      }
      case 'message-end':
        return this.#end(delta ?? {}, out)
      default:
        // An error object in place of an event.
        if (asText(event['message']) !== undefined && !delta)
          out.push({ type: 'error', error: vendorError(failureIn(event)) })
    }
  }

  #content(content: JsonObject | undefined, out: StreamPart[]): void {
    const [text, thought] = [asText(content?.['text']), asText(content?.['thinking'])]
    if (thought) this.#blocks.reasoning(thought, out)
    if (text) this.#blocks.text(text, out)
  }

  #endCall(key: number, out: StreamPart[]): void {
    if (this.#blocks.argumentsOf(key) === '') this.#blocks.fillCall(key, '{}', out)
    this.#blocks.endCall(key, out)
  }

  #end(delta: JsonObject, out: StreamPart[]): void {
    const failure = asText(delta['error'])
    const finish = readFinish(asText(delta['finish_reason']) ?? '')
    const usage = asObject(delta['usage'])
    if (usage) out.push({ type: 'usage', usage: readUsage(usage) })
    if (failure !== undefined && finish.unified === 'error') {
      out.push({ type: 'error', error: vendorError({ message: failure }) })
      return
    }
    this.#blocks.endAll(out)
    out.push({ type: 'finish', reason: finish }, { type: 'response-end' })
  }

  close(): void {
    // Without `message-end` the stream was cut.
  }
}
