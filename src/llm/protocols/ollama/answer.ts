// What whole and streamed answers of Ollama share.
import { asObject, asText, objectsIn } from '../../json.ts'
import type { FinishReason, JsonObject, Usage } from '../../spec.ts'
import { asCount, makeUsage } from '../../usage.ts'

export type OllamaCall = { readonly id: string; readonly name: string; readonly arguments: string }

/** Calls come whole; older servers give them no id. */
export function callsIn(message: JsonObject, numbered: () => number): OllamaCall[] {
  return objectsIn(message['tool_calls']).map((call) => {
    const called = asObject(call['function'])
    const given = called?.['arguments']
    return {
      id: asText(call['id']) ?? `call_${numbered()}`,
      name: asText(called?.['name']) ?? '',
      arguments: typeof given === 'string' ? given || '{}' : JSON.stringify(given ?? {}),
    }
  })
}

export function readUsage(body: JsonObject): Usage | undefined {
  const [input, output] = [asCount(body['prompt_eval_count']), asCount(body['eval_count'])]
  return input === undefined && output === undefined ? undefined : makeUsage({ inputUncached: input, output })
}

export function readFinish(body: JsonObject, called: boolean): FinishReason {
  const raw = asText(body['done_reason']) ?? 'stop'
  const unified = raw === 'length' ? 'length' : called ? 'tool-calls' : raw === 'stop' ? 'stop' : 'other'
  return { unified, raw }
}

/** Seconds since 1970; 0 when the time is missing. */
export const createdAt = (body: JsonObject): number =>
  Math.floor((Date.parse(asText(body['created_at']) ?? '') || 0) / 1000)
