// What a client of Gemini asks for. The model and whether to stream stand in the path.
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
import { asObject, asText, defined, objectsIn } from '../../json.ts'
import type { PathInfo } from '../../protocol.ts'
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
  ToolCallPart,
  ToolChoice,
  ToolResultPart,
} from '../../spec.ts'
import { pick, readPart } from './part.ts'
import { fromGeminiSchema } from './schema.ts'

const KNOWN = new Set([
  'model',
  'contents',
  'systemInstruction',
  'system_instruction',
  'tools',
  'toolConfig',
  'tool_config',
  'generationConfig',
  'generation_config',
])
const KNOWN_CONFIG = new Set([
  'temperature',
  'topP',
  'topK',
  'candidateCount',
  'maxOutputTokens',
  'stopSequences',
  'seed',
  'presencePenalty',
  'frequencyPenalty',
  'responseMimeType',
  'responseSchema',
  'responseJsonSchema',
  '_responseJsonSchema',
  'responseLogprobs',
  'logprobs',
  'responseModalities',
  'thinkingConfig',
])

export function decodeRequest(body: JsonObject, path: PathInfo): ChatRequest {
  const config = maybeObject(pick(body, 'generationConfig'), 'generationConfig') ?? {}
  const field = (name: string) => `generationConfig.${name}`
  const stop = maybeList(pick(config, 'stopSequences'), field('stopSequences'))
  const modalities = maybeList(pick(config, 'responseModalities'), field('responseModalities'))
  const extra = unknownFields(body, KNOWN)
  for (const [name, value] of Object.entries(config)) {
    if (!KNOWN_CONFIG.has(name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())))
      extra[field(name)] = value
  }
  return defined({
    dialect: 'gemini',
    model: path.model ?? asText(body['model']) ?? '',
    system: readSystem(pick(body, 'systemInstruction')),
    messages: readContents(body['contents']),
    tools: readTools(body['tools']),
    toolChoice: readToolChoice(asObject(pick(body, 'toolConfig'))),
    responseFormat: readFormat(config),
    maxOutputTokens: maybeCount(pick(config, 'maxOutputTokens'), field('maxOutputTokens')),
    temperature: maybeNumber(config['temperature'], field('temperature')),
    topP: maybeNumber(pick(config, 'topP'), field('topP')),
    topK: maybeNumber(pick(config, 'topK'), field('topK')),
    seed: maybeInteger(config['seed'], field('seed')),
    stop: stop?.map((value, index) => needText(value, `${field('stopSequences')}[${index}]`)),
    presencePenalty: maybeNumber(pick(config, 'presencePenalty'), field('presencePenalty')),
    frequencyPenalty: maybeNumber(pick(config, 'frequencyPenalty'), field('frequencyPenalty')),
    logprobs: maybeTruth(pick(config, 'responseLogprobs'), field('responseLogprobs')),
    topLogprobs: maybeInteger(config['logprobs'], field('logprobs')),
    n: maybeCount(pick(config, 'candidateCount'), field('candidateCount')),
    reasoning: readThinking(maybeObject(pick(config, 'thinkingConfig'), field('thinkingConfig'))),
    modalities: modalities?.map((value, index) =>
      needText(value, `${field('responseModalities')}[${index}]`).toLowerCase(),
    ),
    stream: path.stream ?? false,
    includeUsage: true,
    extra,
  }) as ChatRequest
}

function readSystem(value: Json | undefined): TextPart[] {
  if (value === undefined || value === null) return []
  if (typeof value === 'string') return value === '' ? [] : [{ type: 'text', text: value }]
  return objectsIn(needObject(value, 'systemInstruction')['parts']).map((part, index) => ({
    type: 'text',
    text: needText(part['text'], `systemInstruction.parts[${index}].text`),
  }))
}

/** Calls without an id get one; results without an id belong to the oldest open call of their name. */
class Calls {
  #count = 0
  readonly #open: { readonly id: string; readonly name: string }[] = []

  call(id: string | undefined, name: string): string {
    const given = id ?? `call_${this.#count}_${name}`
    this.#count++
    this.#open.push({ id: given, name })
    return given
  }

  result(id: string | undefined, name: string): string {
    const at = this.#open.findIndex((call) => (id === undefined ? call.name === name : call.id === id))
    const [call] = at === -1 ? [] : this.#open.splice(at, 1)
    return call?.id ?? id ?? `call_${name}`
  }
}

function readContents(value: Json | undefined): Message[] {
  const messages: Message[] = []
  const calls = new Calls()
  // One content may stand without its list, and one text without its content.
  const contents =
    typeof value === 'string'
      ? [{ role: 'user', parts: [{ text: value }] }]
      : asObject(value) === undefined
        ? needList(value, 'contents')
        : [value as Json]
  contents.forEach((entry, index) => {
    const field = `contents[${index}]`
    const content = needObject(entry, field)
    const role = asText(content['role']) ?? 'user'
    if (role !== 'user' && role !== 'model' && role !== 'function')
      throw refuse(`${field}.role`, `${field}.role must be user or model, not "${role}"`)
    const parts: Part[] = []
    const results: Part[] = []
    needList(content['parts'] ?? [], `${field}.parts`).forEach((given, position) => {
      const place = `${field}.parts[${position}]`
      const part = needObject(given, place)
      const call = asObject(pick(part, 'functionCall'))
      const result = asObject(pick(part, 'functionResponse'))
      if (call !== undefined) parts.push(readCall(call, part, place, calls))
      else if (result !== undefined) results.push(readResult(result, place, calls))
      else parts.push(readPart(part))
    })
    if (results.length > 0) messages.push({ role: 'tool', content: results })
    if (parts.length > 0 || results.length === 0)
      messages.push({ role: role === 'model' ? 'assistant' : 'user', content: parts })
  })
  return messages
}

