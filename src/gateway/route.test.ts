import { expect, test } from 'bun:test'
import { matchPath } from './route.ts'

test.each([
  ['/v1/chat/completions', 'chat.completions', undefined],
  ['/chat/completions', 'chat.completions', undefined],
  ['/openai/v1/embeddings', 'embeddings', undefined],
  ['/v1/responses', 'responses', undefined],
  ['/anthropic/v1/messages', 'messages', undefined],
  ['/v1/messages/count_tokens', 'messages.count_tokens', undefined],
  ['/v1beta/models/gemini-2.5-pro:generateContent', 'generateContent', 'gemini-2.5-pro'],
  ['/gemini/v1beta/models/google%2Fgemini:streamGenerateContent', 'streamGenerateContent', 'google/gemini'],
  ['/v1/models', 'models', undefined],
  ['/v1/models/local/gpt%2D4', 'models', 'local/gpt-4'],
  ['/v1beta/models', 'models', undefined],
  ['/gemini/v1/models/local/llama:8b', 'models', 'local/llama:8b'],
] as const)('%s', (path, name, model) => {
  const match = matchPath(path)
  expect(match?.kind === 'call' ? match.route.recordedAs : match?.kind).toBe(name)
  expect(match && 'model' in match ? match.model : undefined).toBe(model as string)
})

test.each([
  '/v1/chat',
  '/v1//chat/completions',
  '/v1/chat/completions/',
  '/v1/models/',
  '/v1beta/models/',
  '/V1/models',
])('%s leads nowhere', (path) => expect(matchPath(path)).toBeUndefined())
