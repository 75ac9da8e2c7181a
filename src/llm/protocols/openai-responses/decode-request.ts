// What a client of the Responses API asks for.
import {
  maybeCount,
  maybeInteger,
  maybeList,
  maybeNumber,
  maybeObject,
  maybeText,
  maybeTruth,
  needList,
  needObject,
  needText,
  refuse,
  unknownFields,
} from '../../field.ts'
import { asText, defined } from '../../json.ts'
import type {
  ChatRequest,
  Effort,
  Json,
  JsonObject,
  Message,
  Part,
  ReasoningOptions,
  ResponseFormat,
  TextPart,
  Tool,
  ToolChoice,
} from '../../spec.ts'
import { EFFORTS } from '../openai-chat/decode-request.ts'
import { readCall, readContent, readReasoning, readResult } from './item.ts'

const KNOWN = new Set([
  'model',
  'input',
  'instructions',
  'previous_response_id',
  'tools',
  'tool_choice',
  'text',
  'reasoning',
  'max_output_tokens',
  'parallel_tool_calls',
  'store',
  'stream',
  'service_tier',
  'prompt_cache_key',
  'metadata',
  'temperature',
  'top_p',
  'top_logprobs',
  'user',
  'safety_identifier',
])

export function decodeRequest(body: JsonObject): ChatRequest {
  const instructions = maybeText(body['instructions'], 'instructions')
  const system: TextPart[] =
    instructions === undefined || instructions === '' ? [] : [{ type: 'text', text: instructions }]
  const messages = readInput(body['input'], system)
  const text = maybeObject(body['text'], 'text')
  const verbosity = maybeText(text?.['verbosity'], 'text.verbosity')
  const include = maybeList(body['include'], 'include') ?? []
  const topLogprobs = maybeInteger(body['top_logprobs'], 'top_logprobs')
  return defined({
    dialect: 'openai-responses',
    model: asText(body['model']) ?? '',
    system,
    messages,
    tools: readTools(body['tools']),
    toolChoice: readToolChoice(body['tool_choice']),
    parallelToolCalls: maybeTruth(body['parallel_tool_calls'], 'parallel_tool_calls'),
    responseFormat: readFormat(maybeObject(text?.['format'], 'text.format')),
    maxOutputTokens: maybeCount(body['max_output_tokens'], 'max_output_tokens'),
    temperature: maybeNumber(body['temperature'], 'temperature'),
    topP: maybeNumber(body['top_p'], 'top_p'),
    logprobs: include.includes('message.output_text.logprobs') || (topLogprobs ?? 0) > 0 ? true : undefined,
    topLogprobs: topLogprobs === 0 ? undefined : topLogprobs,
    reasoning: readReasoningOptions(maybeObject(body['reasoning'], 'reasoning')),
    verbosity: verbosity === 'low' || verbosity === 'medium' || verbosity === 'high' ? verbosity : undefined,
    user: maybeText(body['safety_identifier'], 'safety_identifier') ?? maybeText(body['user'], 'user'),
    metadata: emptyAsAbsent(maybeObject(body['metadata'], 'metadata')),
    serviceTier: maybeText(body['service_tier'], 'service_tier'),
    promptCacheKey: maybeText(body['prompt_cache_key'], 'prompt_cache_key'),
    stream: maybeTruth(body['stream'], 'stream') ?? false,
    includeUsage: true,
    previousResponseId: maybeText(body['previous_response_id'], 'previous_response_id'),
    store: maybeTruth(body['store'], 'store'),
    extra: unknownFields(body, KNOWN),
  }) as ChatRequest
}

const emptyAsAbsent = (object: JsonObject | undefined) =>
  object !== undefined && Object.keys(object).length > 0 ? object : undefined

function readInput(input: Json | undefined, system: TextPart[]): Message[] {
  if (input === undefined || input === null) return []
  if (typeof input === 'string') return [{ role: 'user', content: [{ type: 'text', text: input }] }]
  const messages: Message[] = []
  needList(input, 'input').forEach((value, index) => {
    const field = `input[${index}]`
    readItem(needObject(value, field), field, messages, system)
  })
  return messages
}

/** Thoughts, words and calls of the model between two turns of others are one turn; so are results in a row. */
function push(messages: Message[], role: 'assistant' | 'tool', parts: readonly Part[], itemId?: string): void {
  const last = messages.at(-1)
  if (last?.role === role) messages[messages.length - 1] = { ...last, content: [...last.content, ...parts] }
  else messages.push({ role, content: parts, ...(itemId === undefined ? {} : { itemId }) })
}

