// A body of chat completions for a vendor of the same format that differs in details: only these change, everything else stays as the caller wrote it.
import { Drops } from '../../dropped.ts'
import { asObject, asText, objectsIn } from '../../json.ts'
import type { AdaptedBody } from '../../protocol.ts'
import type { Effort, Json, JsonObject } from '../../spec.ts'
import type { Quirks, Target } from '../../target.ts'
import { joinTexts, toolId, writeReasoning } from './encode-messages.ts'
import { applyQuirks, writeEffort } from './encode-request.ts'
import { readReasoning } from './reasoning.ts'

/** Undefined when the vendor needs more than details: then the call must be translated. */
export function adaptBody(body: JsonObject, target: Target): AdaptedBody | undefined {
  const { quirks } = target
  const drops = new Drops('openai-chat')
  const adapted: JsonObject = { ...body, model: target.model }
  if (!adaptFormat(adapted, quirks)) return undefined
  if (adapted['tool_choice'] === 'required' && quirks.toolChoiceRequired !== undefined)
    adapted['tool_choice'] = quirks.toolChoiceRequired
  if (Array.isArray(body['messages']))
    adapted['messages'] = body['messages'].map((message) => adaptMessage(message, quirks))
  adaptEffort(adapted, target)
  if (target.capabilities.temperature === false) {
    for (const name of ['temperature', 'top_p']) {
      if (adapted[name] === undefined) continue
      delete adapted[name]
      drops.add(name, `${target.model} takes no sampling parameters`)
    }
  }
  if (quirks.noStreamOptions) delete adapted['stream_options']
  else if (adapted['stream'] === true)
    adapted['stream_options'] = { ...asObject(adapted['stream_options']), include_usage: true }
  return { body: applyQuirks(adapted, quirks, drops), dropped: drops.list }
}

/** A schema becomes words where the vendor only knows "JSON"; a vendor that knows neither needs a tool. */
function adaptFormat(body: JsonObject, quirks: Quirks): boolean {
  const format = asObject(body['response_format'])
  const type = format?.['type']
  if (quirks.structured === undefined || quirks.structured === 'json_schema' || type === undefined || type === 'text')
    return true
  if (type === 'json_object' && quirks.structured === 'json_object') return true
  return false
}

function adaptEffort(body: JsonObject, target: Target): void {
  const effort = asText(body['reasoning_effort'])
  const control = target.quirks.reasoningControl ?? 'reasoning_effort'
  if (effort === undefined || control === 'reasoning_effort') return
  delete body['reasoning_effort']
  const written = writeEffort({ effort: effort as Effort }, target)
  // What the caller said in the vendor's own words counts more.
  for (const [name, value] of Object.entries(written)) body[name] ??= value
}

function adaptMessage(value: Json, quirks: Quirks): Json {
  const given = asObject(value)
  if (given === undefined) return value
  const message: JsonObject = { ...given }
  const role = message['role']
  if (quirks.systemRole !== undefined && (role === 'system' || role === 'developer'))
    message['role'] = quirks.systemRole
  if (quirks.textOnly && Array.isArray(message['content']))
    message['content'] = joinTexts(objectsIn(message['content']))
  if (quirks.toolIds !== undefined) {
    const calls = objectsIn(message['tool_calls'])
    if (calls.length > 0)
      message['tool_calls'] = calls.map((call) => ({ ...call, id: toolId(asText(call['id']) ?? '', quirks) }))
    const answered = asText(message['tool_call_id'])
    if (answered !== undefined) message['tool_call_id'] = toolId(answered, quirks)
  }
  if (role === 'assistant' && quirks.reasoningInput !== undefined) adaptReasoning(message, quirks)
  return message
}

function adaptReasoning(message: JsonObject, quirks: Quirks): void {
  const thoughts = readReasoning(message)
  if (thoughts.length === 0) return
  for (const name of ['reasoning', 'reasoning_content', 'reasoning_details', 'thinking_blocks']) delete message[name]
  Object.assign(message, writeReasoning(thoughts, message['content'] ?? '', quirks))
}
