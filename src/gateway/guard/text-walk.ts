import type { Json, JsonObject } from '../../llm/spec.ts'
import { put, visitJson, walkOpen, type Visit } from './open-walk.ts'

/** Fields that hold names of things, proofs, or numbers in words. What stands there and is none of these is a text all the same. */
const NAMES = new Set([
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
  'responseMimeType',
  'response_mime_type',
  'responseModalities',
  'modalities',
  'mediaResolution',
  'thinkingLevel',
  'detail',
  'format',
  'encoding_format',
  'voice',
  'voiceName',
  'languageCode',
])

/** What is written where a name is expected and looks like one; also whatever is base64. */
const isName = (text: string) => /^[\w.:/+=$#-]*$/.test(text)

/** Numbers, and pieces of a text that is visited elsewhere. */
const NO_TEXT = new Set(['usage', 'usageMetadata', 'embedding', 'logprobs', 'logprobsResult', 'safetySettings'])

/** What callers and models name as they like. */
const OPEN = new Set(['args', 'arguments', 'input', 'input_examples', 'labels', 'metadata', 'response', 'variables'])

/** Tools and schemas: their names bind the caller and the model, their words are text. */
const DECLARED = new Set([
  'tools',
  'functions',
  'tool_choice',
  'toolConfig',
  'response_format',
  'responseSchema',
  'responseJsonSchema',
  'output_config',
  'format',
])

/** Names in tools and schemas beside those of `NAMES`. */
const DECLARED_NAMES = new Set(['name', '$ref', '$id', '$schema', 'syntax', 'server_label'])

/** Fields that hold arguments of a tool as JSON in a text. */
const JSON_TEXT = new Set(['arguments', 'partial_json'])

/** Fields that hold bytes, and fields that point to them. */
const BYTES = new Set([
  'data',
  'file_data',
  'file_url',
  'b64_json',
  'bytes',
  'image_url',
  'video_url',
  'audio_url',
  'fileUri',
  'file_id',
  'inlineData',
  'inline_data',
  'input_audio',
  'source',
])

type State = { unreadable: number }

/**
 * Visits every text of a request or an answer, whatever the wire format, and changes it in place. Returns how many things there are that
 * cannot be read as text.
 */
export function walkTexts(value: JsonObject, visit: Visit): { unreadable: number } {
  const state = { unreadable: 0 }
  walkObject(value, visit, state)
  return state
}

function walkObject(object: JsonObject, visit: Visit, state: State): void {
  for (const [name, value] of Object.entries(object)) {
    if (typeof value === 'string') {
      if (NAMES.has(name) && isName(value)) continue
      if (BYTES.has(name) && isBytes(name, value, object)) {
        state.unreadable++
        continue
      }
      const changed = JSON_TEXT.has(name) ? visitJson(value, visit) : visit(value)
      if (changed !== undefined) put(object, name, changed)
    } else if (value !== null && typeof value === 'object') walkMember(object, name, value, visit, state)
  }
}

function walkMember(object: JsonObject, name: string, value: JsonObject | Json[], visit: Visit, state: State): void {
  if (NO_TEXT.has(name)) return
  if (BYTES.has(name) && isBytes(name, value, object)) state.unreadable++
  else if (OPEN.has(name) && !(name === 'input' && Array.isArray(value))) walkOpen(value, visit)
  else if (DECLARED.has(name)) walkDeclared(value, name, visit)
  else if (Array.isArray(value)) walkArray(value, name, visit, state)
  else walkObject(value, visit, state)
}

function walkArray(array: Json[], name: string, visit: Visit, state: State): void {
  for (const [index, value] of array.entries()) {
    if (typeof value === 'string') {
      if (NAMES.has(name) && isName(value)) continue
      const changed = visit(value)
      if (changed !== undefined) array[index] = changed
    } else if (Array.isArray(value)) walkArray(value, name, visit, state)
    else if (value !== null && typeof value === 'object') walkObject(value, visit, state)
  }
}

/** The words of tools and schemas; `name` is the field that holds the value. */
function walkDeclared(value: Json, name: string, visit: Visit): Json {
  if (typeof value === 'string') {
    if ((NAMES.has(name) || DECLARED_NAMES.has(name)) && isName(value)) return value
    return visit(value) ?? value
  }
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) for (const [index, item] of value.entries()) value[index] = walkDeclared(item, name, visit)
  else
    for (const [member, inner] of Object.entries(value))
      if (!isBinding(member, inner, value)) put(value, member, walkDeclared(inner, member, visit))
  return value
}

/** Lists of properties, and what lets the vendor into a tool's server. */
function isBinding(name: string, value: Json, owner: JsonObject): boolean {
  if (name === 'required') return Array.isArray(value)
  if (name === 'authorization') return typeof value === 'string'
  return name === 'headers' && 'server_url' in owner
}

/** A `source` may hold plain text, and text may be called `data`: only what is none is left unread. */
function isBytes(name: string, value: string | JsonObject | Json[], owner: JsonObject): boolean {
  if (typeof value === 'string') {
    if (name === 'source') return false
    return name !== 'data' || (owner['type'] !== 'text' && value.length > 100 && !/\s/.test(value.slice(0, 2_000)))
  }
  if (Array.isArray(value)) return false
  if (name !== 'source') return true
  return value['type'] !== 'text' && value['type'] !== 'content'
}