function readItem(item: JsonObject, field: string, messages: Message[], system: TextPart[]): void {
  const type = asText(item['type']) ?? 'message'
  switch (type) {
    case 'message': {
      const role = needText(item['role'], `${field}.role`)
      const content = readContent(item['content'], `${field}.content`)
      if (role === 'assistant') return push(messages, 'assistant', content, asText(item['id']))
      if (role === 'user') {
        messages.push({ role, content })
        return
      }
      if (role !== 'system' && role !== 'developer')
        throw refuse(`${field}.role`, `${field}.role must be user, assistant, system or developer, not "${role}"`)
      const texts = content.filter((part) => part.type === 'text')
      if (messages.length === 0) system.push(...texts)
      else messages.push({ role: 'system', content: texts })
      return
    }
    case 'function_call':
    case 'custom_tool_call':
      needText(item['call_id'], `${field}.call_id`)
      needText(item['name'], `${field}.name`)
      return push(messages, 'assistant', [readCall(item)])
    case 'function_call_output':
    case 'custom_tool_call_output':
      return push(messages, 'tool', [readResult(item, field)])
    case 'reasoning':
      return push(messages, 'assistant', [readReasoning(item)])
    default:
      // Calls and results of the vendor's own tools, and references to what it keeps.
      return push(messages, 'assistant', [{ type: 'native', protocol: 'openai-responses', value: item }])
  }
}

function readTools(value: Json | undefined): Tool[] {
  return (maybeList(value, 'tools') ?? []).map((entry, index) => {
    const field = `tools[${index}]`
    const tool = needObject(entry, field)
    const type = needText(tool['type'], `${field}.type`)
    if (type === 'function') {
      return defined({
        type,
        name: needText(tool['name'], `${field}.name`),
        description: maybeText(tool['description'], `${field}.description`),
        parameters: maybeObject(tool['parameters'], `${field}.parameters`),
        strict: maybeTruth(tool['strict'], `${field}.strict`),
      }) as Tool
    }
    if (type === 'custom') {
      return defined({
        type,
        name: needText(tool['name'], `${field}.name`),
        description: maybeText(tool['description'], `${field}.description`),
        format: maybeObject(tool['format'], `${field}.format`),
      }) as Tool
    }
    return { type: 'native', protocol: 'openai-responses', value: tool }
  })
}

function readToolChoice(value: Json | undefined): ToolChoice | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') {
    if (value === 'auto' || value === 'none' || value === 'required') return { type: value }
    throw refuse('tool_choice', `tool_choice must be auto, none, required or an object, not "${value}"`)
  }
  const choice = needObject(value, 'tool_choice')
  if (choice['type'] === 'allowed_tools') {
    const names = needList(choice['tools'], 'tool_choice.tools').map((tool, index) =>
      needText(needObject(tool, `tool_choice.tools[${index}]`)['name'], `tool_choice.tools[${index}].name`),
    )
    return { type: 'allowed', mode: choice['mode'] === 'required' ? 'required' : 'auto', names }
  }
  // A tool of the vendor's own has only a type.
  const name = asText(choice['name'])
  return name === undefined ? { type: 'required' } : { type: 'tool', name }
}

function readFormat(format: JsonObject | undefined): ResponseFormat | undefined {
  if (format === undefined) return undefined
  switch (format['type']) {
    case 'text':
      return { type: 'text' }
    case 'json_object':
      return { type: 'json' }
    case 'json_schema':
      return defined({
        type: 'json-schema',
        name: needText(format['name'], 'text.format.name'),
        description: maybeText(format['description'], 'text.format.description'),
        schema: needObject(format['schema'], 'text.format.schema'),
        strict: maybeTruth(format['strict'], 'text.format.strict'),
      }) as ResponseFormat
    default:
      throw refuse('text.format.type', 'text.format.type must be text, json_object or json_schema')
  }
}

function readReasoningOptions(reasoning: JsonObject | undefined): ReasoningOptions | undefined {
  const effort = maybeText(reasoning?.['effort'], 'reasoning.effort')
  if (effort !== undefined && !EFFORTS.has(effort))
    throw refuse('reasoning.effort', `reasoning.effort must be one of ${[...EFFORTS].join(', ')}, not "${effort}"`)
  const summary = maybeText(reasoning?.['summary'] ?? reasoning?.['generate_summary'], 'reasoning.summary')
  const options: ReasoningOptions = defined({
    effort: effort as Effort | undefined,
    summary:
      summary === 'auto' || summary === 'concise' || summary === 'detailed'
        ? (summary as 'auto' | 'concise' | 'detailed')
        : undefined,
  })
  return Object.keys(options).length > 0 ? options : undefined
}
