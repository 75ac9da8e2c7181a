// A streamed answer of Gemini: each event is a whole answer with the next pieces in it.
import { createRestorer } from '../../context.ts'
import { failureIn, vendorError } from '../../errors.ts'
import { asNumber, asObject, asText, objectsIn } from '../../json.ts'
import type { StreamDecoder } from '../../protocol.ts'
import type { Citation, JsonObject, StreamPart } from '../../spec.ts'
import { Blocks, counter } from '../../stream/blocks.ts'
import { createEventDecoder } from '../../stream/decoder.ts'
import type { DecodeContext } from '../../target.ts'
import {
  blockedFinish,
  callId,
  createdAt,
  readLogprobs,
  readMetadata,
  readSources,
  stopError,
} from './decode-response.ts'
import { readFinish } from './finish.ts'
import { pick, readPart } from './part.ts'
import { PartialArguments } from './partial-arguments.ts'
import { hasCounts, readUsage } from './usage.ts'

export function createStreamDecoder(context?: DecodeContext): StreamDecoder {
  const restore = createRestorer(context)
  const decoder = createEventDecoder(new ContentStream())
  return {
    push: (bytes) => restore(decoder.push(bytes)),
    end: () => restore(decoder.end()),
    stopped: () => decoder.stopped?.() ?? 0,
  }
}

type Candidate = {
  readonly blocks: Blocks
  finish?: string
  calls: number
  parts: number
  /** A call whose arguments come piece by piece. */
  growing?: { readonly key: number; readonly args: PartialArguments }
}

class ContentStream {
  #started = false
  /** Something beside thoughts was told. */
  #said = false
  #id = ''
  #usage: JsonObject | undefined
  #sources: Citation[] = []
  #metadata: JsonObject | undefined
  #blocked: ReturnType<typeof blockedFinish> | undefined
  readonly #next = counter()
  readonly #candidates = new Map<number, Candidate>()

