// A streamed answer of the Responses API. Blocks are told apart by their place in the output: some proxies give each event another item id.
import { createRestorer } from '../../context.ts'
import { failureIn, vendorError } from '../../errors.ts'
import { asNumber, asObject, asText, objectsIn } from '../../json.ts'
import type { StreamDecoder } from '../../protocol.ts'
import type { JsonObject, Part, ReasoningPart, StreamPart, TokenLogprob } from '../../spec.ts'
import { counter } from '../../stream/blocks.ts'
import { createEventDecoder } from '../../stream/decoder.ts'
import type { DecodeContext } from '../../target.ts'
import { readLogprobs, readMetadata } from '../openai-chat/decode-response.ts'
import { readUsage } from '../openai-chat/usage.ts'
import { failureOf, finishOf, readItem } from './decode-response.ts'
import { readAnnotation } from './item.ts'

export function createStreamDecoder(context?: DecodeContext): StreamDecoder {
  const restore = createRestorer(context)
  const decoder = createEventDecoder(new ResponseStream(context))
  return { push: (bytes) => restore(decoder.push(bytes)), end: () => restore(decoder.end()) }
}

type Open = {
  readonly index: number
  readonly kind: 'text' | 'refusal' | 'reasoning' | 'tool'
  /** What was sent of it. */
  text: string
  ended: boolean
}

class ResponseStream {
  #started = false
  #hasCalls = false
  readonly #context: DecodeContext | undefined
  readonly #next = counter()
  /** Place of the block → block: an item, or a part of a message. */
  readonly #blocks = new Map<string, Open>()
  /** Items that were told in full, by their place. */
  readonly #done = new Set<string>()

  constructor(context: DecodeContext | undefined) {
    this.#context = context
  }

  read(event: JsonObject, name: string, out: StreamPart[]): void {
    const type = asText(event['type']) ?? name
    const item = asObject(event['item']) ?? {}
    const place = this.#place(event, item)
    switch (type) {
      case 'response.created':
      case 'response.in_progress':
      case 'response.queued':
        return this.#start(asObject(event['response']) ?? {}, out)
      case 'response.output_item.added':
        return this.#startItem(place, item, out)
      case 'response.output_text.delta': {
        const logprobs = readLogprobs({ content: event['logprobs'] ?? null })
        return this.#text(this.#part(place, event), 'text', asText(event['delta']) ?? '', out, logprobs)
      }
      case 'response.refusal.delta':
        return this.#text(this.#part(place, event), 'refusal', asText(event['delta']) ?? '', out)
      case 'response.reasoning_summary_part.added': {
        const open = this.#blocks.get(place)
        if (open !== undefined && open.text !== '') this.#think(place, '\n\n', out)
        return
      }
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta':
        return this.#think(place, asText(event['delta']) ?? '', out)
      case 'response.function_call_arguments.delta':
      case 'response.custom_tool_call_input.delta':
        return this.#fill(place, asText(event['delta']) ?? '', out)
      case 'response.output_text.annotation.added': {
        const annotation = asObject(event['annotation'])
        const open = this.#blocks.get(this.#part(place, event))
        if (annotation !== undefined)
          out.push({
            type: 'source',
            source: readAnnotation(annotation),
            ...(open === undefined ? {} : { index: open.index }),
          })
        return
      }
      case 'response.output_item.done':
        return this.#endItem(place, item, out)
      case 'response.completed':
      case 'response.incomplete':
        return this.#end(asObject(event['response']) ?? {}, out)
      case 'response.failed':
      case 'response.cancelled': {
        const response = asObject(event['response']) ?? {}
        out.push({ type: 'error', error: failureOf({ ...response, status: 'failed' }) ?? vendorError({}) })
        return
      }
      case 'error':
        out.push({
          type: 'error',
          error: vendorError(failureIn(asObject(event['error']) === undefined ? { error: event } : event)),
        })
        return
      default:
        if (type === '' && asObject(event['error']) !== undefined)
          out.push({ type: 'error', error: vendorError(failureIn(event)) })
        else if (!KNOWN.test(type)) out.push({ type: 'raw', protocol: 'openai-responses', event: type, value: event })
    }
  }

