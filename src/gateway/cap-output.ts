import type { JsonObject } from '../llm/spec.ts'
import { parseBody } from '../llm/stream/parse-body.ts'
import type { Route } from '../snapshot/endpoint.ts'

/** The request with its maximum of output tokens set to `cap`; undefined where the endpoint has no such parameter. */
export function capOutput(route: Route, body: Uint8Array, cap: number): Uint8Array | undefined {
  if (route.endpoint !== 'chat' && route.endpoint !== 'completions') return undefined
  const request = parseBody(body) as JsonObject
  if (route.dialect === 'gemini') {
    const name = 'generation_config' in request ? 'generation_config' : 'generationConfig'
    request[name] = { ...(request[name] as JsonObject | null | undefined), maxOutputTokens: cap }
  } else if (route.dialect === 'openai-responses') request['max_output_tokens'] = cap
  else if (route.dialect === 'anthropic-messages' || route.endpoint === 'completions') request['max_tokens'] = cap
  else request['max_completion_tokens'] = cap
  return Buffer.from(JSON.stringify(request))
}
