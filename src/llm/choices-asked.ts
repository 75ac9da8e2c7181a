// How many answers a request asks for, read from its bytes.
import { findBytes, utf8 } from '../lib/bytes.ts'
import { asArray, asNumber, asObject } from './json.ts'
import type { Json } from './spec.ts'

const LIST_OF_PROMPTS = /"prompt"\s*:\s*\[/
const COUNT = [Buffer.from('"candidateCount"'), Buffer.from('"candidate_count"')]

/** Completions answer each prompt of a list; a list of numbers is one prompt. `n` is what the body says. */
export function completionsAsked(body: Uint8Array, n: number): number {
  const text = utf8(body)
  if (!LIST_OF_PROMPTS.test(text)) return n
  const prompts = asArray((JSON.parse(text) as { prompt?: Json }).prompt)
  return typeof prompts[0] === 'number' ? n : n * Math.max(1, prompts.length)
}

/** Gemini's `candidateCount`. */
export function candidatesAsked(body: Uint8Array): number {
  if (COUNT.every((name) => findBytes(body, name) < 0)) return 1
  const request = asObject(JSON.parse(utf8(body)))
  const config = asObject(request?.['generationConfig'] ?? request?.['generation_config'])
  return asNumber(config?.['candidateCount'] ?? config?.['candidate_count']) ?? 1
}
