import { describe, expect, test } from 'bun:test'
import { askForRest, isContinuable, markPrefix, prefixRuleOf } from './prefix.ts'
import { PROVIDERS, findProvider } from './providers.ts'
import type { ChatRequest, ProtocolId } from './spec.ts'

const request: ChatRequest = {
  dialect: 'openai-chat',
  model: 'm',
  system: [],
  messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
  tools: [],
  stream: true,
  extra: {},
}

/** What is known of a vendor's model. */
function can(type: string, model: string, stated?: boolean): boolean {
  const provider = findProvider(type)!
  return provider.chat.some(({ protocol, quirks }) => prefixRuleOf(quirks ?? provider.quirks, protocol, model, stated))
}

test.each<[string, string, boolean]>([
  ['anthropic', 'claude-3-5-haiku-20241022', true],
  ['anthropic', 'claude-sonnet-4-20250514', true],
  ['anthropic', 'claude-sonnet-4-5-20250929', true],
  ['anthropic', 'claude-opus-4-5', true],
  ['anthropic', 'claude-sonnet-4-6', false],
  ['anthropic', 'claude-opus-4-6', false],
  ['anthropic', 'claude-opus-5-5', false],
  ['amazon-bedrock', 'eu.anthropic.claude-haiku-4-5-20251001-v1:0', true],
  ['amazon-bedrock', 'us.anthropic.claude-opus-4-6-v1', false],
  ['amazon-bedrock', 'amazon.nova-pro-v1:0', false],
  ['google-vertex-anthropic', 'claude-sonnet-4@20250514', true],
  ['mistral', 'mistral-large-latest', true],
  ['deepseek', 'deepseek-chat', true],
  ['moonshot', 'kimi-k2.5', true],
  ['alibaba', 'qwen-plus', true],
  ['alibaba', 'qwen3-235b-a22b-thinking-2507', false],
  ['alibaba', 'deepseek-r1', false],
  ['vllm', 'my-model', true],
  ['openai', 'gpt-5.1', false],
  ['google', 'gemini-3-flash', false],
  ['openai-compatible', 'm', false],
])('%s, %s: %p', (type, model, known) => {
  expect(can(type, model)).toBe(known)
  expect(can(type, model, true)).toBe(true)
  expect(can(type, model, false)).toBe(false)
})

test('every rule says where it was read, and is of a format that the vendor speaks', () => {
  const rules = PROVIDERS.flatMap((provider) =>
    [provider.quirks, ...provider.chat.map(({ quirks }) => quirks)].flatMap((quirks) =>
      quirks?.prefix ? [{ provider, rule: quirks.prefix }] : [],
    ),
  )
  expect(rules.length).toBeGreaterThan(8)
  for (const { provider, rule } of rules) {
    expect(rule.source).toMatch(/^https:/)
    expect(provider.chat.map(({ protocol }): ProtocolId => protocol)).toContain(rule.protocol)
  }
})

test.each<[string, Partial<ChatRequest>, boolean]>([
  ['text', {}, true],
  ['tools that it may call', { toolChoice: { type: 'auto' } }, true],
  ['a tool that it must call', { toolChoice: { type: 'required' } }, false],
  ['two answers', { n: 2 }, false],
  ['JSON', { responseFormat: { type: 'json' } }, false],
  ['speech', { modalities: ['text', 'audio'] }, false],
  ['a state kept elsewhere', { previousResponseId: 'resp_1' }, false],
])('a request for %s', (_, change, continuable) => {
  expect(isContinuable({ ...request, ...change })).toBe(continuable)
})

describe('the request for the rest', () => {
  test.each<[string, Partial<ChatRequest>, string, string, number | undefined]>([
    ['begins the answer', {}, 'Aye, ', 'Aye,', undefined],
    [
      'goes on with what the client began',
      { messages: [...request.messages, { role: 'assistant', content: [{ type: 'text', text: 'So: ' }] }] },
      'aye ',
      'So: aye',
      undefined,
    ],
    ['asks for less', { maxOutputTokens: 10 }, 'Aye', 'Aye', 7],
    ['asks for one at least', { maxOutputTokens: 2 }, 'Aye', 'Aye', 1],
  ])('%s', (_, change, text, turn, maximum) => {
    const rest = askForRest({ ...request, ...change }, text, 3)
    expect(rest.turn).toBe(turn)
    expect(rest.request.messages).toHaveLength(2)
    expect(rest.request.messages.at(-1)).toMatchObject({ role: 'assistant', content: [{ type: 'text', text: turn }] })
    expect(rest.request.maxOutputTokens).toBe(maximum as number)
  })

  test('is the same request when nothing was said', () => {
    expect(askForRest(request, ' \n', 0)).toEqual({ request, turn: '' })
  })

  test('is marked as the vendor wants it', () => {
    const body = {
      model: 'm',
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'Aye' },
      ],
    }
    const encoded = { path: '/chat/completions', headers: {}, body, dropped: [], context: {} }
    const rule = {
      protocol: 'openai-chat',
      message: { prefix: true },
      body: { x: 1 },
      path: '/beta',
      source: '',
    } as const
    expect(markPrefix(encoded, rule)).toMatchObject({
      path: '/beta',
      body: { x: 1, messages: [{ role: 'user' }, { role: 'assistant', content: 'Aye', prefix: true }] },
    })
  })
})
