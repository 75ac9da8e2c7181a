// https://ai.google.dev/api/embeddings and https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api
import { asNumber, asObject, defined, objectsIn } from '../json.ts'
import type { OperationSide } from '../operation.ts'
import type { JsonObject } from '../spec.ts'
import { noEmbeddings, readEmbeddings, writeEmbeddings } from './embeddings.ts'

/** AI Studio: one request for each text, in one batch. */
export const geminiEmbeddings: OperationSide = {
  encode(body, model) {
    const { texts, dimensions, inputType, dropped } = readEmbeddings(body)
    const shared = defined({ taskType: inputType, outputDimensionality: dimensions }) as JsonObject
    const requests = texts.map((text) => ({ model: `models/${model}`, content: { parts: [{ text }] }, ...shared }))
    return { path: `/models/${encodeURIComponent(model)}:batchEmbedContents`, body: { requests }, dropped }
  },
  decode(answer, asked, model) {
    const body = asObject(answer)
    const found = objectsIn(body?.['embeddings'])
    if (!found.length) throw noEmbeddings()
    const counted = asNumber(asObject(body?.['usageMetadata'])?.['promptTokenCount'])
    return writeEmbeddings(
      found.map((each) => each['values'] ?? null),
      asked,
      model,
      counted,
    )
  },
}

export const vertexEmbeddings: OperationSide = {
  encode(body, model) {
    const { texts, dimensions, inputType, dropped } = readEmbeddings(body)
    const instances = texts.map((content) => defined({ content, task_type: inputType }) as JsonObject)
    const parameters = dimensions === undefined ? {} : { parameters: { outputDimensionality: dimensions } }
    return { path: `/models/${encodeURIComponent(model)}:predict`, body: { instances, ...parameters }, dropped }
  },
  decode(answer, asked, model) {
    const found = objectsIn(asObject(answer)?.['predictions']).map((each) => asObject(each['embeddings']) ?? {})
    if (!found.length) throw noEmbeddings()
    const counts = found.map((each) => asNumber(asObject(each['statistics'])?.['token_count']))
    const known = counts.every((count) => count !== undefined)
    const tokens = known ? counts.reduce((sum: number, count) => sum + (count ?? 0), 0) : undefined
    return writeEmbeddings(
      found.map((each) => each['values'] ?? null),
      asked,
      model,
      tokens,
    )
  },
}
