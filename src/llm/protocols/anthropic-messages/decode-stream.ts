// A streamed answer of Anthropic Messages. Also fed, event by event, from Bedrock's and Vertex's frames around the same events.
import { createRestorer } from '../../context.ts'
import { failureIn, vendorError } from '../../errors.ts'
import { asNumber, asObject, asText } from '../../json.ts'
import { unwrapSeal } from '../../seal.ts'
import type { StreamDecoder } from '../../protocol.ts'
import type { FinishReason, JsonObject, StreamPart } from '../../spec.ts'
import { counter } from '../../stream/blocks.ts'
import { createEventDecoder } from '../../stream/decoder.ts'
import type { DecodeContext } from '../../target.ts'
import { readThoughtSignature } from '../openai-chat/reasoning.ts'
import { readCitation } from './block.ts'
import { readMetadata } from './decode-response.ts'
import { readFinish } from './finish.ts'
import { mergeRaw, readUsage } from './usage.ts'

export function createStreamDecoder(context?: DecodeContext): StreamDecoder {
  const restore = createRestorer(context)
  const decoder = createEventDecoder(new MessageStream())
  return {
    push: (bytes) => restore(decoder.push(bytes)),
    end: () => restore(decoder.end()),
    stopped: () => decoder.stopped?.() ?? 0,
  }
}

type Block =
  | {
      readonly index: number
      readonly kind: 'text' | 'reasoning' | 'tool'
      signature: string
      input: JsonObject
      filled: boolean
    }
  | { readonly index: number; readonly kind: 'native'; value: JsonObject; json: string }

export class MessageStream {
  #started = false
  #raw: JsonObject | undefined
  #finish: FinishReason | undefined
  #metadata: JsonObject | undefined
  #ended = false
  readonly #next = counter()
  /** The vendor's index → the block. */
  readonly #blocks = new Map<number, Block>()

  read(event: JsonObject, name: string, out: StreamPart[]): void {
    switch (asText(event['type']) ?? name) {
      case 'message_start':
        return this.#start(asObject(event['message']) ?? {}, out)
      case 'content_block_start':
        return this.#startBlock(asNumber(event['index']) ?? 0, asObject(event['content_block']) ?? {}, out)
      case 'content_block_delta':
        return this.#fillBlock(asNumber(event['index']) ?? 0, asObject(event['delta']) ?? {}, out)
      case 'content_block_stop':
        return this.#endBlock(asNumber(event['index']) ?? 0, out)
      case 'message_delta':
        return this.#delta(event)
      case 'message_stop':
        return this.#end(out)
      case 'error':
        out.push({ type: 'error', error: vendorError(failureIn(event)) })
        return
      case 'ping':
        return
      default:
        if (event['error'] !== undefined && event['error'] !== null)
          out.push({ type: 'error', error: vendorError(failureIn(event)) })
        else out.push({ type: 'raw', protocol: 'anthropic-messages', event: name, value: event })
    }
  }

