// Names what a vendor's format could not carry, in the caller's words.
import { AppError } from '../errors.ts'
import type { ChatRequest, Dropped, Json, Part, ProtocolId } from './spec.ts'

/** A parameter of the vocabulary → its name in each caller's format, where it differs from OpenAI's. */
const NAMES: Readonly<Record<string, Partial<Record<ProtocolId, string>> & { readonly openai: string }>> = {
  topK: { openai: 'top_k', gemini: 'generationConfig.topK' },
  topP: { openai: 'top_p', gemini: 'generationConfig.topP' },
  temperature: { openai: 'temperature', gemini: 'generationConfig.temperature' },
  seed: { openai: 'seed', gemini: 'generationConfig.seed' },
  stop: { openai: 'stop', 'anthropic-messages': 'stop_sequences', gemini: 'generationConfig.stopSequences' },
  presencePenalty: { openai: 'presence_penalty', gemini: 'generationConfig.presencePenalty' },
  frequencyPenalty: { openai: 'frequency_penalty', gemini: 'generationConfig.frequencyPenalty' },
  logprobs: { openai: 'logprobs', gemini: 'generationConfig.responseLogprobs' },
  topLogprobs: { openai: 'top_logprobs', gemini: 'generationConfig.logprobs' },
  n: { openai: 'n', gemini: 'generationConfig.candidateCount' },
  logitBias: { openai: 'logit_bias' },
  maxOutputTokens: {
    openai: 'max_completion_tokens',
    'openai-responses': 'max_output_tokens',
    'anthropic-messages': 'max_tokens',
    gemini: 'generationConfig.maxOutputTokens',
  },
  reasoning: {
    openai: 'reasoning_effort',
    'openai-responses': 'reasoning',
    'anthropic-messages': 'thinking',
    gemini: 'generationConfig.thinkingConfig',
  },
  verbosity: { openai: 'verbosity', 'openai-responses': 'text.verbosity' },
  modalities: { openai: 'modalities', gemini: 'generationConfig.responseModalities' },
  audio: { openai: 'audio', gemini: 'generationConfig.speechConfig' },
  user: { openai: 'user', 'anthropic-messages': 'metadata.user_id' },
  metadata: { openai: 'metadata', gemini: 'labels' },
  serviceTier: { openai: 'service_tier', gemini: 'serviceTier' },
  promptCacheKey: { openai: 'prompt_cache_key' },
  store: { openai: 'store' },
  previousResponseId: { openai: 'previous_response_id' },
  parallelToolCalls: { openai: 'parallel_tool_calls', 'anthropic-messages': 'tool_choice.disable_parallel_tool_use' },
  toolChoice: { openai: 'tool_choice', gemini: 'toolConfig.functionCallingConfig' },
  responseFormat: {
    openai: 'response_format',
    'openai-responses': 'text.format',
    'anthropic-messages': 'output_config.format',
    gemini: 'generationConfig.responseSchema',
  },
}

/** The caller's word for a parameter of the vocabulary. */
export function callerName(parameter: keyof ChatRequest, dialect: ProtocolId): string {
  const names = NAMES[parameter]
  return names?.[dialect] ?? names?.openai ?? parameter
}

/** Defaults of the formats, and what every answer has anyway. */
const DEFAULTS: Readonly<Record<string, readonly Json[]>> = {
  n: [1],
  serviceTier: ['auto', 'default'],
  verbosity: ['medium'],
  truncation: ['disabled'],
  modalities: [['text']],
}
const HONOURED = new Set<Json>(['reasoning.encrypted_content', 'message.output_text.logprobs'])

/** Saying the default is saying nothing. */
function saysNothing(name: string, value: Json): boolean {
  if (value === false || value === null || (Array.isArray(value) && value.length === 0)) return true
  if (name === 'include' && Array.isArray(value)) return value.every((entry) => HONOURED.has(entry))
  return DEFAULTS[name]?.some((usual) => Bun.deepEquals(usual, value)) === true
}

/** A conversation that the vendor keeps cannot go on anywhere else: without it the answer would be to another question. */
export function refuseState(request: ChatRequest): void {
  const field =
    request.previousResponseId !== undefined
      ? 'previous_response_id'
      : request.extra['conversation'] !== undefined && request.dialect === 'openai-responses'
        ? 'conversation'
        : undefined
  if (field === undefined) return
  throw new AppError(
    'unsupported_parameter',
    `${field} is only known to the provider that made it, and this model is served by another: send the whole input instead`,
    { field },
  )
}

export class Drops {
  readonly list: Dropped[] = []
  readonly #dialect: ProtocolId

  constructor(dialect: ProtocolId) {
    this.#dialect = dialect
  }

  add(parameter: string, reason: string): void {
    if (!this.list.some((drop) => drop.parameter === parameter)) this.list.push({ parameter, reason })
  }

  /** Names those of the parameters that the caller gave. */
  unsupported(request: ChatRequest, parameters: readonly (keyof ChatRequest)[], reason: string): void {
    for (const parameter of parameters) {
      const value = request[parameter] as Json | undefined
      if (value === undefined || saysNothing(parameter, value)) continue
      this.add(callerName(parameter, this.#dialect), reason)
    }
  }

  /** Cache markers, for vendors that cache by themselves. */
  cacheMarkers(request: ChatRequest): void {
    const marked = (parts: readonly Part[]): boolean =>
      parts.some(
        (part) =>
          ('cache' in part && part.cache !== undefined) || (part.type === 'tool-result' && marked(part.content)),
      )
    const found =
      marked(request.system) ||
      request.messages.some((message) => marked(message.content)) ||
      request.tools.some((tool) => tool.type === 'function' && tool.cache !== undefined)
    if (found) this.add('cache_control', 'the provider takes no cache markers')
  }

  /** Promises about what a tool's arguments look like, for vendors that cannot keep them. */
  toolRules({ tools, dialect }: ChatRequest, promises: { readonly strict: boolean }): void {
    for (const [index, tool] of tools.entries()) {
      const chat = dialect === 'openai-chat'
      if (tool.type === 'function' && tool.strict === true && !promises.strict)
        this.add(
          `tools[${index}].${chat ? 'function.' : ''}strict`,
          'the provider does not hold arguments to their schema',
        )
      if (tool.type === 'custom' && tool.format !== undefined && tool.format['type'] !== 'text')
        this.add(`tools[${index}].${chat ? 'custom.' : ''}format`, 'the provider knows no grammars')
    }
  }

  extra(request: ChatRequest, reason: string): void {
    for (const [name, value] of Object.entries(request.extra)) if (!saysNothing(name, value)) this.add(name, reason)
  }
}
