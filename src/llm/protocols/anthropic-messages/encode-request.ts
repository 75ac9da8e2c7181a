// A call to Anthropic Messages, wherever it is served.
import { Drops, refuseState } from '../../dropped.ts'
import { budgetOf, effortOf } from '../../effort.ts'
import { defined } from '../../json.ts'
import type { EncodedRequest } from '../../protocol.ts'
import type { ChatRequest, Effort, JsonObject, Tool, ToolChoice } from '../../spec.ts'
import { CUSTOM_SCHEMA, nameTools, type Naming } from '../../tool-names.ts'
import type { DecodeContext, Target } from '../../target.ts'
import { applyQuirks } from '../openai-chat/encode-request.ts'
import { writeCache } from './block.ts'
import { limitMarkers, writeMessages, writeSystem } from './encode-messages.ts'
import { type ClaudeModel, defaultMaxTokens, hasNativeSchema, readModel, refusesBoth, thinkingOf } from './model.ts'

const JSON_TOOL = 'json_response'
const VERSION = '2023-06-01'
const MIN_BUDGET = 1024
const TOOL_NAMES = { forbidden: /[^A-Za-z0-9_-]/g, maxLength: 128 }

type Plan = {
  readonly request: ChatRequest
  readonly target: Target
  readonly model: ClaudeModel
  readonly drops: Drops
}

export function encodeRequest(request: ChatRequest, target: Target): EncodedRequest {
  refuseState(request)
  const drops = new Drops(request.dialect)
  const model = readModel(target.model)
  const plan: Plan = { request, target, model, drops }
  const naming = nameTools(request, TOOL_NAMES)
  const structure = planStructure(plan)
  const tools = [...writeTools(plan, naming), ...(structure.tool === undefined ? [] : [structure.tool])]
  const choice = tools.length > 0 ? writeToolChoice(plan, structure.tool !== undefined, naming) : undefined
  const limits = planThinking(plan, structure.forced || choice?.['type'] === 'any' || choice?.['type'] === 'tool')
  const system = writeSystem(request, drops)
  if (structure.instruction !== undefined) system.push({ type: 'text', text: structure.instruction })
  const messages = writeMessages(request, naming, drops)
  limitMarkers([tools, system, ...messages.map((turn) => turn.content)], drops)
  const same = request.dialect === 'anthropic-messages'
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
      'promptCacheKey',
    ],
    'Anthropic has no such parameter',
  )
  if (request.modalities?.some((kind) => kind !== 'text'))
    drops.unsupported(request, ['modalities'], 'Claude answers in text only')
  if (!same) drops.unsupported(request, ['metadata'], 'Anthropic takes only a user id here')
  if (!same) drops.extra(request, 'Anthropic has no such parameter')
  const format = structure.schema === undefined ? undefined : { type: 'json_schema', schema: structure.schema }
  const config = defined({ effort: limits.effort, format })
  const body: JsonObject = {
    model: target.model,
    max_tokens: limits.maxTokens,
    ...(system.length > 0 ? { system: plainSystem(system) } : {}),
    messages: messages as unknown as JsonObject[],
    ...defined({
      tools: tools.length > 0 ? tools : undefined,
      tool_choice: choice,
      ...writeSampling(plan, limits.thinking !== undefined && limits.thinking['type'] !== 'disabled'),
      stop_sequences: writeStop(plan),
      thinking: limits.thinking,
      output_config: Object.keys(config).length > 0 ? (config as JsonObject) : undefined,
      metadata: writeMetadata(request, same),
      service_tier: writeTier(plan),
      stream: request.stream ? true : undefined,
    }),
    ...(same ? request.extra : {}),
  }
  const context: DecodeContext = {
    ...(structure.tool === undefined ? {} : { jsonTool: JSON_TOOL }),
    ...(Object.keys(naming.changed).length > 0 ? { toolNames: naming.changed } : {}),
    ...(naming.customTools.length > 0 ? { customTools: naming.customTools } : {}),
    quirks: target.quirks,
  }
  return {
    path: pathOf(request, target),
    headers: { 'anthropic-version': VERSION, ...target.quirks.headers },
    body: applyQuirks(body, target.quirks, drops),
    dropped: drops.list,
    context,
  }
}

function pathOf({ stream }: ChatRequest, { model, quirks: { paths } }: Target): string {
  const own = (stream ? paths?.['chat-stream'] : undefined) ?? paths?.['chat']
  return own?.replace('{model}', encodeURIComponent(model)) ?? '/messages'
}

/** One plain text is written as a string, as most callers would. */
function plainSystem(blocks: JsonObject[]): JsonObject[] | string {
  const only = blocks[0]
  return blocks.length === 1 && only !== undefined && Object.keys(only).length === 2 ? (only['text'] as string) : blocks
}

type Structure = {
  readonly schema?: JsonObject
  readonly tool?: JsonObject
  readonly instruction?: string
  readonly forced: boolean
}

