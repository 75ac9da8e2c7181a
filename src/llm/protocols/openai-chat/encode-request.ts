// A call to a vendor of chat completions.
import { Drops, refuseState } from '../../dropped.ts'
import { effortOf } from '../../effort.ts'
import { defined } from '../../json.ts'
import type { EncodedRequest } from '../../protocol.ts'
import type { ChatRequest, Json, JsonObject, ReasoningOptions, Tool, ToolChoice } from '../../spec.ts'
import type { DecodeContext, Quirks, Target } from '../../target.ts'
import { writeMessages } from './encode-messages.ts'

const JSON_TOOL = 'json_response'

export function encodeRequest(request: ChatRequest, target: Target): EncodedRequest {
  const { quirks, capabilities } = target
  const drops = new Drops(request.dialect)
  const structure = writeFormat(request, quirks)
  const tools = [...writeTools(request.tools, quirks, drops), ...(structure.tool === undefined ? [] : [structure.tool])]
  const messages = writeMessages(request, quirks, drops)
  if (structure.instruction !== undefined) addInstruction(messages, structure.instruction, quirks)
  const fixedTemperature = capabilities.temperature === false
  const sampling = fixedTemperature ? {} : { temperature: request.temperature, top_p: request.topP }
  if (fixedTemperature)
    drops.unsupported(request, ['temperature', 'topP'], `${target.model} takes no sampling parameters`)
  const accepted = new Set(quirks.accepts)
  if (!accepted.has('top_k')) drops.unsupported(request, ['topK'], 'chat completions have no such parameter')
  refuseState(request)
  if (!accepted.has('cache_control')) drops.cacheMarkers(request)
  const choice = structure.tool === undefined ? request.toolChoice : forcedChoice(request)
  const body: JsonObject = {
    model: target.model,
    messages,
    ...defined({
      tools: tools.length > 0 ? tools : undefined,
      tool_choice: tools.length > 0 && choice !== undefined ? writeToolChoice(choice, request, quirks) : undefined,
      parallel_tool_calls: tools.length > 0 ? request.parallelToolCalls : undefined,
      response_format: structure.format,
      max_completion_tokens: request.maxOutputTokens,
      ...sampling,
      top_k: accepted.has('top_k') ? request.topK : undefined,
      stop: request.stop === undefined || request.stop.length === 0 ? undefined : [...request.stop],
      seed: request.seed,
      presence_penalty: request.presencePenalty,
      frequency_penalty: request.frequencyPenalty,
      logprobs: request.logprobs,
      top_logprobs: request.topLogprobs,
      n: request.n,
      logit_bias: request.logitBias,
      verbosity: request.verbosity,
      modalities: request.modalities === undefined ? undefined : [...request.modalities],
      audio: request.audio,
      user: request.user,
      metadata: stringMetadata(request, drops),
      service_tier: writeTier(request),
      prompt_cache_key: request.promptCacheKey,
      store: request.store,
      ...(request.reasoning === undefined ? {} : writeEffort(request.reasoning, target)),
    }),
    ...(request.stream
      ? { stream: true, ...(quirks.noStreamOptions ? {} : { stream_options: { include_usage: true } }) }
      : {}),
  }
  for (const [name, value] of Object.entries(request.extra)) {
    if (request.dialect === 'openai-chat' || accepted.has(name)) body[name] = value
    else drops.add(name, 'chat completions have no such parameter')
  }
  const context: DecodeContext = { quirks, ...(structure.tool === undefined ? {} : { jsonTool: JSON_TOOL }) }
  return {
    path: (quirks.paths?.['chat'] ?? '/chat/completions').replace('{model}', encodeURIComponent(target.model)),
    headers: quirks.headers ?? {},
    body: applyQuirks(body, quirks, drops),
    dropped: drops.list,
    context,
  }
}

/** Renames, removes and presets parameters as the vendor wants them; works on any body of the format. */
export function applyQuirks(body: JsonObject, quirks: Quirks, drops: Drops): JsonObject {
  if (quirks.rename === undefined && quirks.drop === undefined && quirks.defaults === undefined) return body
  const changed: JsonObject = { ...quirks.defaults }
  for (const [name, value] of Object.entries(body)) {
    if (quirks.drop?.includes(name)) {
      // The model stands in the path then.
      if (name !== 'stream_options' && name !== 'model') drops.add(name, 'the provider refuses this parameter')
    } else changed[quirks.rename?.[name] ?? name] = value
  }
  return changed
}

