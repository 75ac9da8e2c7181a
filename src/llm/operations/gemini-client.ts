// Embeddings for clients that speak Gemini, at vendors that speak anything: their words become OpenAI's and back.
import { maybeCount, maybeText, needList, needObject, needText } from '../field.ts'
import { asObject, objectsIn } from '../json.ts'
import type { OperationSide } from '../operation.ts'
import { readUsage } from '../protocols/openai-chat/usage.ts'
import type { Json, JsonObject } from '../spec.ts'

export type GeminiMethod = 'embedContent' | 'batchEmbedContents'

/** What vectors are for, in the words that Cohere and Voyage share. */
const TASKS: Readonly<Record<string, string>> = { RETRIEVAL_QUERY: 'query', RETRIEVAL_DOCUMENT: 'document' }

function textOf(content: Json | undefined, field: string): string {
  const parts = objectsIn(needObject(content, field)['parts'])
  return parts.map((part, index) => needText(part['text'], `${field}.parts[${index}].text`)).join('')
}

/** OpenAI's request for the same vectors. */
function toOpenai(body: JsonObject, method: GeminiMethod): JsonObject {
  const batch = method === 'batchEmbedContents'
  const requests = batch
    ? needList(body['requests'], 'requests').map((each, index) => needObject(each, `requests[${index}]`))
    : [body]
  const first = requests[0] ?? {}
  const dimensions = maybeCount(first['outputDimensionality'], 'outputDimensionality')
  const task = TASKS[maybeText(first['taskType'], 'taskType') ?? '']
  return {
    input: requests.map((each, index) => textOf(each['content'], batch ? `requests[${index}].content` : 'content')),
    encoding_format: 'float',
    ...(dimensions === undefined ? {} : { dimensions }),
    ...(task === undefined ? {} : { input_type: task }),
  }
}

function fromOpenai(body: JsonObject, method: GeminiMethod): JsonObject {
  const embeddings = objectsIn(body['data']).map((entry) => ({ values: entry['embedding'] ?? [] }))
  return method === 'batchEmbedContents' ? { embeddings } : { embedding: embeddings[0] ?? { values: [] } }
}

/** `inner` is the vendor's own side; without it the vendor speaks OpenAI's words at `path`. */
export function geminiEmbeddingClient(
  method: GeminiMethod,
  path: string,
  inner: OperationSide | undefined,
): OperationSide {
  return {
    encode(body, model) {
      const asked = toOpenai(body, method)
      if (inner !== undefined) return inner.encode(asked, model)
      const { input_type: _, ...plain } = asked
      return { path, body: { model, ...plain }, dropped: [] }
    },
    decode(answer, asked, model) {
      const told = inner?.decode(answer, toOpenai(asked, method), model)
      const body = told?.body ?? asObject(answer) ?? {}
      const counted = inner === undefined ? asObject(body['usage']) : undefined
      const usage = told?.usage ?? (counted === undefined ? undefined : readUsage(counted))
      return { body: fromOpenai(body, method), ...(usage === undefined ? {} : { usage }) }
    },
  }
}