/** Structured output: native where the model has it, else an answer through a tool, else in words. */
function planStructure({ request, target, model }: Plan): Structure {
  const format = request.responseFormat
  if (format === undefined || format.type === 'text') return { forced: false }
  if (format.type === 'json-schema' && hasNativeSchema(model, target))
    return { schema: closeObjects(format.schema), forced: false }
  const schema = format.type === 'json-schema' ? format.schema : { type: 'object' }
  const thinks =
    request.reasoning !== undefined && effortOf(request.reasoning) !== 'none' && thinkingOf(model, target) !== 'none'
  if (format.type === 'json' || thinks) {
    const words = format.type === 'json' ? '' : ` that follows this JSON Schema:\n${JSON.stringify(schema)}`
    if (thinks || hasNativeSchema(model, target))
      return {
        instruction: `Answer with one JSON object and nothing else, without a code fence${words === '' ? '.' : `,${words}`}`,
        forced: false,
      }
  }
  const description =
    format.type === 'json-schema' && format.description !== undefined
      ? format.description
      : 'Give the answer with this tool.'
  return { tool: { name: JSON_TOOL, description, input_schema: { type: 'object', ...schema } }, forced: true }
}

/** Anthropic wants each object closed. */
function closeObjects(schema: JsonObject): JsonObject {
  const close = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(close)
    if (typeof value !== 'object' || value === null) return value
    const copy: Record<string, unknown> = {}
    for (const [name, inner] of Object.entries(value))
      copy[name] = name === 'enum' || name === 'const' || name === 'default' ? inner : close(inner)
    if (copy['type'] === 'object' && copy['additionalProperties'] === undefined) copy['additionalProperties'] = false
    return copy
  }
  return close(schema) as JsonObject
}

function writeTools({ request, target, model, drops }: Plan, naming: Naming): JsonObject[] {
  const allowed = request.toolChoice?.type === 'allowed' ? new Set(request.toolChoice.names) : undefined
  const written: JsonObject[] = []
  drops.toolRules(request, { strict: hasNativeSchema(model, target) })
  request.tools.forEach((tool, index) => {
    if (tool.type === 'native') {
      if (tool.protocol === 'anthropic-messages') written.push(tool.value)
      else drops.add(`tools[${index}]`, 'only its own provider can run this tool')
      return
    }
    if (allowed !== undefined && !allowed.has(tool.name)) return
    written.push(writeTool(tool, naming, hasNativeSchema(model, target)))
  })
  return written
}

function writeTool(tool: Exclude<Tool, { type: 'native' }>, naming: Naming, strictKnown: boolean): JsonObject {
  const named = {
    name: naming.send(tool.name),
    ...(tool.description === undefined ? {} : { description: tool.description }),
  }
  if (tool.type === 'custom') {
    return { ...named, input_schema: CUSTOM_SCHEMA }
  }
  const strict = tool.strict === true && strictKnown ? { strict: true } : {}
  const schema = tool.parameters ?? { type: 'object', properties: {} }
  return {
    ...named,
    input_schema: schema['type'] === undefined ? { type: 'object', ...schema } : schema,
    ...strict,
    ...writeCache(tool),
  }
}

function writeToolChoice({ request }: Plan, forced: boolean, naming: Naming): JsonObject | undefined {
  const single = request.parallelToolCalls === false ? { disable_parallel_tool_use: true } : {}
  const own = request.tools.length > 0 && request.toolChoice?.type !== 'none'
  if (forced) return own ? { type: 'any', ...single } : { type: 'tool', name: JSON_TOOL }
  const choice: ToolChoice | undefined = request.toolChoice
  switch (choice?.type) {
    case undefined:
      return request.parallelToolCalls === false ? { type: 'auto', ...single } : undefined
    case 'none':
      return { type: 'none' }
    case 'auto':
      return { type: 'auto', ...single }
    case 'required':
      return { type: 'any', ...single }
    case 'tool':
      return { type: 'tool', name: naming.send(choice.name), ...single }
    case 'allowed':
      return { type: choice.mode === 'required' ? 'any' : 'auto', ...single }
  }
}

type Limits = { readonly maxTokens: number; readonly thinking?: JsonObject; readonly effort?: string }