  read(event: JsonObject, _name: string, out: StreamPart[]): void {
    if (asObject(event['error']) !== undefined) {
      out.push({ type: 'error', error: vendorError(failureIn(event)) })
      return
    }
    const candidates = objectsIn(event['candidates'])
    if (!this.#started) this.#start(event, out)
    const usage = asObject(event['usageMetadata'])
    if (usage !== undefined && hasCounts(usage)) this.#usage = usage
    this.#metadata = readMetadata(event, candidates[0]) ?? this.#metadata
    if (candidates.length === 0 && asObject(event['promptFeedback'])?.['blockReason'] !== undefined)
      this.#blocked = blockedFinish(event)
    candidates.forEach((candidate, position) => this.#readCandidate(candidate, position, out))
  }

  #start(event: JsonObject, out: StreamPart[]): void {
    this.#started = true
    this.#id = asText(event['responseId']) ?? ''
    const [model, created] = [asText(event['modelVersion']), createdAt(event)]
    out.push({
      type: 'response-start',
      ...(this.#id === '' ? {} : { id: this.#id }),
      ...(model === undefined ? {} : { model }),
      ...(created > 0 ? { created } : {}),
    })
  }

  #readCandidate(candidate: JsonObject, position: number, out: StreamPart[]): void {
    const index = asNumber(candidate['index']) ?? position
    let state = this.#candidates.get(index)
    if (state === undefined) {
      state = { blocks: new Blocks(this.#next, index), calls: 0, parts: 0 }
      this.#candidates.set(index, state)
    }
    for (const part of objectsIn(asObject(candidate['content'])?.['parts'])) this.#readPart(part, index, state, out)
    const logprobs = readLogprobs(asObject(candidate['logprobsResult']))
    if (logprobs !== undefined) {
      const at = out.findLastIndex((part) => part.type === 'text-delta')
      const last = out[at]
      if (last?.type === 'text-delta' && last.logprobs === undefined) out[at] = { ...last, logprobs }
      else state.blocks.text('', out, logprobs)
    }
    const sources = readSources(candidate)
    if (sources.length > 0) this.#sources = sources
    const finish = asText(candidate['finishReason'])
    if (finish === undefined || finish === 'FINISH_REASON_UNSPECIFIED') return
    state.finish = finish
    const stopped = stopError(candidate, this.#said)
    if (stopped !== undefined) out.push({ type: 'error', error: stopped })
  }

  #readPart(part: JsonObject, index: number, state: Candidate, out: StreamPart[]): void {
    if (part['thought'] !== true && part['text'] !== '') this.#said = true
    const { blocks } = state
    const call = asObject(pick(part, 'functionCall'))
    if (call !== undefined) return this.#readCall(call, asText(pick(part, 'thoughtSignature')), index, state, out)
    if (Object.keys(part).length === 0) return
    const read = readPart(part)
    switch (read.type) {
      case 'text':
        blocks.text(read.text, out)
        if (read.signature !== undefined) blocks.leave(out, read.signature)
        return
      case 'reasoning': {
        const sealed = read.signature !== undefined || read.redacted !== undefined
        if (
          read.text === '' &&
          read.signature !== undefined &&
          read.origin === 'gemini' &&
          blocks.openText !== undefined
        )
          return blocks.leave(out, read.signature)
        if (read.text !== '') blocks.reasoning(read.text, out, read.itemId)
        if (!sealed) return
        const seal = {
          ...(read.signature === undefined ? {} : { signature: read.signature }),
          ...(read.redacted === undefined ? {} : { redacted: read.redacted }),
          ...(read.origin === undefined ? {} : { origin: read.origin }),
        }
        return blocks.sealReasoning(seal, out, read.itemId)
      }
      case 'image':
      case 'audio':
        out.push({ type: 'media', ...blocks.whole(out), part: read })
        return
      case 'native':
        out.push({ type: 'native', ...blocks.whole(out), part: read })
        return
      default:
        out.push({ type: 'native', ...blocks.whole(out), part: { type: 'native', protocol: 'gemini', value: part } })
    }
  }

  /** Calls come whole, or on Vertex, when asked, as a name followed by pieces of arguments. */
  #readCall(call: JsonObject, signature: string | undefined, index: number, state: Candidate, out: StreamPart[]): void {
    const { blocks } = state
    const more = call['willContinue'] === true
    const name = asText(call['name'])
    if (name !== undefined && name !== '') {
      if (state.growing !== undefined) this.#endGrowing(state, out)
      const key = state.calls++
      const id = asText(call['id']) ?? callId(this.#id, index, key)
      blocks.startCall(key, { id, name, ...(signature === undefined ? {} : { signature }) }, out)
      if (signature !== undefined) blocks.signCall(key, signature)
      if (more) {
        state.growing = { key, args: new PartialArguments(asObject(call['args'])) }
        state.growing.args.add(objectsIn(call['partialArgs']))
        return
      }
      const args = new PartialArguments(asObject(call['args']))
      args.add(objectsIn(call['partialArgs']))
      blocks.fillCall(key, JSON.stringify(args.value), out)
      blocks.endCall(key, out)
      return
    }
    if (state.growing === undefined) return
    state.growing.args.add(objectsIn(call['partialArgs']))
    if (signature !== undefined) blocks.signCall(state.growing.key, signature)
    if (!more) this.#endGrowing(state, out)
  }

  #endGrowing(state: Candidate, out: StreamPart[]): void {
    if (state.growing === undefined) return
    state.blocks.fillCall(state.growing.key, JSON.stringify(state.growing.args.value), out)
    state.blocks.endCall(state.growing.key, out)
    delete state.growing
  }

  stopped(): number {
    if (this.#candidates.size === 0) return this.#blocked === undefined ? 0 : Infinity
    for (const state of this.#candidates.values()) if (state.finish === undefined) return 0
    return this.#candidates.size
  }

  /** Gemini has no mark at the end: the reason to stop is the end. */
  close(out: StreamPart[]): void {
    if (this.stopped() === 0) return
    const states = [...this.#candidates.values()]
    for (const state of states) {
      this.#endGrowing(state, out)
      state.blocks.endAll(out)
    }
    for (const source of this.#sources) out.push({ type: 'source', source })
    if (this.#usage !== undefined) out.push({ type: 'usage', usage: readUsage(this.#usage) })
    if (this.#blocked !== undefined && states.length === 0) out.push({ type: 'finish', reason: this.#blocked })
    for (const [index, state] of this.#candidates) {
      out.push({
        type: 'finish',
        ...(index === 0 ? {} : { choice: index }),
        reason: readFinish(state.finish ?? '', state.blocks.hasCalls),
      })
    }
    out.push(
      this.#metadata === undefined ? { type: 'response-end' } : { type: 'response-end', metadata: this.#metadata },
    )
  }
}
