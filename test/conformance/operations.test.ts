import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import { afterAll, describe, expect, it } from 'bun:test'
import OpenAI from 'openai'
import { SECRET, sourceProvider, startTestGateway } from '../helpers/gateway.ts'
import { startVendors } from '../vendors/server.ts'

const vendors = startVendors()
const gateway = startTestGateway({
  providers: [
    sourceProvider('chat', `${vendors.url}/openai/v1`),
    sourceProvider('claude', `${vendors.url}/anthropic/v1`, { type: 'anthropic' }),
    sourceProvider('google', `${vendors.url}/gemini/v1beta`, { type: 'google' }),
  ],
})
const openai = new OpenAI({ apiKey: SECRET, baseURL: `${gateway.url}/v1`, maxRetries: 0 })
const anthropic = new Anthropic({ apiKey: SECRET, baseURL: gateway.url, maxRetries: 0 })
const genai = new GoogleGenAI({ apiKey: SECRET, httpOptions: { baseUrl: `${gateway.url}/gemini` } })

afterAll(async () => {
  await gateway.stop()
  vendors.stop()
})

const messages = [{ role: 'user' as const, content: 'Hello there, how are you today?' }]

describe('counting tokens', () => {
  it.each([
    ['claude/claude-sonnet-4-5', 42],
    ['google/gemini-2.5-pro', 43],
  ])('asks %s', async (model, count) => {
    expect((await anthropic.messages.countTokens({ model, messages })).input_tokens).toBe(count)
    expect((await genai.models.countTokens({ model, contents: 'Hello' })).totalTokens).toBe(count)
  })

  it('guesses where nobody counts, and says so', async () => {
    const before = vendors.requests.length
    const { data, response } = await anthropic.messages.countTokens({ model: 'chat/gpt-4o', messages }).withResponse()
    expect(data.input_tokens).toBeGreaterThan(8)
    expect(data.input_tokens).toBeLessThan(30)
    expect(response.headers.get('x-portreeve-estimated')).toBe('tokens')
    expect((await genai.models.countTokens({ model: 'chat/gpt-4o', contents: 'Hello' })).totalTokens).toBeGreaterThan(0)
    expect(vendors.requests.length).toBe(before)
  })
})

describe('embeddings', () => {
  it.each(['chat/text-embedding-3-small', 'google/gemini-embedding-001'])(
    'of %s, for clients of OpenAI and of Gemini',
    async (model) => {
      const told = await openai.embeddings.create({ model, input: ['a', 'b'] })
      expect(told.data.map((entry) => [...entry.embedding])).toEqual([
        [0.5, -1],
        [0.5, -1],
      ])
      const { embeddings } = await genai.models.embedContent({ model, contents: ['a', 'b'] })
      expect(embeddings?.map((entry) => entry.values)).toEqual([
        [0.5, -1],
        [0.5, -1],
      ])
    },
  )
})

describe('legacy completions', () => {
  const model = 'claude/claude-sonnet-4-5--text'
  it('come from models that only chat, plain and streamed', async () => {
    const told = await openai.completions.create({ model, prompt: 'Say hello', max_tokens: 50 })
    expect(told).toMatchObject({
      object: 'text_completion',
      choices: [{ index: 0, finish_reason: 'stop' }],
      usage: { prompt_tokens: 20 },
    })
    let text = ''
    let usage: unknown
    for await (const chunk of await openai.completions.create({
      model,
      prompt: 'Say hello',
      stream: true,
      stream_options: { include_usage: true },
    })) {
      text += chunk.choices[0]?.text ?? ''
      usage = chunk.usage ?? usage
    }
    expect(text).toBe(told.choices[0]?.text ?? '')
    expect(usage).toMatchObject({ prompt_tokens: 20, completion_tokens: 10 })
  })
})

describe('a client of Gemini', () => {
  it('that does not ask for events gets one list', async () => {
    for (const model of ['google/gemini-2.5-pro--text', 'chat/gpt-4o--text']) {
      const response = await fetch(`${gateway.url}/v1beta/models/${model}:streamGenerateContent`, {
        method: 'POST',
        headers: { 'x-goog-api-key': SECRET, 'content-type': 'application/json' },
        body: JSON.stringify({ contents: [{ parts: [{ text: 'hi' }] }] }),
      })
      expect(response.headers.get('content-type')).toContain('application/json')
      const list = (await response.json()) as any[]
      expect(list.at(-1).candidates[0].finishReason).toBe('STOP')
    }
  })
})
