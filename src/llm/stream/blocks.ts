// Keeps the blocks of an answer in order while a decoder reads it: opens, fills and ends them.
import type { ProtocolId, StreamPart, TokenLogprob } from '../spec.ts'

type Kind = 'text' | 'refusal' | 'reasoning'

type Open = { readonly kind: Kind; readonly index: number }

type ToolCall = { readonly index: number; arguments: string; ended: boolean; signature?: string }

/** The blocks of one answer (one choice); `next` numbers the blocks of all choices. */
export class Blocks {
  readonly #next: () => number
  readonly #choice: { readonly choice?: number }
  #open: Open | undefined
  readonly #calls = new Map<string | number, ToolCall>()

  constructor(next: () => number, choice: number) {
    this.#next = next
    this.#choice = choice === 0 ? {} : { choice }
  }

  get hasCalls(): boolean {
    return this.#calls.size > 0
  }

  #enter(kind: Kind, out: StreamPart[], itemId?: string): number {
    if (this.#open?.kind === kind) return this.#open.index
    this.leave(out)
    const index = this.#next()
    this.#open = { kind, index }
    const item = itemId === undefined ? {} : { itemId }
    if (kind === 'text') out.push({ type: 'text-start', index, ...this.#choice, ...item })
    else if (kind === 'refusal') out.push({ type: 'refusal-start', index, ...this.#choice })
    else out.push({ type: 'reasoning-start', index, ...this.#choice, ...item })
    return index
  }

  text(text: string, out: StreamPart[], logprobs?: readonly TokenLogprob[]): void {
    if (text === '' && logprobs === undefined) return
    const index = this.#enter('text', out)
    out.push(
      logprobs === undefined ? { type: 'text-delta', index, text } : { type: 'text-delta', index, text, logprobs },
    )
  }

  refusal(text: string, out: StreamPart[]): void {
    if (text !== '') out.push({ type: 'refusal-delta', index: this.#enter('refusal', out), text })
  }

  reasoning(text: string, out: StreamPart[], itemId?: string): void {
    const index = this.#enter('reasoning', out, itemId)
    if (text !== '') out.push({ type: 'reasoning-delta', index, text })
  }

  /** Index of the block that text goes to now, if one is open. */
  get openText(): number | undefined {
    return this.#open?.kind === 'text' ? this.#open.index : undefined
  }

  get inReasoning(): boolean {
    return this.#open?.kind === 'reasoning'
  }

  /** Ends the open thought with its proof; opens an empty one when there is none, for a proof needs no text. */
  sealReasoning(
    seal: { readonly signature?: string; readonly redacted?: string; readonly origin?: ProtocolId },
    out: StreamPart[],
    itemId?: string,
  ): void {
    const index = this.#enter('reasoning', out, itemId)
    this.#open = undefined
    out.push({ type: 'reasoning-end', index, ...seal })
  }

  /** Ends the open block of text. */
  leave(out: StreamPart[], signature?: string): void {
    const open = this.#open
    if (open === undefined) return
    this.#open = undefined
    if (open.kind === 'text')
      out.push(
        signature === undefined
          ? { type: 'text-end', index: open.index }
          : { type: 'text-end', index: open.index, signature },
      )
    else out.push({ type: open.kind === 'refusal' ? 'refusal-end' : 'reasoning-end', index: open.index })
  }

  has(key: string | number): boolean {
    return this.#calls.has(key)
  }

  /** Starts a call; ends earlier ones whose arguments are whole, so that formats with one block at a time need not wait. */
  startCall(
    key: string | number,
    call: { readonly id: string; readonly name: string; readonly custom?: boolean; readonly itemId?: string },
    out: StreamPart[],
  ): void {
    this.leave(out)
    for (const [other, earlier] of this.#calls)
      if (!earlier.ended && isWhole(earlier.arguments)) this.endCall(other, out)
    const index = this.#next()
    this.#calls.set(key, { index, arguments: '', ended: false })
    out.push({ type: 'tool-call-start', index, ...this.#choice, ...call })
  }

  fillCall(key: string | number, text: string, out: StreamPart[]): void {
    const call = this.#calls.get(key)
    if (call === undefined || call.ended || text === '') return
    call.arguments += text
    out.push({ type: 'tool-call-delta', index: call.index, arguments: text })
  }

  /** The arguments that were sent so far. */
  argumentsOf(key: string | number): string {
    return this.#calls.get(key)?.arguments ?? ''
  }

  signCall(key: string | number, signature: string): void {
    const call = this.#calls.get(key)
    if (call !== undefined) call.signature = signature
  }

  endCall(key: string | number, out: StreamPart[]): void {
    const call = this.#calls.get(key)
    if (call === undefined || call.ended) return
    call.ended = true
    out.push(
      call.signature === undefined
        ? { type: 'tool-call-end', index: call.index }
        : { type: 'tool-call-end', index: call.index, signature: call.signature },
    )
  }

  /** A block that comes whole: ends the open text first and gives its number. */
  whole(out: StreamPart[]): { readonly index: number; readonly choice?: number } {
    this.leave(out)
    return { index: this.#next(), ...this.#choice }
  }

  /** Ends everything that is open. */
  endAll(out: StreamPart[]): void {
    this.leave(out)
    for (const key of this.#calls.keys()) this.endCall(key, out)
  }
}

function isWhole(text: string): boolean {
  if (text === '') return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Numbers from 0 on. */
export function counter(): () => number {
  let next = 0
  return () => next++
}
