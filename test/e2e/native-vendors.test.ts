// Official SDKs in front, vendors with formats of their own behind.
import Anthropic from '@anthropic-ai/sdk'
import { BedrockRuntimeClient, ConverseCommand, ConverseStreamCommand } from '@aws-sdk/client-bedrock-runtime'
import { afterAll, beforeEach, describe, expect, it } from 'bun:test'
import OpenAI from 'openai'
import type { World } from '../../src/llm/auth/world.ts'
import { fakeBedrock, fakeCohere, fakeOllama, fakeVertex, TEXT } from '../fake-vendor/natives.ts'
import { SECRET, sourceProvider, startTestGateway } from '../helpers/gateway.ts'

const [bedrock, cohere, ollama, vertex] = [fakeBedrock(), fakeCohere(), fakeOllama(), fakeVertex()]
const credentials = {
  AccessKeyId: 'ASIA1',
  SecretAccessKey: 's',
  Token: 't',
  Expiration: new Date(Date.now() + 3_600_000).toISOString(),
}
const world: World = {
  env: { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials/task' },
  readFile: () => Promise.reject(new Error('no files')),
  fetch: async (url) =>
    url === 'http://169.254.170.2/v2/credentials/task' ? Response.json(credentials) : Promise.reject(new Error(url)),
  now: Date.now,
}
const gateway = startTestGateway(
  {
    providers: [
      sourceProvider('aws', bedrock.url, {
        type: 'amazon-bedrock',
        credentials: [],
        variables: { region: 'eu-west-1' },
      }),
      sourceProvider('aws-key', bedrock.url, { type: 'amazon-bedrock' }),
      sourceProvider('cohere', `${cohere.url}/v2`, { type: 'cohere' }),
      sourceProvider('vertex', vertex.url, {
        type: 'google-vertex-anthropic',
        credentials: [{ id: 'main', secret: 'ya29.token', weight: 1, expiresAt: null }],
        variables: { project: 'p' },
      }),
      sourceProvider('box', ollama.url, { type: 'ollama', credentials: [] }),
    ],
  },
  {},
  world,
)
const openai = new OpenAI({ apiKey: SECRET, baseURL: `${gateway.url}/v1`, maxRetries: 0 })
const anthropic = new Anthropic({ apiKey: SECRET, baseURL: gateway.url, maxRetries: 0 })

afterAll(async () => {
  await gateway.stop()
  await Promise.all([bedrock, cohere, ollama, vertex].map((vendor) => vendor.stop()))
})
beforeEach(() => {
  gateway.records.length = 0
})

const CLAUDE = 'anthropic.claude-sonnet-4-5-20250929-v1:0'
const messages = [{ role: 'user' as const, content: 'When does the harbour open?' }]
const parameters = { type: 'object' as const, properties: { place: { type: 'string' } } }

describe.each([
  ['Bedrock by the task role', `aws/${CLAUDE}`, 17],
  ['Bedrock by a key', `aws-key/${CLAUDE}`, 17],
  ['Cohere', 'cohere/command-a-03-2025', 12],
])('%s', (_, model, prompt) => {
  it('answers the OpenAI SDK, plain and streamed', async () => {
    const plain = await openai.chat.completions.create({ model, messages })
    expect(plain.choices[0]?.message.content).toBe(TEXT)
    expect(plain.usage).toMatchObject({ prompt_tokens: prompt, completion_tokens: 7 })
    const streamed = await openai.chat.completions
      .stream({ model, messages, stream_options: { include_usage: true } })
      .finalChatCompletion()
    expect(streamed.choices[0]).toMatchObject({ message: { content: TEXT }, finish_reason: 'stop' })
    expect(streamed.usage).toMatchObject({ prompt_tokens: prompt, completion_tokens: 7 })
  })

  it('calls tools for the OpenAI SDK, plain and streamed', async () => {
    const tools = [{ type: 'function' as const, function: { name: 'tide', parameters } }]
    for (const answer of [
      await openai.chat.completions.create({ model, messages, tools }),
      await openai.chat.completions.stream({ model, messages, tools }).finalChatCompletion(),
    ]) {
      const [choice] = answer.choices
      expect(choice?.finish_reason).toBe('tool_calls')
      const [call] = choice?.message.tool_calls ?? []
      expect(call?.type === 'function' && JSON.parse(call.function.arguments)).toEqual({ place: 'Oslo' })
    }
  })

  it('answers the Anthropic SDK with text and tools, plain and streamed', async () => {
    const asked = { model, max_tokens: 100, messages }
    const tools = [{ name: 'tide', input_schema: parameters }]
    expect((await anthropic.messages.create(asked)).content).toMatchObject([{ type: 'text', text: TEXT }])
    expect(await anthropic.messages.stream(asked).finalText()).toBe(TEXT)
    for (const answer of [
      await anthropic.messages.create({ ...asked, tools }),
      await anthropic.messages.stream({ ...asked, tools }).finalMessage(),
    ]) {
      expect(answer.stop_reason).toBe('tool_use')
      expect(answer.content.find(({ type }) => type === 'tool_use')).toMatchObject({
        name: 'tide',
        input: { place: 'Oslo' },
      })
    }
  })
})

it.each([`aws/${CLAUDE}`, 'cohere/command-a-03-2025', 'box/llama3.2'])(
  '%s answers the Responses API, plain and streamed, and is recorded',
  async (model) => {
    const plain = await openai.responses.create({ model, input: 'When?' })
    expect(plain.output_text).toBe(TEXT)
    let text = ''
    for await (const event of await openai.responses.create({ model, input: 'When?', stream: true }))
      if (event.type === 'response.output_text.delta') text += event.delta
    expect(text).toBe(TEXT)
    const [first, second] = [await gateway.record(0), await gateway.record(1)]
    expect(first).toMatchObject({ status: 200, dialect: 'openai-responses', usage: { input: 12, output: 7 } })
    expect(second).toMatchObject({ status: 200, stream: true, usage: { input: 12, output: 7 } })
  },
)

it('reaches Claude on Vertex in the same format and from another', async () => {
  const model = 'vertex/claude-sonnet-4-5@20250929'
  const asked = { model, max_tokens: 100, messages }
  expect((await anthropic.messages.create(asked)).content).toMatchObject([{ type: 'text', text: TEXT }])
  expect(await anthropic.messages.stream(asked).finalText()).toBe(TEXT)
  expect((await openai.chat.completions.create({ model, messages })).choices[0]?.message.content).toBe(TEXT)
  const streamed = await openai.chat.completions.stream({ model, messages }).finalChatCompletion()
  expect(streamed.choices[0]?.message.content).toBe(TEXT)
  const record = await gateway.record(0)
  expect(record).toMatchObject({
    status: 200,
    usage: { input: 12, output: 7 },
    cost_micros: 12 * 3 + 7 * 15,
    dropped: [],
  })
})

it('signs for the region, with the role’s token', () => {
  const signed = bedrock.seen
    .map(({ headers }) => headers.get('authorization') ?? '')
    .filter((value) => value.startsWith('AWS4'))
  expect(signed.length).toBeGreaterThan(4)
  expect(
    signed.every(
      (value) => value.includes('/eu-west-1/bedrock/aws4_request') && value.includes('x-amz-security-token'),
    ),
  ).toBe(true)
  expect(bedrock.seen.some(({ headers }) => headers.get('authorization') === 'Bearer vendor-secret')).toBe(true)
})

it('embeds and ranks at Cohere', async () => {
  const { data, usage } = await openai.embeddings.create({ model: 'cohere/embed-v4.0', input: ['a', 'bcd'] })
  expect(data.map(({ embedding }) => embedding)).toEqual([
    [1, 1],
    [3, 1],
  ])
  expect(usage.prompt_tokens).toBe(4)
  const response = await gateway.post('/v1/rerank', {
    model: 'cohere/rerank-v3.5',
    query: 'q',
    documents: ['a', 'b'],
    top_n: 2,
    return_documents: true,
  })
  expect(await response.json()).toMatchObject({
    results: [{ index: 1, relevance_score: 0.9, document: { text: 'b' } }, { index: 0 }],
  })
  expect(await gateway.record(1)).toMatchObject({ endpoint: 'rerank', status: 200, cost_micros: 2000 })
})

it('names what was left out', async () => {
  const response = await gateway.post('/v1/chat/completions', {
    model: 'cohere/command-a-03-2025',
    messages,
    logit_bias: { 5: 1 },
  })
  expect(response.headers.get('x-portreeve-dropped')).toBe('logit_bias')
})

describe('the fake Bedrock is one to the vendor’s own SDK', () => {
  const client = new BedrockRuntimeClient({
    endpoint: bedrock.url,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIA', secretAccessKey: 's' },
    // The SDK's own handler speaks HTTP/2 only.
    requestHandler: {
      async handle({
        path,
        method,
        headers,
        body,
      }: {
        path: string
        method: string
        headers: Record<string, string>
        body: string
      }) {
        const response = await fetch(bedrock.url + path, { method, headers, body })
        return {
          response: { statusCode: response.status, headers: Object.fromEntries(response.headers), body: response.body },
        }
      },
    } as never,
  })
  const asked = { modelId: CLAUDE, messages: [{ role: 'user' as const, content: [{ text: 'Hi' }] }] }

  it('plain and streamed', async () => {
    const plain = await client.send(new ConverseCommand(asked))
    expect(plain.output?.message?.content).toEqual([{ text: TEXT }])
    const { stream } = await client.send(new ConverseStreamCommand(asked))
    let text = ''
    let reason: string | undefined
    for await (const event of stream ?? []) {
      text += event.contentBlockDelta?.delta?.text ?? ''
      reason ??= event.messageStop?.stopReason
    }
    expect([text, reason]).toEqual([TEXT, 'end_turn'])
  })
})
