// https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html and …-embed.html
import { refuse } from '../field.ts'
import { asArray, asNumber, asObject, defined } from '../json.ts'
import type { OperationSide } from '../operation.ts'
import type { JsonObject } from '../spec.ts'
import { readCohereVectors, writeCohereBody } from './cohere-embeddings.ts'
import { noEmbeddings, readEmbeddings, writeEmbeddings } from './embeddings.ts'

const pathOf = (model: string) => `/model/${encodeURIComponent(model)}/invoke`
const isCohere = (model: string) => /cohere\./.test(model)

/** Bedrock hands the body to the model: Cohere's models take lists, Titan's one text. */
export const bedrockEmbeddings: OperationSide = {
  encode(body, model) {
    if (isCohere(model)) return { path: pathOf(model), ...writeCohereBody(body) }
    const { texts, dimensions, dropped } = readEmbeddings(body)
    if (texts.length > 1) throw refuse('input', `${model} takes one text in a call: send them one by one`)
    const written = defined({ inputText: texts[0], dimensions }) as JsonObject
    return { path: pathOf(model), body: written, dropped }
  },
  decode(answer, asked, model) {
    if (isCohere(model)) {
      const { vectors, tokens } = readCohereVectors(answer)
      return writeEmbeddings(vectors, asked, model, tokens)
    }
    const body = asObject(answer)
    const vector = asArray(body?.['embedding'])
    if (!vector.length) throw noEmbeddings()
    return writeEmbeddings([[...vector]], asked, model, asNumber(body?.['inputTextTokenCount']))
  },
}
