// A call to Gemini, on AI Studio or Vertex.
import { Drops, refuseState } from '../../dropped.ts'
import { asText, defined } from '../../json.ts'
import type { EncodedRequest } from '../../protocol.ts'
import type { ChatRequest, Json, JsonObject } from '../../spec.ts'
import type { DecodeContext, Target } from '../../target.ts'
import { CUSTOM_SCHEMA, nameTools, type Naming } from '../../tool-names.ts'
import { applyQuirks } from '../openai-chat/encode-request.ts'
import { writeContents, writeSystem } from './encode-messages.ts'
import { versionOf, writeThinking } from './model.ts'
import { toGeminiSchema } from './schema.ts'

const JSON_TOOL = 'json_response'
const TOOL_NAMES = { forbidden: /[^A-Za-z0-9_.-]/g, maxLength: 64, start: /^[A-Za-z_]/ }
const MAX_STOPS = 5

export function encodeRequest(request: ChatRequest, target: Target): EncodedRequest {
  refuseState(request)
  const drops = new Drops(request.dialect)
  const naming = nameTools(request, TOOL_NAMES)
  const structure = planStructure(request, target)
  const { tools, natives } = writeTools(request, naming, structure.tool, drops)
  const system = writeSystem(request, drops)
  if (structure.instruction !== undefined) system.push({ text: structure.instruction })
  const config = writeConfig(request, target, structure, drops)
  const same = request.dialect === 'gemini'
  drops.unsupported(
    request,
    ['logitBias', 'verbosity', 'store', 'promptCacheKey', 'serviceTier', 'user', 'metadata'],
    'Gemini has no such parameter',
  )
  if (request.parallelToolCalls === false && request.tools.length > 0)
    drops.add('parallel_tool_calls', 'Gemini decides by itself how many functions it calls')
  drops.cacheMarkers(request)
  if (!same) drops.extra(request, 'Gemini has no such parameter')
  const choice = tools.length > 0 ? writeToolChoice(request, structure.tool !== undefined, naming) : undefined
  const body: JsonObject = {
    contents: writeContents(request, target.model, naming, drops) as unknown as Json[],
    ...(system.length > 0 ? { systemInstruction: { parts: system } } : {}),
    ...(tools.length + natives.length > 0
      ? { tools: [...(tools.length > 0 ? [{ functionDeclarations: tools }] : []), ...natives] }
      : {}),
    ...(choice === undefined ? {} : { toolConfig: { functionCallingConfig: choice } }),
    ...(Object.keys(config).length > 0 ? { generationConfig: config } : {}),
  }
  if (same) addExtra(body, request)
  const context: DecodeContext = {
    ...(structure.tool === undefined ? {} : { jsonTool: JSON_TOOL }),
    ...(Object.keys(naming.changed).length > 0 ? { toolNames: naming.changed } : {}),
    ...(naming.customTools.length > 0 ? { customTools: naming.customTools } : {}),
    quirks: target.quirks,
  }
  const place = /^(?:models|tunedModels|endpoints)\//.test(target.model)
    ? target.model
    : `models/${encodeURIComponent(target.model)}`
  return {
    path: `/${place}:${request.stream ? 'streamGenerateContent' : 'generateContent'}`,
    ...(request.stream ? { query: { alt: 'sse' } } : {}),
    headers: target.quirks.headers ?? {},
    body: applyQuirks(body, target.quirks, drops),
    dropped: drops.list,
    context,
  }
}

/** Parameters of the same format that the vocabulary has no word for; those of `generationConfig` carry their place in the name. */
function addExtra(body: JsonObject, request: ChatRequest): void {
  for (const [name, value] of Object.entries(request.extra)) {
    if (!name.startsWith('generationConfig.')) body[name] = value
    else
      body['generationConfig'] = {
        ...(body['generationConfig'] as JsonObject | undefined),
        [name.slice('generationConfig.'.length)]: value,
      }
  }
}

type Structure = { readonly config?: JsonObject; readonly tool?: JsonObject; readonly instruction?: string }

/** Structured output is native; before Gemini 3 not beside functions, so there it comes through one. */
function planStructure(request: ChatRequest, target: Target): Structure {
  const format = request.responseFormat
  if (format === undefined || format.type === 'text') return {}
  const beside = request.tools.some((tool) => tool.type !== 'native') && request.toolChoice?.type !== 'none'
  if (format.type === 'json') {
    return beside && versionOf(target.model) < 3
      ? { instruction: 'Give your final answer as one JSON object and nothing else, without a code fence.' }
      : { config: { responseMimeType: 'application/json' } }
  }
  const schema = writeSchema(format.schema, 'responseSchema', 'responseJsonSchema')
  if (!beside || versionOf(target.model) >= 3) return { config: { responseMimeType: 'application/json', ...schema } }
  const description = format.description ?? 'Give the final answer with this function.'
  return { tool: { name: JSON_TOOL, description, ...writeSchema(format.schema, 'parameters', 'parametersJsonSchema') } }
}