function readCall(call: JsonObject, part: JsonObject, field: string, calls: Calls): ToolCallPart {
  const name = needText(call['name'], `${field}.functionCall.name`)
  const signature = asText(pick(part, 'thoughtSignature'))
  return {
    type: 'tool-call',
    id: calls.call(asText(call['id']), name),
    name,
    arguments: JSON.stringify(call['args'] ?? {}),
    ...(signature === undefined ? {} : { signature }),
  }
}

function readResult(result: JsonObject, field: string, calls: Calls): ToolResultPart {
  const name = needText(result['name'], `${field}.functionResponse.name`)
  const response = maybeObject(result['response'], `${field}.functionResponse.response`) ?? {}
  // Vercel's client repeats the name beside the content.
  const keys = Object.keys(response).filter(
    (key) => !(key === 'name' && response[key] === name && 'content' in response),
  )
  const isError = keys.length === 1 && keys[0] === 'error'
  const only =
    keys.length === 1 && /^(?:output|result|content|error)$/.test(keys[0] ?? '') ? response[keys[0] ?? ''] : undefined
  const text = typeof only === 'string' ? only : JSON.stringify(response)
  const media = objectsIn(result['parts']).map(readPart)
  return {
    type: 'tool-result',
    toolCallId: calls.result(asText(result['id']), name),
    name,
    content: [{ type: 'text', text }, ...(media as TextPart[])],
    ...(isError ? { isError: true } : {}),
  }
}

function readTools(value: Json | undefined): Tool[] {
  const tools: Tool[] = []
  // The API takes one tool without its list too.
  const given = asObject(value) === undefined ? maybeList(value, 'tools') : [value as Json]
  given?.forEach((entry, index) => {
    const tool = needObject(entry, `tools[${index}]`)
    const declared = pick(tool, 'functionDeclarations')
    if (declared === undefined) {
      tools.push({ type: 'native', protocol: 'gemini', value: tool })
      return
    }
    needList(declared, `tools[${index}].functionDeclarations`).forEach((declaration, position) => {
      const field = `tools[${index}].functionDeclarations[${position}]`
      const one = needObject(declaration, field)
      const schema = maybeObject(pick(one, 'parametersJsonSchema'), `${field}.parametersJsonSchema`)
      const own = maybeObject(one['parameters'], `${field}.parameters`)
      tools.push(
        defined({
          type: 'function',
          name: needText(one['name'], `${field}.name`),
          description: maybeText(one['description'], `${field}.description`),
          parameters: schema ?? (own === undefined ? undefined : fromGeminiSchema(own)),
        }) as Tool,
      )
    })
  })
  return tools
}

function readToolChoice(config: JsonObject | undefined): ToolChoice | undefined {
  const calling = config === undefined ? undefined : asObject(pick(config, 'functionCallingConfig'))
  const mode = asText(calling?.['mode'])
  if (calling === undefined || mode === undefined || mode === 'MODE_UNSPECIFIED') return undefined
  const names =
    maybeList(pick(calling, 'allowedFunctionNames'), 'toolConfig.functionCallingConfig.allowedFunctionNames')?.map(
      String,
    ) ?? []
  switch (mode.toUpperCase()) {
    case 'NONE':
      return { type: 'none' }
    case 'ANY':
      if (names.length === 1) return { type: 'tool', name: names[0] as string }
      return names.length > 1 ? { type: 'allowed', mode: 'required', names } : { type: 'required' }
    default:
      return names.length > 0 ? { type: 'allowed', mode: 'auto', names } : { type: 'auto' }
  }
}

function readFormat(config: JsonObject): ResponseFormat | undefined {
  const schema = asObject(pick(config, 'responseJsonSchema')) ?? asObject(config['_responseJsonSchema'])
  const own = asObject(pick(config, 'responseSchema'))
  if (schema !== undefined || own !== undefined) {
    return { type: 'json-schema', name: 'response', schema: schema ?? fromGeminiSchema(own as JsonObject) }
  }
  return pick(config, 'responseMimeType') === 'application/json' ? { type: 'json' } : undefined
}

const LEVELS: Readonly<Record<string, Effort>> = { MINIMAL: 'minimal', LOW: 'low', MEDIUM: 'medium', HIGH: 'high' }

function readThinking(thinking: JsonObject | undefined): ReasoningOptions | undefined {
  if (thinking === undefined) return undefined
  const level = asText(pick(thinking, 'thinkingLevel'))
  const shown = maybeTruth(pick(thinking, 'includeThoughts'), 'generationConfig.thinkingConfig.includeThoughts')
  const options: ReasoningOptions = defined({
    effort: level === undefined ? undefined : LEVELS[level.toUpperCase()],
    budgetTokens: maybeInteger(pick(thinking, 'thinkingBudget'), 'generationConfig.thinkingConfig.thinkingBudget'),
    summary: shown === undefined ? undefined : shown ? ('auto' as const) : ('none' as const),
  })
  return Object.keys(options).length > 0 ? options : undefined
}
