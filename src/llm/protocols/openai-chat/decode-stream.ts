// A vendor's streamed chat completion: https://platform.openai.com/docs/api-reference/chat-streaming
import { createRestorer } from '../../context.ts'
import { failureIn, vendorError } from '../../errors.ts'
import { asNumber, asObject, asText, objectsIn } from '../../json.ts'
import { sourceOfUrl } from '../../media.ts'
import type { StreamDecoder } from '../../protocol.ts'
import type { JsonObject, StreamPart } from '../../spec.ts'
import { Blocks, counter } from '../../stream/blocks.ts'
import { createEventDecoder } from '../../stream/decoder.ts'
import type { DecodeContext } from '../../target.ts'
import {
  argumentsText,
  finishOf,
  readAnnotation,
  readLogprobs,
  readMetadata,
  readPiece,
  readSources,
} from './decode-response.ts'
import { readDetail, readThoughtSignature } from './reasoning.ts'
import { readUsage } from './usage.ts'

export function createStreamDecoder(context?: DecodeContext): StreamDecoder {
  const restore = createRestorer(context)
  const decoder = createEventDecoder(new ChatStream(context))
  return {
    push: (bytes) => restore(decoder.push(bytes)),
    end: () => restore(decoder.end()),
    stopped: () => decoder.stopped?.() ?? 0,
  }
}

type ChoiceState = {
  readonly blocks: Blocks
  finish?: string
  /** The calls by the index that the vendor gives: a vendor that gives all the same one is told apart by the ids. */
  readonly calls: Map<number, { key: number; id: string }>
  callCount: number
  /** `reasoning_details` repeat what `reasoning` says: once there are any, only they count. */
  details: boolean
}

class ChatStream {
  #started = false
  #ended = false
  #usage: JsonObject | undefined
  #metadata: JsonObject = {}
  #sources: ReturnType<typeof readSources> = []
  readonly #next = counter()
  readonly #choices = new Map<number, ChoiceState>()
  readonly #context: DecodeContext | undefined

  constructor(context: DecodeContext | undefined) {
    this.#context = context
  }

  read(event: JsonObject, _name: string, out: StreamPart[]): void {
    const failure = event['error']
    if (failure !== undefined && failure !== null && (typeof failure === 'string' || asObject(failure) !== undefined)) {
      out.push({ type: 'error', error: vendorError(failureIn(event)) })
      return
    }
    if (event['object'] === 'error') {
      out.push({ type: 'error', error: vendorError(failureIn(event)) })
      return
    }
    const choices = objectsIn(event['choices'])
    this.#start(event, choices.length > 0, out)
    Object.assign(this.#metadata, readMetadata(event))
    const usage = asObject(event['usage']) ?? asObject(asObject(event['x_groq'])?.['usage'])
    if (usage !== undefined) this.#usage = usage
    const sources = readSources(event)
    if (sources.length > 0) this.#sources = sources
    for (const choice of choices) this.#readChoice(choice, out)
  }

  /** The first chunk of some vendors is empty and names nothing: the answer starts with the first that does. */
  #start(event: JsonObject, hasChoices: boolean, out: StreamPart[]): void {
    if (this.#started) return
    const id = asText(event['id'])
    if (!hasChoices && !id) return
    this.#started = true
    const [model, created] = [asText(event['model']), asNumber(event['created'])]
    out.push({
      type: 'response-start',
      ...(id ? { id } : {}),
      ...(model ? { model } : {}),
      ...(created ? { created } : {}),
    })
  }

  #choice(index: number): ChoiceState {
    let state = this.#choices.get(index)
    if (state === undefined) {
      state = { blocks: new Blocks(this.#next, index), calls: new Map(), callCount: 0, details: false }
      this.#choices.set(index, state)
    }
    return state
  }

  #readChoice(choice: JsonObject, out: StreamPart[]): void {
    const state = this.#choice(asNumber(choice['index']) ?? 0)
    const usage = asObject(choice['usage'])
    if (usage !== undefined) this.#usage = usage
    const delta =
      asObject(choice['delta']) ??
      (this.#choices.size === 1 && state.callCount === 0 && state.blocks.openText === undefined
        ? asObject(choice['message'])
        : undefined)
    const logprobs = readLogprobs(asObject(choice['logprobs']))
    if (delta !== undefined) this.#readDelta(delta, state, out)
    if (logprobs !== undefined) {
      // They belong to the text of the same chunk; without text they still must not be lost.
      const at = out.findLastIndex((part) => part.type === 'text-delta')
      const last = out[at]
      if (last?.type === 'text-delta' && last.index === state.blocks.openText && last.logprobs === undefined)
        out[at] = { ...last, logprobs }
      else state.blocks.text('', out, logprobs)
    }
    const finish = asText(choice['finish_reason'])
    if (finish !== undefined && finish !== '') state.finish ??= finish
    if (finish === 'error') {
      const failure = asObject(choice['error'])
      out.push({
        type: 'error',
        error: vendorError(
          failure === undefined ? { message: 'the provider stopped with an error' } : failureIn({ error: failure }),
        ),
      })
    }
  }

  #readDelta(delta: JsonObject, state: ChoiceState, out: StreamPart[]): void {
    const { blocks } = state
    const details = objectsIn(delta['reasoning_details'])
    for (const detail of details) this.#readDetail(detail, state, out)
    const thought = state.details ? undefined : (asText(delta['reasoning_content']) ?? asText(delta['reasoning']))
    if (thought !== undefined && thought !== '') blocks.reasoning(thought, out)
    const content = delta['content']
    if (typeof content === 'string') blocks.text(content, out)
    else {
      for (const piece of objectsIn(content)) {
        for (const part of readPiece(piece)) {
          if (part.type === 'reasoning') blocks.reasoning(part.text, out)
          else if (part.type === 'text') blocks.text(part.text, out)
        }
      }
    }
    const signature = readThoughtSignature(delta)
    if (signature !== undefined) {
      if (blocks.openText === undefined) blocks.sealReasoning({ signature, origin: 'gemini' }, out)
      else blocks.leave(out, signature)
    }
    const refusal = asText(delta['refusal'])
    if (refusal !== undefined) blocks.refusal(refusal, out)
    for (const annotation of objectsIn(delta['annotations'])) {
      const source = readAnnotation(annotation)
      const index = blocks.openText
      if (source !== undefined) out.push({ type: 'source', source, ...(index === undefined ? {} : { index }) })
    }
    for (const image of objectsIn(delta['images'])) {
      const url = asText(asObject(image['image_url'])?.['url'])
      if (url !== undefined)
        out.push({ type: 'media', ...blocks.whole(out), part: { type: 'image', source: sourceOfUrl(url) } })
    }
    const audio = asObject(delta['audio'])
    if (audio !== undefined) this.#readAudio(audio, blocks, out)
    objectsIn(delta['tool_calls']).forEach((call, position) => this.#readCall(call, position, state, out))
    const legacy = asObject(delta['function_call'])
    if (legacy !== undefined) this.#readCall({ index: 0, function: legacy }, 0, state, out)
  }

  #readDetail(detail: JsonObject, state: ChoiceState, out: StreamPart[]): void {
    const part = readDetail(detail)
    if (part === undefined) return
    state.details = true
    if (part.text !== '') state.blocks.reasoning(part.text, out, part.itemId)
    const seal = {
      ...(part.signature === undefined ? {} : { signature: part.signature }),
      ...(part.redacted === undefined ? {} : { redacted: part.redacted }),
      ...(part.origin === undefined ? {} : { origin: part.origin }),
    }
    if (part.signature !== undefined || part.redacted !== undefined) state.blocks.sealReasoning(seal, out, part.itemId)
  }

