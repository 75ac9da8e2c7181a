import { describe, expect, it } from 'bun:test'
import { operationSide } from './operation.ts'
import type { Json, JsonObject } from './spec.ts'

const VECTORS = [
  [0.5, -0.25],
  [1, 0],
]

describe.each([
  [
    'cohere',
    'embed-v4.0',
    '/embed',
    {
      model: 'embed-v4.0',
      texts: ['a', 'b'],
      input_type: 'search_document',
      embedding_types: ['float'],
      output_dimension: 2,
    },
    { id: 'x', embeddings: { float: VECTORS }, texts: ['a', 'b'], meta: { billed_units: { input_tokens: 4 } } },
    4,
  ],
  [
    'voyage',
    'voyage-3.5',
    '/embeddings',
    { model: 'voyage-3.5', input: ['a', 'b'], output_dimension: 2 },
    {
      data: [
        { index: 1, embedding: VECTORS[1] },
        { index: 0, embedding: VECTORS[0] },
      ],
      usage: { total_tokens: 4 },
    },
    4,
  ],
  [
    'gemini',
    'gemini-embedding-001',
    '/models/gemini-embedding-001:batchEmbedContents',
    {
      requests: ['a', 'b'].map((text) => ({
        model: 'models/gemini-embedding-001',
        content: { parts: [{ text }] },
        outputDimensionality: 2,
      })),
    },
    { embeddings: VECTORS.map((values) => ({ values })) },
    undefined,
  ],
  [
    'vertex',
    'text-embedding-005',
    '/models/text-embedding-005:predict',
    { instances: [{ content: 'a' }, { content: 'b' }], parameters: { outputDimensionality: 2 } },
    {
      predictions: VECTORS.map((values) => ({
        embeddings: { values, statistics: { token_count: 2, truncated: false } },
      })),
    },
    4,
  ],
  [
    'bedrock',
    'cohere.embed-english-v3',
    '/model/cohere.embed-english-v3/invoke',
    { texts: ['a', 'b'], input_type: 'search_document', embedding_types: ['float'], output_dimension: 2 },
    { embeddings: VECTORS },
    undefined,
  ],
] as const)('embeddings at %s', (shape, model, path, body, answer, tokens) => {
  const side = operationSide(shape, 'embeddings')!
  const asked: JsonObject = { model: 'x', input: ['a', 'b'], dimensions: 2, user: 'u' }

  it('are asked for', () => {
    expect(side.encode(asked, model) as unknown).toEqual({ path, body, dropped: [] })
  })

  it('are answered as OpenAI would', () => {
    const { body: made, usage } = side.decode(structuredClone(answer) as unknown as Json, asked, model)
    expect(made as unknown).toEqual({
      object: 'list',
      data: VECTORS.map((embedding, index) => ({ object: 'embedding', index, embedding })),
      model,
      usage: { prompt_tokens: tokens ?? 0, total_tokens: tokens ?? 0 },
    })
    expect(usage?.inputUncached).toBe(tokens)
    const packed = side.decode(
      structuredClone(answer) as unknown as Json,
      { ...asked, encoding_format: 'base64' },
      model,
    ).body as any
    expect([...new Float32Array(Uint8Array.fromBase64(packed.data[0].embedding).buffer)]).toEqual([0.5, -0.25])
  })

  it.each([
    [{ input: [] }, 'input is required'],
    [{ input: [[1, 2]] }, 'numbers of tokens'],
    [{ input: 'a', dimensions: 0 }, 'dimensions'],
    [{ input: 'a', encoding_format: 'hex' }, 'encoding_format'],
  ])('refuse %j', (wrong, message) => {
    expect(() => side.encode(wrong, model)).toThrow(message)
  })

  it('name what they leave out, and refuse an answer without vectors', () => {
    expect(side.encode({ input: 'a', frills: 1 }, model).dropped).toMatchObject([{ parameter: 'frills' }])
    expect(() => side.decode({}, asked, model)).toThrow('without embeddings')
  })
})

it('embeds one text at Titan', () => {
  const side = operationSide('bedrock', 'embeddings')!
  const model = 'amazon.titan-embed-text-v2:0'
  expect(side.encode({ input: 'a', dimensions: 256 }, model)).toEqual({
    path: '/model/amazon.titan-embed-text-v2%3A0/invoke',
    body: { inputText: 'a', dimensions: 256 },
    dropped: [],
  })
  expect(() => side.encode({ input: ['a', 'b'] }, model)).toThrow('one text')
  expect(side.decode({ embedding: [1, 0], inputTextTokenCount: 3 }, {}, model).usage?.inputUncached).toBe(3)
})

describe('ranking', () => {
  const asked: JsonObject = {
    model: 'x',
    query: 'q',
    documents: ['a', { text: 'b' }],
    top_n: 2,
    return_documents: true,
  }

  it.each([
    [
      'cohere',
      { model: 'm', query: 'q', documents: ['a', 'b'], top_n: 2 },
      {
        id: 'r',
        results: [
          { index: 1, relevance_score: 0.9 },
          { index: 0, relevance_score: 0.1 },
        ],
        meta: { billed_units: { search_units: 1 } },
      },
    ],
    [
      'voyage',
      { model: 'm', query: 'q', documents: ['a', 'b'], top_k: 2 },
      {
        data: [
          { index: 1, relevance_score: 0.9 },
          { index: 0, relevance_score: 0.1 },
        ],
        usage: { total_tokens: 12 },
      },
    ],
  ] as const)('at %s', (shape, body, answer) => {
    const side = operationSide(shape, 'rerank')!
    expect(side.encode(asked, 'm') as unknown).toEqual({ path: '/rerank', body, dropped: [] })
    const { body: made } = side.decode(structuredClone(answer) as unknown as Json, asked, 'm')
    expect(made['results']).toEqual([
      { index: 1, relevance_score: 0.9, document: { text: 'b' } },
      { index: 0, relevance_score: 0.1, document: { text: 'a' } },
    ])
    expect(() => side.encode({ query: 'q', documents: [1] }, 'm')).toThrow('documents[0]')
    expect(() => side.decode({}, asked, 'm')).toThrow('without results')
  })
})
