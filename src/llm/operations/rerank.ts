// Ranking: Cohere's words, which most vendors took over, and Voyage's.
import { AppError } from '../../errors.ts'
import { maybeCount, maybeTruth, needList, needText, refuse, unknownFields } from '../field.ts'
import { asNumber, asObject, asText, defined, objectsIn } from '../json.ts'
import type { OperationAnswer, OperationSide } from '../operation.ts'
import type { Dropped, Json, JsonObject } from '../spec.ts'
import { makeUsage } from '../usage.ts'

type Ranking = {
  readonly query: string
  readonly documents: readonly string[]
  readonly most: number | undefined
  readonly withDocuments: boolean
  readonly dropped: readonly Dropped[]
}

const KNOWN = new Set(['model', 'query', 'documents', 'top_n', 'return_documents', 'max_tokens_per_doc'])

function readRanking(body: JsonObject): Ranking {
  const documents = needList(body['documents'], 'documents').map((document, index) => {
    const text = asText(document) ?? asText(asObject(document)?.['text'])
    if (text === undefined)
      throw refuse(`documents[${index}]`, `documents[${index}] must be a text, or an object with text`)
    return text
  })
  if (!documents.length) throw refuse('documents', 'documents must hold at least one text')
  return {
    query: needText(body['query'], 'query'),
    documents,
    most: maybeCount(body['top_n'], 'top_n'),
    withDocuments: maybeTruth(body['return_documents'], 'return_documents') ?? false,
    dropped: Object.keys(unknownFields(body, KNOWN)).map((parameter) => ({
      parameter,
      reason: 'the provider has no such parameter',
    })),
  }
}

function writeRanking(answer: Json, asked: JsonObject, model: string): OperationAnswer {
  const body = asObject(answer)
  const listed = body?.['results'] ?? body?.['data']
  if (!Array.isArray(listed)) throw new AppError('upstream_invalid', 'the provider answered without results')
  const { documents, withDocuments } = readRanking(asked)
  const results = objectsIn(listed).map((result): JsonObject => {
    const index = asNumber(result['index']) ?? 0
    const score = asNumber(result['relevance_score']) ?? asNumber(result['score']) ?? 0
    const document = withDocuments ? { document: { text: documents[index] ?? '' } } : {}
    return { index, relevance_score: score, ...document }
  })
  const tokens = asNumber(asObject(body?.['usage'])?.['total_tokens'])
  const meta = asObject(body?.['meta'])
  return {
    body: {
      id: asText(body?.['id']) ?? '',
      model,
      results: results.toSorted((left, right) => Number(right['relevance_score']) - Number(left['relevance_score'])),
      ...(meta && { meta }),
      ...(tokens !== undefined && { usage: { total_tokens: tokens } }),
    },
    usage: makeUsage({ inputUncached: tokens }),
  }
}

export const cohereRerank: OperationSide = {
  encode(body, model) {
    const { query, documents, most, dropped } = readRanking(body)
    const limits = defined({
      top_n: most,
      max_tokens_per_doc: maybeCount(body['max_tokens_per_doc'], 'max_tokens_per_doc'),
    })
    return { path: '/rerank', body: { model, query, documents: [...documents], ...(limits as JsonObject) }, dropped }
  },
  decode: writeRanking,
}

export const voyageRerank: OperationSide = {
  encode(body, model) {
    const { query, documents, most, dropped } = readRanking(body)
    const limits = defined({ top_k: most }) as JsonObject
    const unknown =
      body['max_tokens_per_doc'] === undefined
        ? []
        : [{ parameter: 'max_tokens_per_doc', reason: 'Voyage cuts by itself' }]
    return {
      path: '/rerank',
      body: { model, query, documents: [...documents], ...limits },
      dropped: [...dropped, ...unknown],
    }
  },
  decode: writeRanking,
}