  /** Proxies send it twice: blocks that were open then will not be filled any more. */
  #start(message: JsonObject, out: StreamPart[]): void {
    const usage = asObject(message['usage'])
    if (usage !== undefined) this.#raw = mergeRaw(this.#raw ?? {}, usage)
    for (const index of this.#blocks.keys()) this.#endBlock(index, out)
    if (this.#started) return
    this.#started = true
    const [id, model] = [asText(message['id']), asText(message['model'])]
    out.push({
      type: 'response-start',
      ...(id === undefined ? {} : { id }),
      ...(model === undefined ? {} : { model }),
      ...(this.#raw === undefined ? {} : { usage: readUsage(this.#raw) }),
    })
  }

  #startBlock(key: number, block: JsonObject, out: StreamPart[]): void {
    if (this.#blocks.has(key)) this.#endBlock(key, out)
    const index = this.#next()
    const fresh = { index, signature: '', input: {}, filled: false }
    switch (block['type']) {
      case 'text': {
        this.#blocks.set(key, { ...fresh, kind: 'text' })
        out.push({ type: 'text-start', index })
        const text = asText(block['text'])
        if (text) out.push({ type: 'text-delta', index, text })
        return
      }
      case 'thinking': {
        this.#blocks.set(key, { ...fresh, kind: 'reasoning', signature: asText(block['signature']) ?? '' })
        out.push({ type: 'reasoning-start', index })
        const text = asText(block['thinking'])
        if (text) out.push({ type: 'reasoning-delta', index, text })
        return
      }
      case 'redacted_thinking': {
        const data = asText(block['data']) ?? ''
        out.push(
          { type: 'reasoning-start', index },
          {
            type: 'reasoning-end',
            index,
            ...(unwrapSeal(data) ?? { redacted: data, origin: 'anthropic-messages' as const }),
          },
        )
        return
      }
      case 'tool_use': {
        this.#blocks.set(key, { ...fresh, kind: 'tool', input: asObject(block['input']) ?? {} })
        const signature = readThoughtSignature(block)
        const proof = signature === undefined ? {} : { signature }
        out.push({
          type: 'tool-call-start',
          index,
          id: asText(block['id']) ?? '',
          name: asText(block['name']) ?? '',
          ...proof,
        })
        return
      }
      default:
        this.#blocks.set(key, { index, kind: 'native', value: block, json: '' })
    }
  }

  #fillBlock(key: number, delta: JsonObject, out: StreamPart[]): void {
    const block = this.#blocks.get(key)
    if (block === undefined) return
    const { index } = block
    switch (delta['type']) {
      case 'text_delta': {
        const text = asText(delta['text'])
        if (text && block.kind === 'text') out.push({ type: 'text-delta', index, text })
        return
      }
      case 'thinking_delta': {
        const text = asText(delta['thinking'])
        if (text && block.kind === 'reasoning') out.push({ type: 'reasoning-delta', index, text })
        return
      }
      case 'signature_delta':
        if (block.kind === 'reasoning') block.signature += asText(delta['signature']) ?? ''
        return
      case 'input_json_delta': {
        const text = asText(delta['partial_json']) ?? ''
        if (text === '') return
        if (block.kind === 'tool') {
          block.filled = true
          out.push({ type: 'tool-call-delta', index, arguments: text })
        } else if (block.kind === 'native') block.json += text
        return
      }
      case 'citations_delta': {
        const citation = asObject(delta['citation'])
        if (citation !== undefined) out.push({ type: 'source', index, source: readCitation(citation) })
        return
      }
      default:
        // Deltas of blocks that only Anthropic knows add to the block's fields.
        if (block.kind === 'native')
          for (const [name, value] of Object.entries(delta))
            if (name !== 'type') block.value = { ...block.value, [name]: value }
    }
  }

  #endBlock(key: number, out: StreamPart[]): void {
    const block = this.#blocks.get(key)
    if (block === undefined) return
    this.#blocks.delete(key)
    const { index } = block
    switch (block.kind) {
      case 'text':
        out.push({ type: 'text-end', index })
        return
      case 'reasoning': {
        const { signature } = block
        const seal =
          signature === '' ? {} : (unwrapSeal(signature) ?? { signature, origin: 'anthropic-messages' as const })
        out.push({ type: 'reasoning-end', index, ...seal })
        return
      }
      case 'tool':
        // A tool without arguments sends no delta; some proxies send all of them at the start.
        if (!block.filled) out.push({ type: 'tool-call-delta', index, arguments: JSON.stringify(block.input) })
        out.push({ type: 'tool-call-end', index })
        return
      case 'native': {
        const value = block.json === '' ? block.value : { ...block.value, input: readInput(block.json) }
        out.push({ type: 'native', index, part: { type: 'native', protocol: 'anthropic-messages', value } })
      }
    }
  }

  #delta(event: JsonObject): void {
    const delta = asObject(event['delta']) ?? {}
    const reason = asText(delta['stop_reason'])
    if (reason !== undefined) this.#finish = readFinish(reason, asText(delta['stop_sequence']))
    const usage = asObject(event['usage'])
    if (usage !== undefined) this.#raw = mergeRaw(this.#raw ?? {}, usage)
    this.#metadata = readMetadata({ ...event, ...delta }) ?? this.#metadata
  }

  stopped(): number {
    return this.#started && this.#finish !== undefined ? 1 : 0
  }

  /** Some proxies forget the last event: the reason to stop is enough. */
  close(out: StreamPart[]): void {
    if (!this.#ended && this.#finish !== undefined) this.#end(out)
  }

  /** Proxies in front of Anthropic may close with OpenAI's mark. */
  done(out: StreamPart[]): void {
    this.close(out)
  }

  #end(out: StreamPart[]): void {
    if (!this.#started) return
    this.#ended = true
    for (const key of this.#blocks.keys()) this.#endBlock(key, out)
    if (this.#raw !== undefined) out.push({ type: 'usage', usage: readUsage(this.#raw) })
    out.push({ type: 'finish', reason: this.#finish ?? { unified: 'other' } })
    out.push(
      this.#metadata === undefined ? { type: 'response-end' } : { type: 'response-end', metadata: this.#metadata },
    )
  }
}

const readInput = (text: string): JsonObject | string => {
  try {
    return asObject(JSON.parse(text)) ?? text
  } catch {
    return text
  }
}
