import type { Json, JsonObject } from '../../llm/spec.ts'

/** Fields whose values are names, numbers in words, or bytes: no text that anybody wrote. */
const NO_TEXT = new Set([
  'model',
  'role',
  'type',
  'id',
  'object',
  'tool_call_id',
  'tool_use_id',
  'toolUseId',
  'call_id',
  'item_id',
  'response_id',
  'previous_response_id',
  'signature',
  'thoughtSignature',
  'thought_signature',
  'encrypted_content',
  'redactedContent',
  'finish_reason',
  'finishReason',
  'stop_reason',
  'status',
  'system_fingerprint',
  'service_tier',
  'mimeType',
  'mime_type',
  'media_type',
  'detail',
  'format',
  'encoding_format',
  'voice',
  'logprobs',
  'tools',
  'tool_choice',
  'toolConfig',
  'response_format',
  'responseSchema',
  'responseJsonSchema',
  'generationConfig',
  'safetySettings',
  'usage',
  'usageMetadata',
  'metadata',
  'embedding',
])

/** Fields that hold arguments of a tool as JSON in a text. */
const JSON_TEXT = new Set(['arguments', 'partial_json'])

/** Fields that hold bytes, and fields that point to them. */
const BYTES = new Set([
  'data',
  'file_data',
  'b64_json',
  'bytes',
  'image_url',
  'fileUri',
  'file_id',
  'inlineData',
  'inline_data',
  'input_audio',
  'source',
])

/** What becomes of one text; undefined leaves it. */
type Visit = (text: string) => string | undefined

/**
 * Visits every text of a request or an answer, whatever the wire format, and changes it in place. Returns how many things there are that
 * cannot be read as text.
 */
export function walkTexts(value: JsonObject, visit: Visit): { unreadable: number } {
  const state = { unreadable: 0 }
  walkObject(value, visit, state)
  return state
}

function walkObject(object: JsonObject, visit: Visit, state: { unreadable: number }): void {
  for (const [name, value] of Object.entries(object)) {
    if (NO_TEXT.has(name)) continue
    if (BYTES.has(name) && isBytes(name, value)) {
      state.unreadable++
      continue
    }
    if (typeof value === 'string') {
      const changed = JSON_TEXT.has(name) ? visitJson(value, visit, state) : visit(value)
      if (changed !== undefined) object[name] = changed
    } else if (Array.isArray(value)) walkArray(value, visit, state)
    else if (value !== null && typeof value === 'object') walkObject(value, visit, state)
  }
}

function walkArray(array: Json[], visit: Visit, state: { unreadable: number }): void {
  for (const [index, value] of array.entries()) {
    if (typeof value === 'string') {
      const changed = visit(value)
      if (changed !== undefined) array[index] = changed
    } else if (Array.isArray(value)) walkArray(value, visit, state)
    else if (value !== null && typeof value === 'object') walkObject(value, visit, state)
  }
}

/** A `source` may hold plain text, and text may be called `data`: only what is none is left unread. */
function isBytes(name: string, value: Json | undefined): boolean {
  if (typeof value === 'string') return name !== 'data' || (value.length > 100 && !/\s/.test(value.slice(0, 2_000)))
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return false
  if (name !== 'source') return true
  return value['type'] !== 'text' && value['type'] !== 'content'
}

/** Arguments are read as what they are, so that no escape hides a text and none is broken. */
export function visitJson(
  text: string,
  visit: Visit,
  state: { unreadable: number } = { unreadable: 0 },
): string | undefined {
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch {
    return visit(text)
  }
  if (typeof value === 'string') {
    const changed = visit(value)
    return changed === undefined ? undefined : JSON.stringify(changed)
  }
  if (value === null || typeof value !== 'object') return undefined
  let changed = false
  const note: Visit = (part) => {
    const other = visit(part)
    if (other !== undefined) changed = true
    return other
  }
  if (Array.isArray(value)) walkArray(value, note, state)
  else walkAll(value, note)
  return changed ? JSON.stringify(value) : undefined
}

/** Every text below, for no name of an argument means anything to the gateway. */
function walkAll(object: JsonObject, visit: Visit): void {
  for (const [name, value] of Object.entries(object)) {
    if (typeof value === 'string') {
      const changed = visit(value)
      if (changed !== undefined) object[name] = changed
    } else if (Array.isArray(value)) for (const [index, item] of value.entries()) walkItem(value, index, item, visit)
    else if (value !== null && typeof value === 'object') walkAll(value, visit)
  }
}

function walkItem(array: Json[], index: number, item: Json, visit: Visit): void {
  if (typeof item === 'string') {
    const changed = visit(item)
    if (changed !== undefined) array[index] = changed
  } else if (Array.isArray(item)) for (const [inner, value] of item.entries()) walkItem(item, inner, value, visit)
  else if (item !== null && typeof item === 'object') walkAll(item, visit)
}

/** Names of the tools that a request offers, in any dialect. */
export function toolNames(request: JsonObject): string[] {
  const names: string[] = []
  const collect = (tools: Json | undefined) => {
    if (!Array.isArray(tools)) return
    for (const tool of tools) {
      if (tool === null || typeof tool !== 'object' || Array.isArray(tool)) continue
      const inner = (tool['function'] ?? tool['toolSpec'] ?? tool) as JsonObject
      if (typeof inner['name'] === 'string') names.push(inner['name'])
      else if (Array.isArray(tool['functionDeclarations'])) collect(tool['functionDeclarations'])
      else if (typeof tool['type'] === 'string') names.push(tool['type'])
      else names.push(...Object.keys(tool))
    }
  }
  collect(request['tools'])
  collect(request['functions'])
  return names
}

/** Names of the tools that a whole answer calls, in any dialect. */
export function calledTools(answer: Json): string[] {
  const names: string[] = []
  const look = (value: Json): void => {
    if (Array.isArray(value)) for (const item of value) look(item)
    else if (value !== null && typeof value === 'object') {
      const type = value['type']
      const call = value['functionCall'] ?? value['toolUse'] ?? (type === 'function' ? value['function'] : undefined)
      const holder = (call ?? (type === 'tool_use' || type === 'function_call' ? value : undefined)) as
        JsonObject | undefined
      if (typeof holder?.['name'] === 'string') names.push(holder['name'])
      for (const item of Object.values(value)) look(item)
    }
  }
  look(answer)
  return names
}
