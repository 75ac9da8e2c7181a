import { afterAll, describe, expect, test } from 'bun:test'
import { ApiError, GoogleGenAI } from '@google/genai'
import { SECRET, sourceKey, sourceProvider, startTestGateway } from '../helpers/gateway.ts'

const NARROW = `prk_live_${'n'.repeat(43)}`
const many = Array.from({ length: 120 }, (_, index) => `m-${index}`)
const gateway = startTestGateway({
  providers: [
    sourceProvider('many', 'http://127.0.0.1:9', { models: many }),
    sourceProvider('google', 'http://127.0.0.1:9', {
      type: 'google',
      models: ['gemini-2.5-pro', 'gemini-embedding-001'],
    }),
  ],
  aliases: [{ name: 'fast', targets: [{ provider: 'google', model: 'gemini-2.5-pro' }] }],
  keys: [sourceKey(SECRET), sourceKey(NARROW, { name: 'narrow', models: ['fast', 'many/m-7'] })],
})
afterAll(() => gateway.stop())

const clientOf = (apiKey: string) => new GoogleGenAI({ apiKey, httpOptions: { baseUrl: `${gateway.url}/gemini` } })
const client = clientOf(SECRET)

async function namesFor(key: string, pageSize?: number): Promise<string[]> {
  const names: string[] = []
  const pager = await clientOf(key).models.list({ config: pageSize === undefined ? {} : { pageSize } })
  for await (const { name } of pager) names.push(name!)
  return names
}

describe('models', () => {
  test.each([undefined, 7, 5_000])('are listed in pages of %p', async (pageSize) => {
    const names = await namesFor(SECRET, pageSize)
    expect(names).toEqual([
      'models/fast',
      ...many.map((id) => `models/many/${id}`),
      'models/google/gemini-2.5-pro',
      'models/google/gemini-embedding-001',
    ])
  })

  test('are those that the key may use, as GET /v1/models has them', async () => {
    const openai = await fetch(`${gateway.url}/v1/models`, { headers: { authorization: `Bearer ${NARROW}` } })
    const { data } = (await openai.json()) as { data: { id: string }[] }
    expect(await namesFor(NARROW)).toEqual(data.map(({ id }) => `models/${id}`))
    expect(data).toHaveLength(2)
  })

  test('tell what they can do', async () => {
    expect(await client.models.get({ model: 'google/gemini-2.5-pro' })).toMatchObject({
      name: 'models/google/gemini-2.5-pro',
      inputTokenLimit: 1_048_576,
      outputTokenLimit: 65_536,
      supportedActions: ['generateContent', 'streamGenerateContent', 'countTokens'],
    })
    expect((await client.models.get({ model: 'google/gemini-embedding-001' })).supportedActions).toEqual([
      'embedContent',
      'batchEmbedContents',
    ])
    expect((await client.models.get({ model: 'models/fast' })).description).toBe('Alias of google/gemini-2.5-pro')
  })

  test.each([
    ['nobody/m', SECRET, 404, 'NOT_FOUND'],
    ['many/m-8', NARROW, 403, 'PERMISSION_DENIED'],
    ['fast', 'prk_live_wrong', 401, 'UNAUTHENTICATED'],
  ])("%s is refused in Google's words", async (model, key, status, word) => {
    const error = await clientOf(key)
      .models.get({ model })
      .catch((error: unknown) => error)
    expect(error).toBeInstanceOf(ApiError)
    expect([(error as ApiError).status, (error as ApiError).message.includes(word)]).toEqual([status, true])
  })

  test.each([
    ['GET', '/v1beta/models?pageToken=x', 400],
    ['PUT', '/v1beta/models', 405],
    ['POST', '/v1beta/models/fast:unknownMethod', 404],
  ])('%s %s is %d', async (method, path, status) => {
    const answer = await fetch(gateway.url + path, { method, headers: { 'x-goog-api-key': SECRET } })
    const body = (await answer.json()) as { error: { code: number; status: string } }
    expect([answer.status, body.error.code]).toEqual([status, status])
  })
})
