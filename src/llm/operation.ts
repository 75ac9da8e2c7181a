// What clients ask beside chat, in OpenAI's words for embeddings and in Cohere's for ranking, at vendors that have words of their own.
import type { Operation, Shape } from './provider.ts'
import type { Dropped, Json, JsonObject, Usage } from './spec.ts'
import { bedrockEmbeddings } from './operations/bedrock-embeddings.ts'
import { cohereEmbeddings } from './operations/cohere-embeddings.ts'
import { geminiEmbeddings, vertexEmbeddings } from './operations/gemini-embeddings.ts'
import { cohereRerank, voyageRerank } from './operations/rerank.ts'
import { voyageEmbeddings } from './operations/voyage-embeddings.ts'

export type OperationRequest = {
  /** Below the provider's base URL. */
  readonly path: string
  readonly body: JsonObject
  readonly dropped: readonly Dropped[]
}

/** One operation in one vendor's shape. */
export type OperationSide = {
  /** Throws `invalid_request` naming the field. `model` is the vendor's name of it. */
  readonly encode: (body: JsonObject, model: string) => OperationRequest
  /** The answer in the client's words; `asked` is what the client sent. Throws `upstream_invalid`. */
  readonly decode: (answer: Json, asked: JsonObject, model: string) => OperationAnswer
}

/** `usage` is absent where the vendor does not count: then the cost is unknown. */
export type OperationAnswer = { readonly body: JsonObject; readonly usage?: Usage }

const SIDES: Partial<Record<Shape, Partial<Record<Operation, OperationSide>>>> = {
  cohere: { embeddings: cohereEmbeddings, rerank: cohereRerank },
  voyage: { embeddings: voyageEmbeddings, rerank: voyageRerank },
  gemini: { embeddings: geminiEmbeddings },
  vertex: { embeddings: vertexEmbeddings },
  bedrock: { embeddings: bedrockEmbeddings },
}

/** How an operation is translated; undefined where it is OpenAI's own, or nobody has written it. */
export const operationSide = (shape: Shape, operation: Operation): OperationSide | undefined =>
  SIDES[shape]?.[operation]
