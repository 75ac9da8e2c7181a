// A streamed answer of Converse: binary frames, one event each.
import { createRestorer } from '../../context.ts'
import { callError, cutStream, failureIn, vendorError } from '../../errors.ts'
import { asNumber, asObject, asText, parseObject } from '../../json.ts'
import type { StreamDecoder } from '../../protocol.ts'
import type { FinishReason, JsonObject, StreamPart, Usage } from '../../spec.ts'
import type { DecodeContext } from '../../target.ts'
import { readCitation } from './citation.ts'
import { BrokenFrame, createFrameParser } from './frames.ts'
import { readFinish } from './finish.ts'
import { readUsage } from './usage.ts'

type Block = {
  readonly kind: 'text' | 'tool' | 'reasoning'
  readonly index: number
  filled: boolean
  signature: string
  redacted: string
}

const BRACE = 0x7b

export function createStreamDecoder(context?: DecodeContext): StreamDecoder {
  const restore = createRestorer(context)
  const reader = new Reader()
  let out: StreamPart[] = []
  /** A failure that was sent as plain JSON in place of frames. */
  let stray = ''
  let any = false

  const parser = createFrameParser((headers, payload) => {
    any = true
    if (!reader.over) reader.frame(headers, payload, out)
  })
  const take = () => {
    const parts = restore(out)
    out = []
    return parts
  }
  const fail = (message: string) => {
    reader.over = true
    out.push({ type: 'error', error: callError('upstream_invalid', message) })
  }
  return {
    push(bytes) {
      if (reader.over || !bytes.length) return []
      if (!any && (stray || (parser.rest().length === 0 && bytes[0] === BRACE))) {
        stray = (stray + Buffer.from(bytes).toString('utf8')).slice(0, 65_536)
        return []
      }
      try {
        parser.push(bytes)
      } catch (error) {
        if (!(error instanceof BrokenFrame)) throw error
        fail(`the provider's stream cannot be read: ${error.message}`)
      }
      return take()
    },
    end() {
      if (reader.over) return []
      const failure = stray ? parseObject(stray) : undefined
      if (failure) {
        reader.over = true
        out.push({ type: 'error', error: vendorError(failureIn(failure)) })
      } else reader.close(out)
      return take()
    },
    stopped: () => (reader.over ? 0 : reader.stopped()),
  }
}

class Reader {
  over = false
  readonly #blocks = new Map<number, Block>()
  #next = 0
  #started = false
  #finish: FinishReason | undefined
  #usage: Usage | undefined

  frame(headers: Readonly<Record<string, string>>, payload: Buffer, out: StreamPart[]): void {
    const body = parseObject(payload.toString('utf8')) ?? {}
    if (headers[':message-type'] === 'event') return this.#event(headers[':event-type'] ?? '', body, out)
    this.over = true
    const type = headers[':exception-type'] ?? headers[':error-code']
    const message = asText(body['message']) ?? asText(body['Message']) ?? headers[':error-message']
    out.push({ type: 'error', error: vendorError({ type, message }) })
  }

  #event(name: string, body: JsonObject, out: StreamPart[]): void {
    if (!this.#started) {
      this.#started = true
      out.push({ type: 'response-start' })
    }
    const key = asNumber(body['contentBlockIndex']) ?? 0
    switch (name) {
      case 'contentBlockStart': {
        const call = asObject(asObject(body['start'])?.['toolUse'])
        if (call) this.#openTool(key, call, out)
        return
      }
      case 'contentBlockDelta':
        return this.#fill(key, asObject(body['delta']) ?? {}, out)
      case 'contentBlockStop':
        return this.#end(key, out)
      case 'messageStop':
        this.#finish = readFinish(body)
        return this.#usage && this.#complete(out)
      case 'metadata': {
        const usage = asObject(body['usage'])
        if (usage) this.#usage = readUsage(usage)
        // The counts may come before the message's end or after it.
        return this.#finish && this.#complete(out)
      }
    }
  }

  #open(key: number, kind: Block['kind']): Block {
    const block: Block = { kind, index: this.#next++, filled: false, signature: '', redacted: '' }
    this.#blocks.set(key, block)
    return block
  }

  #openTool(key: number, call: JsonObject, out: StreamPart[]): void {
    const { index } = this.#open(key, 'tool')
    out.push({ type: 'tool-call-start', index, id: asText(call['toolUseId']) ?? '', name: asText(call['name']) ?? '' })
  }

  /** Blocks of text and of thought begin with their first delta. */
  #need(key: number, kind: 'text' | 'reasoning', out: StreamPart[]): Block {
    const open = this.#blocks.get(key)
    if (open?.kind === kind) return open
    this.#end(key, out)
    const block = this.#open(key, kind)
    out.push({ type: `${kind}-start`, index: block.index })
    return block
  }

  #fill(key: number, delta: JsonObject, out: StreamPart[]): void {
    const text = asText(delta['text'])
    if (text !== undefined) {
      const { index } = this.#need(key, 'text', out)
      if (text) out.push({ type: 'text-delta', index, text })
      return
    }
    const call = asObject(delta['toolUse'])
    if (call) {
      const block = this.#blocks.get(key)
      const input = asText(call['input']) ?? ''
      if (block?.kind !== 'tool' || !input) return
      block.filled = true
      out.push({ type: 'tool-call-delta', index: block.index, arguments: input })
      return
    }
    const citation = asObject(delta['citation'])
    if (citation) {
      const { index } = this.#need(key, 'text', out)
      out.push({ type: 'source', index, source: readCitation(citation) })
      return
    }
    const thought = asObject(delta['reasoningContent'])
    if (!thought) return
    const block = this.#need(key, 'reasoning', out)
    block.signature += asText(thought['signature']) ?? ''
    block.redacted += asText(thought['redactedContent']) ?? ''
    const said = asText(thought['text'])
    if (said) out.push({ type: 'reasoning-delta', index: block.index, text: said })
  }

  #end(key: number, out: StreamPart[]): void {
    const block = this.#blocks.get(key)
    if (!block) return
    this.#blocks.delete(key)
    const { kind, index, filled, signature, redacted } = block
    if (kind === 'text') out.push({ type: 'text-end', index })
    else if (kind === 'tool') {
      // A tool without arguments sends none; the caller's JSON must still be an object.
      if (!filled) out.push({ type: 'tool-call-delta', index, arguments: '{}' })
      out.push({ type: 'tool-call-end', index })
    } else
      out.push({
        type: 'reasoning-end',
        index,
        ...(signature && { signature }),
        ...(redacted && { redacted }),
        ...((signature || redacted) && { origin: 'bedrock-converse' as const }),
      })
  }

  #complete(out: StreamPart[]): void {
    this.over = true
    for (const key of this.#blocks.keys()) this.#end(key, out)
    if (this.#usage) out.push({ type: 'usage', usage: this.#usage })
    out.push({ type: 'finish', reason: this.#finish ?? { unified: 'other' } }, { type: 'response-end' })
  }

  stopped(): number {
    return this.#finish ? 1 : 0
  }

  /** Without the event that ends the message the stream was cut; without the counts it was not. */
  close(out: StreamPart[]): void {
    if (this.#finish) return this.#complete(out)
    this.over = true
    out.push({ type: 'error', error: cutStream() })
  }
}
