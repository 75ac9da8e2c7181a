import type { Json, JsonObject } from '../../llm/spec.ts'

/** The text of each answer, in any dialect. */
export function answerTexts(answer: JsonObject): string[] {
  const { choices, candidates, content, output } = answer
  const answers = Array.isArray(choices) ? choices : Array.isArray(candidates) ? candidates : [content ?? output]
  return answers.map(textOf)
}

function textOf(value: Json | undefined): string {
  if (Array.isArray(value)) return value.map(textOf).join('')
  if (value === undefined || value === null || typeof value !== 'object') return ''
  if (value['thought'] === true || value['type'] === 'reasoning' || value['type'] === 'thinking') return ''
  if (typeof value['text'] === 'string') return value['text']
  if (typeof value['content'] === 'string') return value['content']
  return textOf(value['message'] ?? value['content'] ?? value['parts'])
}

/** Where an answer stands in what is sent: the rest is about it. */
const SAID = ['choices', 'candidates', 'content', 'output']

/** The part of an answer that was said, as the same values; all of it where the format has no such part. */
export function saidIn(answer: JsonObject): JsonObject {
  const said = SAID.filter((name) => answer[name] !== undefined)
  return said.length === 0 ? answer : Object.fromEntries(said.map((name) => [name, answer[name]!]))
}

/** Log-probabilities repeat, piece by piece, what was masked: they are taken out, in place. */
export function forgetLogprobs(value: Json | undefined): void {
  if (Array.isArray(value)) for (const item of value) forgetLogprobs(item)
  else if (value !== undefined && value !== null && typeof value === 'object')
    for (const [name, inner] of Object.entries(value)) {
      if (name === 'logprobsResult') delete value[name]
      else if (name !== 'logprobs') forgetLogprobs(inner)
      else if (inner !== null) value[name] = Array.isArray(inner) ? [] : null
    }
}
