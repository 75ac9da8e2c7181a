// What all embeddings share: OpenAI's request read, OpenAI's answer written.
import { AppError } from '../../errors.ts'
import { maybeCount, maybeText, refuse, unknownFields } from '../field.ts'
import type { Dropped, Json, JsonObject } from '../spec.ts'
import type { OperationAnswer } from '../operation.ts'
import { makeUsage } from '../usage.ts'

export type Embeddings = {
  readonly texts: readonly string[]
  readonly dimensions: number | undefined
  /** Whether a text is a query or a document, in the vendor's word; an extension that callers of Cohere and Voyage know. */
  readonly inputType: string | undefined
  readonly dropped: readonly Dropped[]
}

const KNOWN = new Set(['model', 'input', 'dimensions', 'encoding_format', 'input_type', 'user'])

/** Texts only: numbers of tokens mean something else to each vendor. */
export function readEmbeddings(body: JsonObject): Embeddings {
  const { input } = body
  const texts = typeof input === 'string' ? [input] : input
  if (!Array.isArray(texts) || texts.length === 0) throw refuse('input', 'input is required: a text or a list of texts')
  const wrong = texts.findIndex((text) => typeof text !== 'string')
  if (wrong >= 0)
    throw refuse(
      `input[${wrong}]`,
      `input[${wrong}] must be a text: the numbers of tokens are OpenAI's own, and this provider has others`,
    )
  const encoding = maybeText(body['encoding_format'], 'encoding_format')
  if (encoding !== undefined && encoding !== 'float' && encoding !== 'base64')
    throw refuse('encoding_format', 'encoding_format must be float or base64')
  const extra = Object.keys(unknownFields(body, KNOWN))
  return {
    texts: texts as string[],
    dimensions: maybeCount(body['dimensions'], 'dimensions'),
    inputType: maybeText(body['input_type'], 'input_type'),
    dropped: extra.map((parameter) => ({ parameter, reason: 'the provider has no such parameter' })),
  }
}

/** `tokens` is undefined where the vendor does not count. */
export function writeEmbeddings(
  vectors: readonly Json[],
  asked: JsonObject,
  model: string,
  tokens: number | undefined,
): OperationAnswer {
  const packed = asked['encoding_format'] === 'base64'
  const data = vectors.map((vector, index): JsonObject => {
    if (!Array.isArray(vector) || vector.some((value) => typeof value !== 'number'))
      throw new AppError('upstream_invalid', 'the provider answered with an embedding that is no list of numbers')
    const embedding = packed ? Buffer.from(Float32Array.from(vector as number[]).buffer).toString('base64') : vector
    return { object: 'embedding', index, embedding }
  })
  const count = tokens ?? 0
  return {
    body: { object: 'list', data, model, usage: { prompt_tokens: count, total_tokens: count } },
    ...(tokens !== undefined && { usage: makeUsage({ inputUncached: tokens }) }),
  }
}

export const noEmbeddings = () => new AppError('upstream_invalid', 'the provider answered without embeddings')
