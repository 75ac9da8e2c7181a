// A call to Converse: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
import { Drops, refuseState } from '../../dropped.ts'
import { effortOf } from '../../effort.ts'
import { defined } from '../../json.ts'
import type { EncodedRequest } from '../../protocol.ts'
import type { ChatRequest, JsonObject } from '../../spec.ts'
import type { DecodeContext, Target } from '../../target.ts'
import { CUSTOM_SCHEMA, nameTools, type Naming } from '../../tool-names.ts'
import { hasNativeSchema, readModel } from '../anthropic-messages/model.ts'
import { cachePoint, writeMessages, writeSystem } from './encode-messages.ts'
import { canForce, familyOf, planThinking } from './family.ts'

const JSON_TOOL = 'json_response'
const TOOL_NAMES = { forbidden: /[^A-Za-z0-9_-]/g, maxLength: 64 }

type Plan = { readonly request: ChatRequest; readonly target: Target; readonly drops: Drops; readonly naming: Naming }

export function encodeRequest(request: ChatRequest, target: Target): EncodedRequest {
  refuseState(request)
  const drops = new Drops(request.dialect)
  const naming = nameTools(request, TOOL_NAMES)
  const plan: Plan = { request, target, drops, naming }
  const structure = planStructure(plan)
  const tools = writeTools(plan, structure)
  const choice = tools.length ? writeChoice(plan, structure) : undefined
  const forced = choice !== undefined && !('auto' in choice)
  const thinking = planThinking(request, target, forced, drops)
  const system = writeSystem(request, drops)
  if (structure.instruction) system.push({ text: structure.instruction })
  const sampling = writeSampling(plan, thinking.thinks)
  dropTheRest(plan)
  const fields = { ...sampling.fields, ...thinking.fields }
  const inference = defined({
    maxTokens: thinking.maxTokens,
    temperature: sampling.temperature,
    topP: sampling.topP,
    stopSequences: request.stop?.length ? [...request.stop] : undefined,
  }) as JsonObject
  const body: JsonObject = {
    messages: writeMessages(request, naming, drops) as unknown as JsonObject[],
    ...(system.length && { system }),
    ...(Object.keys(inference).length && { inferenceConfig: inference }),
    ...(tools.length && { toolConfig: { tools, ...(choice && { toolChoice: choice }) } }),
    ...(structure.format && { outputConfig: { textFormat: structure.format } }),
    ...(Object.keys(fields).length && { additionalModelRequestFields: fields }),
    ...writeTier(plan),
    ...writeMetadata(plan),
    ...writeOwn(plan),
  }
  const context: DecodeContext = {
    ...(structure.tool && { jsonTool: JSON_TOOL }),
    ...(Object.keys(naming.changed).length && { toolNames: naming.changed }),
    ...(naming.customTools.length && { customTools: naming.customTools }),
    quirks: target.quirks,
  }
  return {
    path: `/model/${encodeURIComponent(target.model)}/${request.stream ? 'converse-stream' : 'converse'}`,
    headers: { ...(request.stream && { accept: 'application/vnd.amazon.eventstream' }), ...target.quirks.headers },
    body,
    dropped: drops.list,
    context,
  }
}

type Structure = { readonly format?: JsonObject; readonly tool?: JsonObject; readonly instruction?: string }

/** Structured output: native where it is known, else an answer through a tool, else in words. */
function planStructure({ request, target }: Plan): Structure {
  const { responseFormat: format, reasoning } = request
  if (!format || format.type === 'text') return {}
  const family = familyOf(target.model)
  const native = family === 'claude' && hasNativeSchema(readModel(target.model), target)
  const schema = format.type === 'json-schema' ? format.schema : { type: 'object' }
  if (format.type === 'json-schema' && native) {
    const { name, description } = format
    // The schema travels as text.
    const written = defined({ schema: JSON.stringify(schema), name, description }) as JsonObject
    return { format: { type: 'json_schema', structure: { jsonSchema: written } } }
  }
  const thinks = reasoning !== undefined && effortOf(reasoning) !== 'none'
  if (!canForce(family) || thinks || native) {
    const shape = format.type === 'json' ? '' : ` that follows this JSON Schema:\n${JSON.stringify(schema)}`
    return { instruction: `Answer with one JSON object and nothing else, without a code fence${shape || '.'}` }
  }
  const description = (format.type === 'json-schema' && format.description) || 'Give the answer with this tool.'
  return { tool: { toolSpec: { name: JSON_TOOL, description, inputSchema: { json: { type: 'object', ...schema } } } } }
}

function writeTools({ request, naming, drops }: Plan, { tool }: Structure): JsonObject[] {
  const { toolChoice, messages } = request
  const called = [
    ...new Set(
      messages.flatMap(({ content }) => content.flatMap((part) => (part.type === 'tool-call' ? [part.name] : []))),
    ),
  ]
  // Converse has no "none": without tools there is nothing to call. A history of calls needs its tools, though.
  const mute = toolChoice?.type === 'none' && !called.length
  const allowed = toolChoice?.type === 'allowed' ? new Set(toolChoice.names) : undefined
  const written: JsonObject[] = []
  drops.toolRules(request, { strict: false })
  for (const [index, each] of request.tools.entries()) {
    if (each.type === 'native') drops.add(`tools[${index}]`, 'only its own provider can run this tool')
    else if (!mute && (!allowed || allowed.has(each.name))) {
      const schema = each.type === 'custom' ? CUSTOM_SCHEMA : { type: 'object', ...each.parameters }
      written.push(toolSpec(naming.send(each.name), each.description, schema))
      if (each.type === 'function' && each.cache) written.push(cachePoint(each.cache))
    }
  }
  if (tool) written.push(tool)
  if (!written.length)
    for (const name of called) written.push(toolSpec(naming.send(name), undefined, { type: 'object' }))
  return written
}

