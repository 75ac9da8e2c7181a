// A call to Cohere: https://docs.cohere.com/reference/chat
import { Drops, refuseState } from '../../dropped.ts'
import { budgetOf, effortOf } from '../../effort.ts'
import { defined } from '../../json.ts'
import type { EncodedRequest } from '../../protocol.ts'
import type { ChatRequest, JsonObject } from '../../spec.ts'
import type { DecodeContext, Target } from '../../target.ts'
import { CUSTOM_SCHEMA, nameTools, type Naming } from '../../tool-names.ts'
import { writeMessages } from './encode-messages.ts'

const TOOL_NAMES = { forbidden: /[^A-Za-z0-9_-]/g, maxLength: 256 }

export function encodeRequest(request: ChatRequest, target: Target): EncodedRequest {
  refuseState(request)
  const drops = new Drops(request.dialect)
  const naming = nameTools(request, TOOL_NAMES)
  const { tools, choice, strict } = writeTools(request, naming, drops)
  const structure = writeFormat(request, tools.length > 0)
  const messages = writeMessages(request, drops)
  if (structure.instruction) messages.unshift({ role: 'system', content: structure.instruction })
  const body: JsonObject = {
    model: target.model,
    messages,
    stream: request.stream,
    ...defined({
      tools: tools.length ? tools : undefined,
      tool_choice: tools.length ? choice : undefined,
      strict_tools: strict ? true : undefined,
      response_format: structure.format,
      max_tokens: request.maxOutputTokens,
      temperature: request.temperature,
      p: request.topP === undefined ? undefined : Math.min(Math.max(request.topP, 0.01), 0.99),
      k: request.topK,
      seed: request.seed,
      stop_sequences: request.stop?.length ? request.stop.slice(0, MOST_STOPS) : undefined,
      frequency_penalty: request.frequencyPenalty,
      presence_penalty: request.presencePenalty,
      logprobs: request.logprobs,
      thinking: writeThinking(request, target, drops),
    }),
  }
  if (request.topP !== undefined && (request.topP < 0.01 || request.topP > 0.99))
    drops.add('top_p', 'Cohere takes 0.01 to 0.99: the nearest was sent')
  if ((request.stop?.length ?? 0) > MOST_STOPS)
    drops.unsupported(request, ['stop'], `Cohere takes at most ${MOST_STOPS}`)
  if (request.parallelToolCalls === false)
    drops.unsupported({ ...request, parallelToolCalls: true }, ['parallelToolCalls'], 'Cohere has no such parameter')
  drops.unsupported(
    request,
    [
      'n',
      'topLogprobs',
      'logitBias',
      'verbosity',
      'audio',
      'store',
      'user',
      'metadata',
      'serviceTier',
      'promptCacheKey',
    ],
    'Cohere has no such parameter',
  )
  if (request.modalities?.some((kind) => kind !== 'text'))
    drops.unsupported(request, ['modalities'], 'Cohere answers in text')
  drops.cacheMarkers(request)
  for (const [name, value] of Object.entries(request.extra)) {
    if (OWN.has(name)) body[name] = value
    else drops.add(name, 'Cohere has no such parameter')
  }
  const context: DecodeContext = {
    ...(Object.keys(naming.changed).length && { toolNames: naming.changed }),
    ...(naming.customTools.length && { customTools: naming.customTools }),
    quirks: target.quirks,
  }
  return {
    path: target.quirks.paths?.['chat'] ?? '/chat',
    headers: target.quirks.headers ?? {},
    body,
    dropped: drops.list,
    context,
  }
}

const MOST_STOPS = 5

/** Parameters of Cohere that callers send along whatever the format. */
const OWN = new Set(['documents', 'citation_options', 'safety_mode', 'priority', 'raw_prompting'])

type Tools = { readonly tools: JsonObject[]; readonly choice?: 'REQUIRED' | 'NONE'; readonly strict: boolean }

/** Cohere knows "one for certain" and "none"; one tool alone is offered when only that one is wanted. */
function writeTools(request: ChatRequest, naming: Naming, drops: Drops): Tools {
  const { toolChoice } = request
  const wanted =
    toolChoice?.type === 'tool' ? [toolChoice.name] : toolChoice?.type === 'allowed' ? toolChoice.names : undefined
  drops.toolRules(request, { strict: true })
  const tools: JsonObject[] = []
  let strict = false
  for (const [index, tool] of request.tools.entries()) {
    if (tool.type === 'native') {
      drops.add(`tools[${index}]`, 'only its own provider can run this tool')
      continue
    }
    if (wanted && !wanted.includes(tool.name)) continue
    strict ||= tool.type === 'function' && tool.strict === true
    const parameters = tool.type === 'custom' ? CUSTOM_SCHEMA : (tool.parameters ?? { type: 'object', properties: {} })
    const described = tool.description === undefined ? {} : { description: tool.description }
    tools.push({ type: 'function', function: { name: naming.send(tool.name), ...described, parameters } })
  }
  const certain =
    toolChoice?.type === 'required' ||
    toolChoice?.type === 'tool' ||
    (toolChoice?.type === 'allowed' && toolChoice.mode === 'required')
  return {
    tools,
    strict,
    ...(certain ? { choice: 'REQUIRED' } : toolChoice?.type === 'none' ? { choice: 'NONE' } : {}),
  }
}

/** A schema cannot stand beside tools: then it is asked for in words. */
function writeFormat(
  request: ChatRequest,
  tools: boolean,
): { readonly format?: JsonObject; readonly instruction?: string } {
  const { responseFormat: format } = request
  if (!format || format.type === 'text') return {}
  if (tools) {
    const shape = format.type === 'json' ? '' : ` that follows this JSON Schema:\n${JSON.stringify(format.schema)}`
    return { instruction: `Answer with one JSON object and nothing else, without a code fence${shape || '.'}` }
  }
  return { format: { type: 'json_object', ...(format.type === 'json-schema' && { json_schema: format.schema }) } }
}

function writeThinking(request: ChatRequest, target: Target, drops: Drops): JsonObject | undefined {
  const { reasoning: options } = request
  if (!options) return undefined
  const effort = effortOf(options)
  if (target.capabilities.reasoning === false || !/reason|thinking/.test(target.model)) {
    if (effort !== 'none') drops.unsupported(request, ['reasoning'], `${target.model} does not think`)
    return undefined
  }
  if (effort === 'none') return { type: 'disabled' }
  const budget = options.budgetTokens && options.budgetTokens > 0 ? options.budgetTokens : effort && budgetOf(effort)
  return { type: 'enabled', ...(budget && { token_budget: budget }) }
}
