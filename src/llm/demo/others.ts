import { embed, EMBEDDING_SIZE, similarity } from './embed.ts'
import { picture } from './picture.ts'
import { countTokens } from './tokens.ts'

type Fields = { readonly [key: string]: unknown }
export type Problem = { readonly problem: string; readonly field: string }

const LARGEST_VECTOR = 4096
const MOST_INPUTS = 2048
const LARGEST_SIDE = 1024

export function answerEmbeddings(request: Fields): object | Problem {
  const inputs = inputsOf(request['input'])
  if (!inputs) return { problem: 'input: give a text, a list of texts, or lists of token numbers', field: 'input' }
  const size = request['dimensions'] ?? EMBEDDING_SIZE
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 1 || size > LARGEST_VECTOR)
    return { problem: `dimensions: a whole number from 1 to ${LARGEST_VECTOR}`, field: 'dimensions' }
  const encoding = request['encoding_format'] ?? 'float'
  if (encoding !== 'float' && encoding !== 'base64')
    return { problem: 'encoding_format must be float or base64', field: 'encoding_format' }
  const packed = encoding === 'base64'
  const tokens = inputs.reduce((sum, input) => sum + Math.max(1, countTokens(input)), 0)
  return {
    object: 'list',
    data: inputs.map((input, index) => {
      const vector = embed(input, size)
      return {
        object: 'embedding',
        index,
        embedding: packed ? Buffer.from(vector.buffer).toString('base64') : [...vector],
      }
    }),
    model: request['model'],
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  }
}

function inputsOf(input: unknown): string[] | undefined {
  if (typeof input === 'string') return [input]
  if (!Array.isArray(input) || !input.length || input.length > MOST_INPUTS) return undefined
  if (input.every((each) => typeof each === 'number')) return [input.join(' ')]
  if (input.every((each) => typeof each === 'string' || Array.isArray(each)))
    return input.map((each) => (typeof each === 'string' ? each : each.join(' ')))
  return undefined
}

export function answerRerank(request: Fields): object | Problem {
  const { query, documents } = request
  if (typeof query !== 'string') return { problem: 'query: give a text', field: 'query' }
  if (!Array.isArray(documents) || !documents.length)
    return { problem: 'documents: give a list of texts', field: 'documents' }
  const asked = embed(query, EMBEDDING_SIZE)
  const most = typeof request['top_n'] === 'number' ? request['top_n'] : documents.length
  const results = documents
    .map((document: unknown, index) => ({
      index,
      relevance_score: (1 + similarity(asked, embed(textOf(document), EMBEDDING_SIZE))) / 2,
      ...(request['return_documents'] === true && { document: { text: textOf(document) } }),
    }))
    .toSorted((left, right) => right.relevance_score - left.relevance_score)
    .slice(0, most)
  return { id: 'rerank-demo', results, meta: { billed_units: { search_units: 1 } } }
}

function textOf(document: unknown): string {
  const text = typeof document === 'string' ? document : (document as Fields | null)?.['text']
  return typeof text === 'string' ? text : ''
}

const HARMS = {
  violence: /\b(kill|murder|stab|shoot|bomb)\w*/i,
  harassment: /\b(idiot|moron|loser)s?\b/i,
  'self-harm': /\b(suicide|self-harm)\b/i,
} as const

export function answerModerations(request: Fields): object | Problem {
  const inputs = inputsOf(request['input'])
  if (!inputs) return { problem: 'input: give a text or a list of texts', field: 'input' }
  const results = inputs.map((input) => {
    const found = Object.entries(HARMS).map(([name, harm]) => [name, harm.test(input)] as const)
    return {
      flagged: found.some(([, hit]) => hit),
      categories: Object.fromEntries(found),
      category_scores: Object.fromEntries(found.map(([name, hit]) => [name, hit ? 0.97 : 0.01])),
    }
  })
  return { id: 'modr-demo', model: request['model'], results }
}

export function answerImages(request: Fields, nowMs: number): object | Problem {
  const { prompt, size = '256x256', n = 1 } = request
  if (typeof prompt !== 'string') return { problem: 'prompt: give a text', field: 'prompt' }
  const [, width = '', height = ''] = /^(\d{1,4})x(\d{1,4})$/.exec(String(size)) ?? []
  const sides = [Number(width), Number(height)] as const
  if (!sides.every((side) => side >= 1 && side <= LARGEST_SIDE))
    return { problem: `size: WIDTHxHEIGHT up to ${LARGEST_SIDE}, such as 256x256`, field: 'size' }
  const count = typeof n === 'number' ? Math.min(Math.max(Math.trunc(n), 1), 4) : 1
  const data = Array.from({ length: count }, (_, index) => ({
    b64_json: Buffer.from(picture(`${prompt} ${index}`, ...sides)).toString('base64'),
  }))
  return { created: Math.floor(nowMs / 1000), data }
}
