// https://docs.cohere.com/reference/embed
import { asArray, asNumber, asObject, defined } from '../json.ts'
import type { Json, JsonObject } from '../spec.ts'
import type { OperationSide } from '../operation.ts'
import { noEmbeddings, readEmbeddings, writeEmbeddings } from './embeddings.ts'

/** Cohere wants to be told what the text is for; documents are what is stored. */
const DEFAULT_TYPE = 'search_document'

export function writeCohereBody(body: JsonObject): {
  body: JsonObject
  dropped: ReturnType<typeof readEmbeddings>['dropped']
} {
  const { texts, dimensions, inputType, dropped } = readEmbeddings(body)
  return {
    body: {
      texts: [...texts],
      input_type: inputType ?? DEFAULT_TYPE,
      embedding_types: ['float'],
      ...defined({ output_dimension: dimensions }),
    } as JsonObject,
    dropped,
  }
}

/** Vectors by type, or the older plain list. */
export function readCohereVectors(answer: Json): { vectors: readonly Json[]; tokens: number | undefined } {
  const body = asObject(answer)
  const found = body?.['embeddings']
  const vectors = asArray(asObject(found)?.['float'] ?? found)
  if (!vectors.length) throw noEmbeddings()
  const billed = asObject(asObject(body?.['meta'])?.['billed_units'])
  return { vectors, tokens: asNumber(billed?.['input_tokens']) }
}

export const cohereEmbeddings: OperationSide = {
  encode(body, model) {
    const written = writeCohereBody(body)
    return { path: '/embed', body: { model, ...written.body }, dropped: written.dropped }
  },
  decode(answer, asked, model) {
    const { vectors, tokens } = readCohereVectors(answer)
    return writeEmbeddings(vectors, asked, model, tokens)
  },
}
