// https://docs.voyageai.com/reference/embeddings-api
import { asNumber, asObject, defined, objectsIn } from '../json.ts'
import type { OperationSide } from '../operation.ts'
import type { JsonObject } from '../spec.ts'
import { noEmbeddings, readEmbeddings, writeEmbeddings } from './embeddings.ts'

export const voyageEmbeddings: OperationSide = {
  encode(body, model) {
    const { texts, dimensions, inputType, dropped } = readEmbeddings(body)
    const written = defined({ input_type: inputType, output_dimension: dimensions }) as JsonObject
    return { path: '/embeddings', body: { model, input: [...texts], ...written }, dropped }
  },
  decode(answer, asked, model) {
    const body = asObject(answer)
    const data = objectsIn(body?.['data'])
    if (!data.length) throw noEmbeddings()
    const ordered = data.toSorted((left, right) => (asNumber(left['index']) ?? 0) - (asNumber(right['index']) ?? 0))
    const vectors = ordered.map((each) => each['embedding'] ?? null)
    return writeEmbeddings(vectors, asked, model, asNumber(asObject(body?.['usage'])?.['total_tokens']))
  },
}
