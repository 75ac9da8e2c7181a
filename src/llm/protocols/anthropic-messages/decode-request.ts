// What a client of Anthropic Messages asks for.
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
import { asObject, asText, defined } from '../../json.ts'
import type {
  ChatRequest,
  Effort,
  JsonObject,
  Message,
  Part,
  ReasoningOptions,
  ResponseFormat,
  TextPart,
  Tool,
  ToolChoice,
} from '../../spec.ts'
import { readBlocks, readCache } from './block.ts'

const KNOWN = new Set([
  'model',
  'messages',
  'system',
  'tools',
  'tool_choice',
  'max_tokens',
  'stop_sequences',
  'temperature',
  'top_p',
  'top_k',
  'thinking',
  'output_config',
  'output_format',
  'metadata',
  'service_tier',
  'stream',
  'anthropic_version',
])

const EFFORTS = new Set(['low', 'medium', 'high', 'xhigh', 'max'])

export function decodeRequest(body: JsonObject): ChatRequest {
  const messages: Message[] = []
  const system = readSystem(body)
  needList(body['messages'], 'messages').forEach((value, index) => {
    const field = `messages[${index}]`
    const message = needObject(value, field)
    const role = needText(message['role'], `${field}.role`)
    const parts = readBlocks(message['content'], `${field}.content`)
    if (role === 'user') pushUser(messages, parts)
    else if (role === 'assistant') messages.push({ role, content: parts })
    else if (role === 'system') messages.push({ role, content: parts })
    else throw refuse(`${field}.role`, `${field}.role must be user or assistant, not "${role}"`)
  })
  const metadata = maybeObject(body['metadata'], 'metadata')
  const choice = maybeObject(body['tool_choice'], 'tool_choice')
  const output = maybeObject(body['output_config'], 'output_config')
  const disabled = maybeTruth(choice?.['disable_parallel_tool_use'], 'tool_choice.disable_parallel_tool_use')
  const stop = maybeList(body['stop_sequences'], 'stop_sequences')
  return defined({
    dialect: 'anthropic-messages',
    model: asText(body['model']) ?? '',
    system,
    messages,
    tools: readTools(body),
    toolChoice: readToolChoice(choice),
    parallelToolCalls: disabled === undefined ? undefined : !disabled,
    responseFormat: readFormat(maybeObject(output?.['format'] ?? body['output_format'], 'output_config.format')),
    maxOutputTokens: maybeCount(body['max_tokens'], 'max_tokens'),
    temperature: maybeNumber(body['temperature'], 'temperature'),
    topP: maybeNumber(body['top_p'], 'top_p'),
    topK: maybeInteger(body['top_k'], 'top_k'),
    stop: stop?.map((value, index) => needText(value, `stop_sequences[${index}]`)),
    reasoning: readReasoning(body, output),
    user: maybeText(metadata?.['user_id'], 'metadata.user_id'),
    metadata: metadata === undefined ? undefined : restOf(metadata),
    serviceTier: maybeText(body['service_tier'], 'service_tier'),
    stream: maybeTruth(body['stream'], 'stream') ?? false,
    includeUsage: true,
    extra: unknownFields(body, KNOWN),
  }) as ChatRequest
}

const restOf = (metadata: JsonObject): JsonObject | undefined => {
  const { user_id: _, ...rest } = metadata
  return Object.keys(rest).length > 0 ? rest : undefined
}

function readSystem(body: JsonObject): TextPart[] {
  return readBlocks(body['system'], 'system').map((part, index) => {
    if (part.type !== 'text') throw refuse(`system[${index}].type`, `system[${index}] must be a text block`)
    return part
  })
}

/** Results of tools stand in a turn of their own; the order of everything stays. */
function pushUser(messages: Message[], parts: readonly Part[]): void {
  if (parts.length === 0) messages.push({ role: 'user', content: [] })
  let from = 0
  while (from < parts.length) {
    const isResult = parts[from]?.type === 'tool-result'
    let to = from + 1
    while (to < parts.length && (parts[to]?.type === 'tool-result') === isResult) to++
    messages.push({ role: isResult ? 'tool' : 'user', content: parts.slice(from, to) })
    from = to
  }
}

function readTools(body: JsonObject): Tool[] {
  return (maybeList(body['tools'], 'tools') ?? []).map((value, index) => {
    const field = `tools[${index}]`
    const tool = needObject(value, field)
    const type = asText(tool['type'])
    if (type !== undefined && type !== 'custom') return { type: 'native', protocol: 'anthropic-messages', value: tool }
    return defined({
      type: 'function',
      name: needText(tool['name'], `${field}.name`),
      description: maybeText(tool['description'], `${field}.description`),
      parameters: needObject(tool['input_schema'], `${field}.input_schema`),
      strict: maybeTruth(tool['strict'], `${field}.strict`),
      ...readCache(tool),
    }) as Tool
  })
}

function readToolChoice(choice: JsonObject | undefined): ToolChoice | undefined {
  if (choice === undefined) return undefined
  const type = needText(choice['type'], 'tool_choice.type')
  switch (type) {
    case 'auto':
    case 'none':
      return { type }
    case 'any':
      return { type: 'required' }
    case 'tool':
      return { type: 'tool', name: needText(choice['name'], 'tool_choice.name') }
    default:
      throw refuse('tool_choice.type', `tool_choice.type must be auto, any, tool or none, not "${type}"`)
  }
}

function readFormat(format: JsonObject | undefined): ResponseFormat | undefined {
  if (format === undefined || format['type'] !== 'json_schema') return undefined
  return {
    type: 'json-schema',
    name: asText(format['name']) ?? 'response',
    schema: needObject(format['schema'], 'output_config.format.schema'),
    strict: true,
  }
}

function readReasoning(body: JsonObject, output: JsonObject | undefined): ReasoningOptions | undefined {
  const thinking = asObject(body['thinking'])
  const effort = maybeText(output?.['effort'], 'output_config.effort')
  if (effort !== undefined && !EFFORTS.has(effort))
    throw refuse(
      'output_config.effort',
      `output_config.effort must be one of ${[...EFFORTS].join(', ')}, not "${effort}"`,
    )
  const off = thinking?.['type'] === 'disabled'
  const options: ReasoningOptions = defined({
    effort: off ? ('none' as const) : (effort as Effort | undefined),
    budgetTokens:
      thinking?.['type'] === 'enabled' ? maybeInteger(thinking['budget_tokens'], 'thinking.budget_tokens') : undefined,
    adaptive: thinking?.['type'] === 'adaptive' || undefined,
    summary: thinking?.['display'] === 'omitted' ? ('none' as const) : undefined,
  })
  return Object.keys(options).length > 0 ? options : undefined
}