function writeTools(tools: readonly Tool[], quirks: Quirks, drops: Drops): JsonObject[] {
  const written: JsonObject[] = []
  tools.forEach((tool, index) => {
    if (tool.type === 'function') {
      const marked =
        quirks.accepts?.includes('cache_control') && tool.cache !== undefined
          ? { cache_control: { type: 'ephemeral', ...tool.cache } }
          : {}
      const called = defined({
        name: tool.name,
        description: tool.description,
        parameters: tool.parameters,
        strict: tool.strict,
      })
      written.push({ type: 'function', function: called as JsonObject, ...marked })
    } else if (tool.type === 'custom') {
      written.push({
        type: 'custom',
        custom: defined({ name: tool.name, description: tool.description, format: tool.format }) as JsonObject,
      })
    } else if (tool.protocol === 'openai-chat') written.push(tool.value)
    else drops.add(`tools[${index}]`, 'only its own provider can run this tool')
  })
  return written
}

function writeToolChoice(choice: ToolChoice, request: ChatRequest, quirks: Quirks): Json {
  switch (choice.type) {
    case 'tool': {
      const isCustom = request.tools.some((tool) => tool.type === 'custom' && tool.name === choice.name)
      return isCustom
        ? { type: 'custom', custom: { name: choice.name } }
        : { type: 'function', function: { name: choice.name } }
    }
    case 'allowed':
      return {
        type: 'allowed_tools',
        allowed_tools: {
          mode: choice.mode,
          tools: choice.names.map((name) => ({ type: 'function', function: { name } })),
        },
      }
    case 'required':
      return quirks.toolChoiceRequired ?? 'required'
    default:
      return choice.type
  }
}

/** The forced JSON stands beside the caller's own tools: the model must use one of them. */
const forcedChoice = (request: ChatRequest): ToolChoice =>
  request.tools.length > 0 && request.toolChoice?.type !== 'none'
    ? { type: 'required' }
    : { type: 'tool', name: JSON_TOOL }

type Structure = { readonly format?: JsonObject; readonly instruction?: string; readonly tool?: JsonObject }

/** Structured output in the best way that the vendor knows. */
function writeFormat(request: ChatRequest, quirks: Quirks): Structure {
  const format = request.responseFormat
  if (format === undefined) return {}
  if (format.type === 'text') return { format: { type: 'text' } }
  const best = quirks.structured ?? 'json_schema'
  if (format.type === 'json') {
    return best === 'none'
      ? { instruction: 'Answer with one JSON object and nothing else, without a code fence.' }
      : { format: { type: 'json_object' } }
  }
  const { name, description, schema, strict } = format
  if (best === 'json_schema') {
    return {
      format: { type: 'json_schema', json_schema: defined({ name, description, schema, strict }) as JsonObject },
    }
  }
  if (best === 'json_object') {
    return {
      format: { type: 'json_object' },
      instruction: `Answer with one JSON object that follows this JSON Schema:\n${JSON.stringify(schema)}`,
    }
  }
  return {
    tool: {
      type: 'function',
      function: { name: JSON_TOOL, description: description ?? 'Give the answer with this tool.', parameters: schema },
    },
  }
}

function addInstruction(messages: JsonObject[], instruction: string, quirks: Quirks): void {
  const role = quirks.systemRole ?? 'system'
  const first = messages[0]
  if (first?.['role'] === role && typeof first['content'] === 'string')
    messages[0] = { ...first, content: `${first['content']}\n\n${instruction}` }
  else messages.unshift({ role, content: instruction })
}

/** How the vendor is asked to think. */
export function writeEffort(options: ReasoningOptions, target: Target): JsonObject {
  const { quirks, capabilities } = target
  if (capabilities.reasoning === false) return {}
  const effort = effortOf(options)
  switch (quirks.reasoningControl ?? 'reasoning_effort') {
    case 'reasoning':
      return {
        reasoning: defined({
          effort: options.budgetTokens === undefined ? effort : undefined,
          max_tokens: options.budgetTokens !== undefined && options.budgetTokens > 0 ? options.budgetTokens : undefined,
          enabled: effort === undefined ? options.adaptive : undefined,
          exclude: options.summary === 'none' ? true : undefined,
        }) as JsonObject,
      }
    case 'thinking':
      return { thinking: { type: effort === 'none' ? 'disabled' : 'enabled' } }
    case 'enable_thinking':
      return {
        enable_thinking: effort !== 'none',
        ...(options.budgetTokens !== undefined && options.budgetTokens > 0
          ? { thinking_budget: options.budgetTokens }
          : {}),
      }
    case 'none':
      return {}
    default:
      return effort === undefined ? {} : { reasoning_effort: effort === 'max' ? 'xhigh' : effort }
  }
}

/** OpenAI takes up to sixteen short strings; other values are written as JSON. */
function stringMetadata(request: ChatRequest, drops: Drops): JsonObject | undefined {
  if (request.metadata === undefined) return undefined
  const entries = Object.entries(request.metadata).filter(([name, value]) => {
    if (value === null) drops.add(`metadata.${name}`, 'chat completions take only strings here')
    return value !== null
  })
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  )
}

/** Anthropic's `standard_only` asks for what OpenAI calls `default`. */
const writeTier = (request: ChatRequest) => (request.serviceTier === 'standard_only' ? 'default' : request.serviceTier)