/** Thinking within Anthropic's bounds: at least 1024 tokens, fewer than the whole answer, and never with a forced tool. */
function planThinking(plan: Plan, forced: boolean): Limits {
  const { request, target, model, drops } = plan
  const options = request.reasoning
  const given = request.maxOutputTokens
  const maxTokens = given ?? defaultMaxTokens(model, target)
  const kind = thinkingOf(model, target)
  const effort = effortOf(options)
  if (options === undefined || kind === 'none') {
    if (options !== undefined && effort !== 'none')
      drops.unsupported(request, ['reasoning'], `${target.model} does not think`)
    return { maxTokens }
  }
  const same = request.dialect === 'anthropic-messages'
  if (effort === 'none')
    return same || kind === 'adaptive' ? { maxTokens, thinking: { type: 'disabled' } } : { maxTokens }
  if (forced) {
    drops.unsupported(request, ['reasoning'], 'Claude does not think when a tool is forced')
    return { maxTokens }
  }
  if (kind === 'adaptive' && !(options.budgetTokens !== undefined && model.version < 4.7)) {
    const level = effort === undefined ? undefined : writeEffort(effort, model)
    const display =
      options.summary === undefined ? {} : { display: options.summary === 'none' ? 'omitted' : 'summarized' }
    // Anthropic's own callers may set the effort and leave thinking alone.
    const thinks = options.adaptive || options.budgetTokens !== undefined || !same
    return {
      maxTokens,
      ...(thinks ? { thinking: { type: 'adaptive', ...display } } : {}),
      ...(level === undefined ? {} : { effort: level }),
    }
  }
  if (lacksThought(request)) {
    drops.unsupported(request, ['reasoning'], 'the turn of tools being answered was begun without thinking')
    return { maxTokens }
  }
  const wanted =
    options.budgetTokens !== undefined && options.budgetTokens > 0
      ? options.budgetTokens
      : budgetOf(options.effort ?? 'medium')
  const room = given ?? target.capabilities.maxOutputTokens ?? wanted + 4096
  // A level leaves half of the answer's room for words; a number is taken at its word.
  const most = options.budgetTokens === undefined ? Math.max(MIN_BUDGET, Math.floor(room / 2)) : room - 1
  const budget = Math.min(wanted, most, room - 1)
  if (budget < MIN_BUDGET) {
    drops.unsupported(
      request,
      ['reasoning'],
      `thinking takes at least ${MIN_BUDGET} tokens and fewer than the whole answer`,
    )
    return { maxTokens }
  }
  const level =
    options.effort !== undefined && options.budgetTokens !== undefined && model.version >= 4.5
      ? { effort: writeEffort(options.effort, model) }
      : {}
  return {
    maxTokens: Math.max(maxTokens, given ?? budget + 1),
    thinking: { type: 'enabled', budget_tokens: budget },
    ...level,
  }
}

function writeEffort(effort: Effort, model: ClaudeModel): string {
  if (effort === 'minimal') return 'low'
  return effort === 'xhigh' && model.version < 4.7 ? 'high' : effort
}

/** Anthropic refuses thinking when the calls that are being answered came without a thought. */
function lacksThought(request: ChatRequest): boolean {
  if (request.messages.at(-1)?.role !== 'tool') return false
  const last = request.messages.findLast((message) => message.role === 'assistant')
  return (
    last !== undefined &&
    !last.content.some(
      (part) => part.type === 'reasoning' && (part.signature !== undefined || part.redacted !== undefined),
    )
  )
}

function writeSampling(
  { request, target, model, drops }: Plan,
  thinks: boolean,
): { temperature?: number; top_p?: number; top_k?: number } {
  const refuses = target.capabilities.temperature === false
  if (refuses) {
    drops.unsupported(request, ['temperature', 'topP', 'topK'], `${target.model} takes no sampling parameters`)
    return {}
  }
  let { temperature, topP, topK } = request
  if (temperature !== undefined && temperature > 1) {
    drops.add('temperature', 'Anthropic takes at most 1: 1 was sent')
    temperature = 1
  }
  if (thinks) {
    if (temperature !== undefined && temperature !== 1)
      drops.unsupported(request, ['temperature'], 'Claude takes no temperature while it thinks')
    if (topP !== undefined && topP < 0.95)
      drops.unsupported(request, ['topP'], 'Claude takes top_p from 0.95 on while it thinks')
    drops.unsupported(request, ['topK'], 'Claude takes no top_k while it thinks')
    if (temperature !== 1) temperature = undefined
    if (topP !== undefined && topP < 0.95) topP = undefined
    topK = undefined
  }
  if (temperature !== undefined && topP !== undefined && refusesBoth(model)) {
    drops.unsupported(request, ['topP'], `${target.model} takes either temperature or top_p`)
    topP = undefined
  }
  return defined({ temperature, top_p: topP, top_k: topK })
}

/** Anthropic refuses stop sequences of white space alone. */
function writeStop({ request, drops }: Plan): string[] | undefined {
  const kept = request.stop?.filter((sequence) => sequence.trim() !== '')
  if (kept !== undefined && kept.length < (request.stop?.length ?? 0))
    drops.unsupported(request, ['stop'], 'Anthropic takes no stop sequence of white space alone')
  return kept === undefined || kept.length === 0 ? undefined : kept
}

function writeMetadata(request: ChatRequest, same: boolean): JsonObject | undefined {
  const metadata: JsonObject = {
    ...(same ? request.metadata : {}),
    ...(request.user === undefined ? {} : { user_id: request.user }),
  }
  return Object.keys(metadata).length > 0 ? metadata : undefined
}

function writeTier({ request, drops }: Plan): string | undefined {
  const tier = request.serviceTier
  if (tier === undefined || tier === 'auto' || tier === 'standard_only') return tier
  if (tier === 'default') return 'standard_only'
  drops.unsupported(request, ['serviceTier'], 'Anthropic knows only auto and standard_only')
  return undefined
}
