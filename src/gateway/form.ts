// Calls whose body is a form: a file, and what is asked about it.
import { boundaryOf } from '../llm/form/head.ts'
import { scanForm, type FormText } from '../llm/form/scan.ts'
import type { RequestScan } from '../llm/stream/splice.ts'
import type { Inbound } from './downstream/inbound.ts'
import type { Incoming } from './plan.ts'
import type { Outgoing } from './send.ts'

export type Form = {
  /** As the client sent it. */
  readonly contentType: string
  readonly boundary: string
  readonly texts: readonly FormText[]
  readonly fileBytes: number
}

/** Reads the body where it is a form; undefined where it is none. Throws `invalid_request`. */
export function readForm(incoming: Incoming, request: Inbound): RequestScan | undefined {
  const contentType = request.header('content-type') ?? ''
  const boundary = boundaryOf(contentType)
  return boundary === undefined ? undefined : rescan(incoming, { contentType, boundary })
}

/** Reads a body of this kind, as it is now. */
export function rescan(
  incoming: Incoming,
  { contentType, boundary }: Pick<Form, 'contentType' | 'boundary'>,
): RequestScan {
  const { request, texts, fileBytes } = scanForm(incoming.body, boundary)
  incoming.form = { contentType, boundary, texts, fileBytes }
  return request
}

/** The method is named, for its head is of this one call: boundaries are new each time. */
export const formOutgoing = (outgoing: Outgoing, { contentType }: Form): Outgoing => ({
  ...outgoing,
  method: 'POST',
  contentType,
})