const toolSpec = (name: string, description: string | undefined, json: JsonObject): JsonObject => ({
  toolSpec: { name, ...(description && { description }), inputSchema: { json } },
})

function writeChoice({ request, target, naming, drops }: Plan, { tool }: Structure): JsonObject | undefined {
  const { toolChoice: choice, parallelToolCalls: parallel } = request
  if (parallel === false)
    drops.unsupported({ ...request, parallelToolCalls: true }, ['parallelToolCalls'], 'Converse has no such parameter')
  if (tool) return request.tools.length ? { any: {} } : { tool: { name: JSON_TOOL } }
  const unable = () => {
    drops.unsupported(request, ['toolChoice'], `${target.model} cannot be made to call a tool`)
    return undefined
  }
  const able = canForce(familyOf(target.model))
  switch (choice?.type) {
    case 'required':
      return able ? { any: {} } : unable()
    case 'tool':
      return able ? { tool: { name: naming.send(choice.name) } } : unable()
    case 'allowed':
      if (choice.mode === 'required') return able ? { any: {} } : unable()
      return { auto: {} }
    case 'auto':
      return { auto: {} }
    case 'none':
      drops.unsupported(request, ['toolChoice'], 'Converse cannot forbid tools that were called before')
      return undefined
    default:
      return undefined
  }
}

type Sampling = {
  readonly temperature?: number | undefined
  readonly topP?: number | undefined
  readonly fields: JsonObject
}

function writeSampling({ request, target, drops }: Plan, thinks: boolean): Sampling {
  const family = familyOf(target.model)
  if (target.capabilities.temperature === false) {
    drops.unsupported(request, ['temperature', 'topP', 'topK'], `${target.model} takes no sampling parameters`)
    return { fields: {} }
  }
  let { temperature, topP } = request
  if (temperature !== undefined && temperature > 1) {
    drops.add('temperature', 'Bedrock takes at most 1: 1 was sent')
    temperature = 1
  }
  if (thinks && family === 'claude') {
    if (temperature !== undefined && temperature !== 1)
      drops.unsupported(request, ['temperature'], 'Claude takes no temperature while it thinks')
    drops.unsupported(request, ['topK'], 'Claude takes no top_k while it thinks')
    if (topP !== undefined && topP < 0.95) {
      drops.unsupported(request, ['topP'], 'Claude takes top_p from 0.95 on while it thinks')
      topP = undefined
    }
    return { topP, fields: {} }
  }
  if (request.topK === undefined) return { temperature, topP, fields: {} }
  if (family === 'claude' || family === 'mistral') return { temperature, topP, fields: { top_k: request.topK } }
  if (family === 'nova') return { temperature, topP, fields: { inferenceConfig: { topK: request.topK } } }
  drops.unsupported(request, ['topK'], 'Converse has no such parameter')
  return { temperature, topP, fields: {} }
}

const TIERS: Readonly<Record<string, string>> = {
  default: 'default',
  standard_only: 'default',
  priority: 'priority',
  flex: 'flex',
}

function writeTier({ request, drops }: Plan): JsonObject {
  const { serviceTier: tier } = request
  if (tier === undefined || tier === 'auto') return {}
  const type = TIERS[tier]
  if (!type) drops.unsupported(request, ['serviceTier'], 'Bedrock knows default, priority and flex')
  return type ? { serviceTier: { type } } : {}
}

function dropTheRest({ request, drops }: Plan): void {
  drops.unsupported(
    request,
    [
      'n',
      'seed',
      'presencePenalty',
      'frequencyPenalty',
      'logprobs',
      'topLogprobs',
      'logitBias',
      'verbosity',
      'audio',
      'store',
      'user',
      'promptCacheKey',
    ],
    'Converse has no such parameter',
  )
  if (request.modalities?.some((kind) => kind !== 'text'))
    drops.unsupported(request, ['modalities'], 'models of Converse answer in text')
}

const METADATA = /^[a-zA-Z0-9\s:_@$#=/+,.-]{0,256}$/

/** Sixteen short strings, for the log of invocations. */
function writeMetadata({ request, drops }: Plan): JsonObject {
  const entries = Object.entries(request.metadata ?? {})
  if (!entries.length) return {}
  if (
    entries.length <= 16 &&
    entries.every((pair) => pair.every((text) => typeof text === 'string' && METADATA.test(text)))
  )
    return { requestMetadata: Object.fromEntries(entries) }
  drops.unsupported(request, ['metadata'], 'Bedrock takes up to sixteen short strings of plain characters here')
  return {}
}

/** Parameters of Converse itself, which callers send along whatever the format. */
const OWN = new Set([
  'guardrailConfig',
  'performanceConfig',
  'additionalModelResponseFieldPaths',
  'requestMetadata',
  'promptVariables',
])

function writeOwn({ request, drops }: Plan): JsonObject {
  const own: JsonObject = {}
  for (const [name, value] of Object.entries(request.extra)) {
    if (OWN.has(name)) own[name] = value
    else drops.add(name, 'Converse has no such parameter')
  }
  return own
}
