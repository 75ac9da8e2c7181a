import { describe, expect, test } from 'bun:test'
import { readUsage as readAnthropic } from './protocols/anthropic-messages/usage.ts'
import { readUsage as readBedrock } from './protocols/bedrock-converse/usage.ts'
import { readUsage as readCohere } from './protocols/cohere-v2/usage.ts'
import { readUsage as readGemini } from './protocols/gemini/usage.ts'
import { readUsage as readOllama } from './protocols/ollama/answer.ts'
import { readUsage as readChat } from './protocols/openai-chat/usage.ts'
import type { Json, JsonObject } from './spec.ts'
import { inputTotal, makeUsage, outputTotal, UNBELIEVED } from './usage.ts'

/** What each format makes of a count of the input and one of the output. */
const READERS: readonly (readonly [string, (input: Json, output: Json) => unknown])[] = [
  ['anthropic', (input_tokens, output_tokens) => readAnthropic({ input_tokens, output_tokens })],
  ['bedrock', (inputTokens, outputTokens) => readBedrock({ inputTokens, outputTokens })],
  ['cohere', (input_tokens, output_tokens) => readCohere({ billed_units: { input_tokens, output_tokens } })],
  ['gemini', (input, output) => readGemini({ promptTokenCount: input, candidatesTokenCount: output })],
  ['ollama', (input, output) => readOllama({ prompt_eval_count: input, eval_count: output })],
  ['chat', (prompt_tokens, completion_tokens) => readChat({ prompt_tokens, completion_tokens })],
]

/** As JSON can hold them. */
const ABSURD: readonly Json[] = [
  1e18,
  100_000_001,
  Number.MAX_VALUE,
  Infinity,
  Number.NaN,
  1.5,
  -1,
  -1e18,
  '12',
  true,
  {},
  [7],
]

describe.each(READERS)('%s', (_, read) => {
  test.each(ABSURD.map((value) => [value]))('%p is no count', (value) => {
    expect(read(value, 3)).toBe(UNBELIEVED)
    expect(read(3, value)).toBe(UNBELIEVED)
  })

  test('what is a count counts', () => {
    for (const count of [0, 1, 100_000_000]) expect(read(count, count)).not.toBe(UNBELIEVED)
    expect(read(null, 3)).toMatchObject({ inputUncached: 0, output: 3 })
  })
})

test.each<[string, JsonObject]>([
  ['cached', { prompt_tokens: 5, prompt_tokens_details: { cached_tokens: 1e18 } }],
  ['cached, as much as there is', { prompt_tokens: 1e18, prompt_tokens_details: { cached_tokens: 1e18 } }],
  ['thoughts', { completion_tokens: 1e18, completion_tokens_details: { reasoning_tokens: 1e18 } }],
  ['sound', { prompt_tokens: 5, prompt_tokens_details: { audio_tokens: 1e18 } }],
])('absurd in a class of its own: %s', (_, raw) => {
  expect(readChat(raw)).toBe(UNBELIEVED)
})

test('runs of tools are counted, or not believed', () => {
  const read = (web_search_requests: number) =>
    readAnthropic({ input_tokens: 1, output_tokens: 1, server_tool_use: { web_search_requests } })
  expect(read(2).serverTools).toEqual({ web_search: 2 })
  for (const runs of [1e18, 0.5, Infinity]) expect(read(runs)).toBe(UNBELIEVED)
})

test('a difference below nothing is nothing', () => {
  const usage = readGemini({ promptTokenCount: 5, cachedContentTokenCount: 7, candidatesTokenCount: 1 })
  expect([inputTotal(usage), outputTotal(usage)]).toEqual([7, 1])
  expect(makeUsage({ output: -1 })).not.toBe(UNBELIEVED)
})
