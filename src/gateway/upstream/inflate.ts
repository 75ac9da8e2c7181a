import {
  createBrotliDecompress,
  createInflate,
  createUnzip,
  type BrotliDecompress,
  type Inflate,
  type Unzip,
} from 'node:zlib'
import { AppError } from '../../errors.ts'
import type { ExchangeListener, UpstreamFailure } from './exchange.ts'

/** What decompression may make of each byte, beyond the first mebibyte: more is a bomb. */
const LARGEST_RATIO = 100
const FREE_BYTES = 1024 * 1024

const DECODERS: Readonly<Record<string, () => Unzip | Inflate | BrotliDecompress>> = {
  gzip: createUnzip,
  'x-gzip': createUnzip,
  deflate: createInflate,
  br: createBrotliDecompress,
}

/**
 * Undoes the compression of an upstream that ignores `accept-encoding: identity`. Undefined when nothing has to be undone; an error when
 * nobody here can.
 */
export function inflating(given: string, target: ExchangeListener): ExchangeListener | AppError | undefined {
  const encoding = given.toLowerCase()
  if (!encoding || encoding === 'identity') return undefined
  const create = DECODERS[encoding]
  if (!create)
    return new AppError(
      'upstream_invalid',
      `the upstream's answer is encoded as "${encoding}", which was not asked for`,
    )
  return new Inflating(create(), target)
}

class Inflating implements ExchangeListener {
  readonly #decoder: Unzip | Inflate | BrotliDecompress
  readonly #target: ExchangeListener
  #bytesIn = 0
  #bytesOut = 0
  #over = false

  constructor(decoder: Unzip | Inflate | BrotliDecompress, target: ExchangeListener) {
    this.#decoder = decoder
    this.#target = target
    decoder.on('data', (chunk: Buffer) => this.#decoded(chunk))
    decoder.on('end', () => this.#contained(() => this.#finish(() => target.onEnd())))
    decoder.on('error', () => this.#fail("the upstream's compressed answer is damaged"))
  }

  onHead(): void {}

  onData(chunk: Uint8Array): void {
    this.#bytesIn += chunk.length
    this.#decoder.write(chunk)
  }

  onEnd(): void {
    this.#decoder.end()
  }

  onFailure(failure: UpstreamFailure): void {
    this.#finish(() => this.#target.onFailure(failure))
  }

  #decoded(chunk: Buffer): void {
    if (this.#over) return
    this.#bytesOut += chunk.length
    if (this.#bytesOut > FREE_BYTES + this.#bytesIn * LARGEST_RATIO)
      return this.#fail("the upstream's compressed answer is far larger than it claims")
    this.#contained(() => this.#target.onData(chunk))
  }

  /** What is thrown into the decompressor would be nobody's. */
  #contained(step: () => void): void {
    try {
      step()
    } catch (mistake) {
      const error = new AppError('internal', 'the gateway failed on this call: report its request id', {}, mistake)
      this.#over = true
      this.#target.onFailure({ error, phase: 'body', mayHaveReached: true })
      this.#decoder.destroy()
    }
  }

  #fail(message: string): void {
    const error = new AppError('upstream_invalid', message)
    this.#finish(() => this.#target.onFailure({ error, phase: 'body', mayHaveReached: true }))
  }

  #finish(tell: () => void): void {
    if (this.#over) return
    this.#over = true
    tell()
    this.#decoder.destroy()
  }
}