  #place(event: JsonObject, item: JsonObject): string {
    const index = asNumber(event['output_index'])
    return index === undefined ? (asText(event['item_id']) ?? asText(item['id']) ?? '') : String(index)
  }

  #part(place: string, event: JsonObject): string {
    return `${place}/${asNumber(event['content_index']) ?? 0}`
  }

  #start(response: JsonObject, out: StreamPart[]): void {
    if (this.#started) return
    this.#started = true
    const [id, model, created] = [asText(response['id']), asText(response['model']), asNumber(response['created_at'])]
    out.push({
      type: 'response-start',
      ...(id === undefined ? {} : { id }),
      ...(model === undefined ? {} : { model }),
      ...(created === undefined ? {} : { created }),
    })
  }

  #startItem(place: string, item: JsonObject, out: StreamPart[]): void {
    const itemId = asText(item['id'])
    const named = itemId === undefined ? {} : { itemId }
    switch (item['type']) {
      case 'function_call':
      case 'custom_tool_call': {
        const index = this.#next()
        this.#hasCalls = true
        this.#blocks.set(place, { index, kind: 'tool', text: '', ended: false })
        const custom = item['type'] === 'custom_tool_call' ? { custom: true } : {}
        out.push({
          type: 'tool-call-start',
          index,
          id: asText(item['call_id']) ?? itemId ?? `call_${index}`,
          name: asText(item['name']) ?? '',
          ...custom,
          ...named,
        })
        return
      }
      case 'reasoning': {
        const index = this.#next()
        this.#blocks.set(place, { index, kind: 'reasoning', text: '', ended: false })
        out.push({ type: 'reasoning-start', index, ...named })
      }
    }
  }

  #text(key: string, kind: 'text' | 'refusal', text: string, out: StreamPart[], logprobs?: TokenLogprob[]): void {
    if (text === '' && logprobs === undefined) return
    let open = this.#blocks.get(key)
    if (open === undefined) {
      open = { index: this.#next(), kind, text: '', ended: false }
      this.#blocks.set(key, open)
      out.push(
        kind === 'text' ? { type: 'text-start', index: open.index } : { type: 'refusal-start', index: open.index },
      )
    }
    if (open.ended) return
    open.text += text
    if (kind === 'refusal') out.push({ type: 'refusal-delta', index: open.index, text })
    else out.push({ type: 'text-delta', index: open.index, text, ...(logprobs === undefined ? {} : { logprobs }) })
  }

  #think(place: string, text: string, out: StreamPart[]): void {
    if (text === '') return
    if (!this.#blocks.has(place)) this.#startItem(place, { type: 'reasoning' }, out)
    const open = this.#blocks.get(place)
    if (open === undefined || open.ended) return
    open.text += text
    out.push({ type: 'reasoning-delta', index: open.index, text })
  }

  #fill(place: string, text: string, out: StreamPart[]): void {
    const open = this.#blocks.get(place)
    if (open === undefined || open.ended || text === '') return
    open.text += text
    out.push({ type: 'tool-call-delta', index: open.index, arguments: text })
  }

  /** The item once more and whole: what was not streamed of it follows now. */
  #endItem(place: string, item: JsonObject, out: StreamPart[]): void {
    if (this.#done.has(place)) return
    this.#done.add(place)
    readItem(item).forEach((part, position) => {
      const key = part.type === 'text' || part.type === 'refusal' ? `${place}/${position}` : place
      this.#endPart(key, part, item, out)
    })
  }

  #endPart(key: string, part: Part, item: JsonObject, out: StreamPart[]): void {
    switch (part.type) {
      case 'text':
      case 'refusal': {
        const fresh = !this.#blocks.has(key)
        if (fresh) this.#text(key, part.type, part.text, out)
        const open = this.#blocks.get(key)
        if (open === undefined || open.ended) return
        open.ended = true
        if (fresh && part.type === 'text')
          for (const source of part.citations ?? []) out.push({ type: 'source', index: open.index, source })
        out.push({ type: part.type === 'text' ? 'text-end' : 'refusal-end', index: open.index })
        return
      }
      case 'reasoning':
        return this.#endReasoning(key, part, out)
      case 'tool-call': {
        if (!this.#blocks.has(key)) this.#startItem(key, item, out)
        const open = this.#blocks.get(key)
        if (open === undefined || open.ended) return
        // Some vendors send the arguments only here.
        if (open.text === '') this.#fill(key, part.arguments, out)
        else if (part.arguments.startsWith(open.text)) this.#fill(key, part.arguments.slice(open.text.length), out)
        open.ended = true
        out.push({
          type: 'tool-call-end',
          index: open.index,
          ...(part.signature === undefined ? {} : { signature: part.signature }),
        })
        return
      }
      case 'image':
        out.push({ type: 'media', index: this.#next(), part })
        return
      case 'native':
        out.push({ type: 'native', index: this.#next(), part })
    }
  }

  #endReasoning(key: string, part: ReasoningPart, out: StreamPart[]): void {
    if (!this.#blocks.has(key))
      this.#startItem(key, { type: 'reasoning', ...(part.itemId === undefined ? {} : { id: part.itemId }) }, out)
    const open = this.#blocks.get(key)
    if (open === undefined || open.ended) return
    if (open.text === '') this.#think(key, part.text, out)
    open.ended = true
    out.push({
      type: 'reasoning-end',
      index: open.index,
      ...(part.signature === undefined ? {} : { signature: part.signature }),
      ...(part.redacted === undefined ? {} : { redacted: part.redacted }),
      ...(part.origin === undefined ? {} : { origin: part.origin }),
      ...(part.provesCall === undefined ? {} : { provesCall: part.provesCall }),
    })
  }

  #end(response: JsonObject, out: StreamPart[]): void {
    this.#start(response, out)
    // Some servers tell everything only here.
    if (this.#blocks.size === 0 && this.#done.size === 0) {
      objectsIn(response['output']).forEach((item, index) => this.#endItem(String(index), item, out))
    }
    for (const open of this.#blocks.values()) {
      if (open.ended) continue
      open.ended = true
      if (open.kind === 'tool') out.push({ type: 'tool-call-end', index: open.index })
      else out.push({ type: `${open.kind}-end`, index: open.index })
    }
    const usage = asObject(response['usage'])
    if (usage !== undefined) out.push({ type: 'usage', usage: readUsage(usage, this.#context?.quirks) })
    out.push({ type: 'finish', reason: finishOf(response, this.#hasCalls) })
    const metadata = readMetadata(response)
    out.push(metadata === undefined ? { type: 'response-end' } : { type: 'response-end', metadata })
  }

  /** Only `response.completed` and `response.incomplete` end an answer well. */
  close(): void {}
}

/** Events that repeat what other events say, or tell of the progress of the vendor's own tools. */
const KNOWN =
  /^response\.(?:content_part|output_text|refusal|function_call_arguments|custom_tool_call_input|reasoning_summary_part|reasoning_summary_text|reasoning_text|reasoning|audio|web_search_call|file_search_call|code_interpreter_call|code_interpreter_call_code|image_generation_call|mcp_call|mcp_call_arguments|mcp_list_tools|shell_call_command|shell_call_output_content|apply_patch_call_operation_diff|local_shell_call)\.|^(?:keepalive|ping)$/