/** In Gemini's own words where they suffice, else as JSON Schema. */
function writeSchema(schema: JsonObject, own: string, json: string): JsonObject {
  const converted = toGeminiSchema(schema)
  return converted === undefined ? { [json]: schema } : { [own]: converted }
}

function writeTools(
  request: ChatRequest,
  naming: Naming,
  jsonTool: JsonObject | undefined,
  drops: Drops,
): { readonly tools: JsonObject[]; readonly natives: JsonObject[] } {
  const tools: JsonObject[] = []
  const natives: JsonObject[] = []
  drops.toolRules(request, { strict: false })
  request.tools.forEach((tool, index) => {
    if (tool.type === 'native') {
      if (tool.protocol === 'gemini') natives.push(tool.value)
      else drops.add(`tools[${index}]`, 'only its own provider can run this tool')
      return
    }
    const described = tool.description === undefined ? {} : { description: tool.description }
    const schema: JsonObject | undefined = tool.type === 'custom' ? CUSTOM_SCHEMA : tool.parameters
    // An object without properties is refused: a function without arguments has no parameters.
    const empty =
      schema === undefined ||
      (schema['type'] === 'object' &&
        Object.keys((schema['properties'] as JsonObject | undefined) ?? {}).length === 0 &&
        schema['additionalProperties'] !== true)
    tools.push({
      name: naming.send(tool.name),
      ...described,
      ...(empty ? {} : writeSchema(schema, 'parameters', 'parametersJsonSchema')),
    })
  })
  if (jsonTool !== undefined) tools.push(jsonTool)
  return { tools, natives }
}

function writeToolChoice(request: ChatRequest, forced: boolean, naming: Naming): JsonObject | undefined {
  if (forced) return { mode: 'ANY' }
  const choice = request.toolChoice
  switch (choice?.type) {
    case undefined:
      return undefined
    case 'auto':
      return { mode: 'AUTO' }
    case 'none':
      return { mode: 'NONE' }
    case 'required':
      return { mode: 'ANY' }
    case 'tool':
      return { mode: 'ANY', allowedFunctionNames: [naming.send(choice.name)] }
    case 'allowed':
      return {
        mode: choice.mode === 'required' ? 'ANY' : 'VALIDATED',
        allowedFunctionNames: choice.names.map(naming.send),
      }
  }
}

function writeConfig(request: ChatRequest, target: Target, structure: Structure, drops: Drops): JsonObject {
  const thinking = request.reasoning === undefined ? {} : writeThinking(request.reasoning, target)
  if (thinking.refusal !== undefined) drops.unsupported(request, ['reasoning'], thinking.refusal)
  if ((request.stop?.length ?? 0) > MAX_STOPS)
    drops.unsupported(request, ['stop'], `Gemini takes at most ${MAX_STOPS} stop sequences: the first were sent`)
  const voice = asText(request.audio?.['voice'])
  if (request.audio !== undefined && voice === undefined)
    drops.unsupported(request, ['audio'], 'Gemini takes only a voice here')
  if (request.topLogprobs !== undefined && request.logprobs !== true)
    drops.unsupported(request, ['topLogprobs'], 'it needs logprobs')
  return defined({
    temperature: request.temperature,
    topP: request.topP,
    topK: request.topK,
    candidateCount: request.n,
    maxOutputTokens: request.maxOutputTokens,
    stopSequences:
      request.stop === undefined || request.stop.length === 0 ? undefined : request.stop.slice(0, MAX_STOPS),
    seed: request.seed,
    presencePenalty: request.presencePenalty,
    frequencyPenalty: request.frequencyPenalty,
    responseLogprobs: request.logprobs,
    logprobs: request.logprobs === true ? request.topLogprobs : undefined,
    responseModalities: request.modalities?.map((kind) => kind.toUpperCase()),
    speechConfig: voice === undefined ? undefined : { voiceConfig: { prebuiltVoiceConfig: { voiceName: voice } } },
    ...structure.config,
    thinkingConfig:
      thinking.config === undefined || Object.keys(thinking.config).length === 0 ? undefined : thinking.config,
  }) as JsonObject
}
