import { describe, expect, it } from 'bun:test'
import { AppError } from '../../src/errors.ts'
import { protocolOf } from '../../src/llm/protocols.ts'
import type { JsonObject, ProtocolId } from '../../src/llm/spec.ts'
import cases from '../cases/llm/requests.json'

type Case = {
  readonly name: string
  readonly from: ProtocolId
  readonly to: ProtocolId
  readonly model: string
  readonly body: JsonObject
  /** Fields that the vendor's body must have, whole. */
  readonly has?: JsonObject
  readonly lacks?: readonly string[]
  readonly dropped?: readonly string[]
  /** The field that is named when the request is refused. */
  readonly refused?: string
}

function translate({ from, to, model, body }: Case) {
  const request = protocolOf(from).client?.decodeRequest({ model: 'x', ...body }, { model: 'x', stream: false })
  if (!request) throw new Error(`no clients of ${from}`)
  return protocolOf(to).vendor?.encodeRequest(request, { model, capabilities: {}, quirks: {} })
}

describe('a request in the words of another format', () => {
  it.each((cases as unknown as Case[]).map((each) => [each.name, each] as const))('%s', (_, each) => {
    if (each.refused !== undefined) {
      try {
        translate(each)
      } catch (error) {
        expect(error).toBeInstanceOf(AppError)
        expect((error as AppError).details.field).toBe(each.refused)
        return
      }
      throw new Error('it was not refused')
    }
    const encoded = translate(each)
    for (const [name, value] of Object.entries(each.has ?? {}))
      expect({ [name]: encoded?.body[name] }).toEqual({ [name]: value })
    for (const name of each.lacks ?? []) expect(encoded?.body).not.toHaveProperty(name)
    expect(encoded?.dropped.map((drop) => drop.parameter).sort()).toEqual([...(each.dropped ?? [])])
  })
})
