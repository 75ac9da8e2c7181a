// Calls whose answer passes through: it is looked at for what it tells of itself, and goes to the client as it came.
import { AppError } from '../errors.ts'
import { latin1, utf8 } from '../lib/bytes.ts'
import { candidatesAsked, completionsAsked } from '../llm/choices-asked.ts'
import { failureIn, vendorError } from '../llm/errors.ts'
import { asArray, asObject } from '../llm/json.ts'
import type { TapReport, VendorSide } from '../llm/protocol.ts'
import type { Json, ProtocolId } from '../llm/spec.ts'
import { isJson } from '../llm/stream/json-scan.ts'
import type { Call } from './call.ts'
import { errorEncoder } from './error-encoder.ts'
import { PassThrough } from './pass-through.ts'
import type { Plan, PlainAnswer } from './plan.ts'
import type { Outgoing } from './send.ts'
import type { StreamTransform } from './transform.ts'

/** A plan for a vendor that speaks the caller's format. A class, for each of a plan's functions would be made anew for each call. */
export class PassPlan implements Plan {
  readonly outgoing: Outgoing
  readonly vendor: VendorSide
  readonly dropped: readonly string[]
  readonly streamContentType = 'text/event-stream; charset=utf-8'
  readonly #call: Call
  /** The client did not ask for the usage chunk that the vendor is asked for. */
  readonly #stripUsage: boolean

  constructor(call: Call, outgoing: Outgoing, vendor: VendorSide, dropped: readonly string[], stripUsage: boolean) {
    this.#call = call
    this.outgoing = outgoing
    this.vendor = vendor
    this.dropped = dropped
    this.#stripUsage = stripUsage
  }

  answer(bytes: Uint8Array, contentType: string): PlainAnswer {
    const { vendor } = this
    const { endpoint, dialect } = this.#call.route
    const isChat = endpoint === 'chat' || endpoint === 'completions'
    const json = isChat || !NOT_JSON.test(contentType)
    const told = json ? this.#told(bytes) : undefined
    if (told) return { body: bytes, report: isChat ? proven(told, bytes, vendor, dialect) : told }
    if (json && !isJson(bytes)) throw notJson()
    const tap = vendor.createUsageTap(false, { quirks: this.outgoing.served.quirks })
    const out = tap.push(bytes)
    const report = tap.report()
    return { body: out, report: isChat ? proven(report, bytes, vendor, dialect) : report }
  }

  stream(): StreamTransform {
    const call = this.#call
    const { served, body } = this.outgoing
    const asked = this.dropped.includes('n') ? 1 : answersAsked(call, body)
    const tap = this.vendor.createUsageTap(true, { stripUsage: this.#stripUsage, quirks: served.quirks, asked })
    return new PassThrough(tap, (resumed) => errorEncoder(call, resumed))
  }

  /**
   * What an answer of the vendor's tells; undefined where only a tap can find that. Names and numbers are ASCII, so what has to be parsed is read
   * one character a byte, which is quicker; only what an error says is text.
   */
  #told(bytes: Uint8Array): TapReport | undefined {
    const { vendor } = this
    const { quirks } = this.outgoing.served
    const scanned = vendor.scanReport?.(bytes, quirks)
    if (scanned || !vendor.readReport || bytes.length > PARSED_WHOLE) return scanned
    const report = vendor.readReport(parseJson(bytes, latin1), quirks)
    return report.error ? vendor.readReport(parseJson(bytes), quirks) : report
  }
}

/** How many answers the vendor gives to this body. */
function answersAsked({ route: { dialect, endpoint }, scan }: Call, body: Uint8Array): number {
  if (dialect === 'gemini') return candidatesAsked(body)
  return endpoint === 'completions' ? completionsAsked(body, scan!.n) : scan!.n
}

/** Up to here parsing an answer is quicker than searching it. */
const PARSED_WHOLE = 64 * 1024

/** What speech and transcription endpoints answer with. */
const NOT_JSON = /^(?:audio\/|video\/|image\/|text\/(?:plain|vtt|srt)|application\/(?:octet-stream|x-subrip))/i

function notJson(cause?: unknown): AppError {
  return new AppError('upstream_invalid', 'the upstream answered 200 with something that is not JSON', {}, cause)
}

/** What tells neither why it ended nor what it used may be no answer at all. Throws `upstream_invalid` where it is none. */
function proven(report: TapReport, bytes: Uint8Array, vendor: VendorSide, dialect: ProtocolId): TapReport {
  if (report.error || (report.finish && report.usage)) return report
  const body = parseJson(bytes)
  const failure = asObject(asObject(body)?.['error'])
  if (failure) return { ...report, complete: false, error: vendorError(failureIn({ error: failure })) }
  if (dialect !== 'openai-chat') vendor.decodeResponse(body)
  else if (asArray(asObject(body)?.['choices']).length === 0)
    throw new AppError('upstream_invalid', 'the provider answered without choices')
  return report
}

/** The JSON that an upstream answered with. Throws `upstream_invalid` where it is none. */
export function parseJson(bytes: Uint8Array, decode = utf8): Json {
  try {
    return JSON.parse(decode(bytes)) as Json
  } catch (error) {
    throw notJson(error)
  }
}