  /** Sound comes in pieces that all belong to one block. */
  #audioIndex: { readonly index: number; readonly choice?: number } | undefined

  #readAudio(audio: JsonObject, blocks: Blocks, out: StreamPart[]): void {
    this.#audioIndex ??= blocks.whole(out)
    const [id, data, transcript, expiresAt] = [
      asText(audio['id']),
      asText(audio['data']),
      asText(audio['transcript']),
      asNumber(audio['expires_at']),
    ]
    out.push({
      type: 'audio-delta',
      ...this.#audioIndex,
      ...(id === undefined ? {} : { id }),
      ...(data === undefined ? {} : { data }),
      ...(transcript === undefined ? {} : { transcript }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    })
  }

  #readCall(call: JsonObject, position: number, state: ChoiceState, out: StreamPart[]): void {
    const index = asNumber(call['index']) ?? (asText(call['id']) ? state.callCount + position : position)
    const custom = asObject(call['custom'])
    const called = custom ?? asObject(call['function']) ?? {}
    const id = asText(call['id']) ?? ''
    const name = asText(called['name']) ?? ''
    const known = state.calls.get(index)
    const isNew = known === undefined || (id !== '' && name !== '' && known.id !== '' && id !== known.id)
    const key = isNew ? state.callCount++ : known.key
    if (isNew) {
      const given = id === '' ? `call_${key}` : id
      state.calls.set(index, { key, id })
      state.blocks.startCall(key, { id: given, name, ...(custom === undefined ? {} : { custom: true }) }, out)
    }
    const text = custom === undefined ? called['arguments'] : custom['input']
    if (text !== undefined && text !== null) {
      state.blocks.fillCall(key, typeof text === 'string' ? text : argumentsText(text), out)
    }
    const signature = readThoughtSignature(call)
    if (signature !== undefined) state.blocks.signCall(key, signature)
  }

  done(out: StreamPart[]): void {
    this.close(out)
    // A mark without any reason to stop: an honest answer always has one.
    if (!this.#ended && this.#choices.size > 0 && this.#finished > 0) this.#end(out)
  }

  get #finished(): number {
    let finished = 0
    for (const state of this.#choices.values()) if (state.finish !== undefined) finished++
    return finished
  }

  stopped(): number {
    const finished = this.#finished
    return finished < this.#choices.size ? 0 : finished
  }

  close(out: StreamPart[]): void {
    if (!this.#ended && this.stopped() > 0) this.#end(out)
  }

  #end(out: StreamPart[]): void {
    this.#ended = true
    for (const state of this.#choices.values()) state.blocks.endAll(out)
    for (const source of this.#sources) out.push({ type: 'source', source })
    if (this.#usage !== undefined) out.push({ type: 'usage', usage: readUsage(this.#usage, this.#context?.quirks) })
    for (const [index, state] of this.#choices) {
      out.push({
        type: 'finish',
        ...(index === 0 ? {} : { choice: index }),
        reason: finishOf(state.finish, state.blocks.hasCalls),
      })
    }
    out.push(
      Object.keys(this.#metadata).length > 0
        ? { type: 'response-end', metadata: this.#metadata }
        : { type: 'response-end' },
    )
  }
}
