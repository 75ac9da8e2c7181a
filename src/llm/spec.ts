// The one vocabulary of model calls. Client formats and vendor formats meet here and nowhere else: pure types, no behaviour.
import type { ErrorCode } from '../errors.ts'

export type Json = null | boolean | number | string | Json[] | JsonObject
export type JsonObject = { [name: string]: Json }

/** A wire format that clients or vendors speak. */
export type ProtocolId =
  'openai-chat' | 'openai-responses' | 'anthropic-messages' | 'gemini' | 'bedrock-converse' | 'cohere-v2' | 'ollama'

/** Where a vendor may cut its prompt cache. */
export type CacheMarker = { readonly ttl?: '5m' | '1h' }

export type MediaSource =
  /** `data` is standard base64 without line breaks; `mediaType` such as `image/png`. */
  | { readonly kind: 'base64'; readonly mediaType: string; readonly data: string }
  | { readonly kind: 'url'; readonly url: string; readonly mediaType?: string }
  /** A file that the vendor already holds, by the vendor's own id. */
  | { readonly kind: 'file'; readonly id: string; readonly mediaType?: string }
  | { readonly kind: 'text'; readonly text: string; readonly mediaType?: string }

/** A place that the answer rests on. Offsets count UTF-16 units of the text part they belong to. */
export type Citation = {
  readonly url?: string
  readonly title?: string
  readonly citedText?: string
  readonly start?: number
  readonly end?: number
  /** The format that `native` is written in; that format's encoder repeats it byte for byte. */
  readonly origin?: ProtocolId
  readonly native?: JsonObject
}

export type TextPart = {
  readonly type: 'text'
  readonly text: string
  readonly citations?: readonly Citation[]
  readonly cache?: CacheMarker
  /** Opaque proof of thinking that a vendor attached to the text and wants back. */
  readonly signature?: string
}

export type ImagePart = {
  readonly type: 'image'
  readonly source: MediaSource
  readonly detail?: string
  readonly cache?: CacheMarker
}

export type AudioPart = {
  readonly type: 'audio'
  readonly source: MediaSource
  /** Id of an earlier spoken answer (OpenAI) and what was said. */
  readonly id?: string
  readonly transcript?: string
  readonly expiresAt?: number
  readonly cache?: CacheMarker
}

export type VideoPart = { readonly type: 'video'; readonly source: MediaSource; readonly cache?: CacheMarker }

export type DocumentPart = {
  readonly type: 'document'
  readonly source: MediaSource
  readonly name?: string
  readonly context?: string
  readonly citations?: boolean
  readonly cache?: CacheMarker
}

export type ToolCallPart = {
  readonly type: 'tool-call'
  readonly id: string
  readonly name: string
  /** The arguments as JSON text, exactly as they were written; free text when `custom`. */
  readonly arguments: string
  readonly custom?: boolean
  /** Gemini's thought signature of this call: must come back on the same call. */
  readonly signature?: string
  /** Id of the item in a stateful format (`fc_…`). */
  readonly itemId?: string
  readonly cache?: CacheMarker
}

export type ToolResultPart = {
  readonly type: 'tool-result'
  readonly toolCallId: string
  /** Name of the tool, where the format carries it; encoders that need it look the call up by id first. */
  readonly name?: string
  readonly content: readonly (TextPart | ImagePart | DocumentPart | AudioPart | VideoPart | NativePart)[]
  readonly isError?: boolean
  readonly custom?: boolean
  readonly cache?: CacheMarker
}

export type ReasoningPart = {
  readonly type: 'reasoning'
  /** May be empty: a signed thought can have no visible text. */
  readonly text: string
  /** Opaque and byte-exact: Anthropic's `signature`, Gemini's `thoughtSignature`. */
  readonly signature?: string
  /** Opaque and byte-exact: Anthropic's `redacted_thinking.data`, OpenAI's `encrypted_content`. */
  readonly redacted?: string
  /** Id of the reasoning item in a stateful format (`rs_…`). */
  readonly itemId?: string
  /** True when `text` is the vendor's summary rather than the thought itself. */
  readonly summary?: boolean
  /** The proof belongs to the tool call that follows, and only rides along here: not every client keeps what stands on a call. */
  readonly provesCall?: boolean
  /** Who made `signature` or `redacted`: nobody else can read them. Absent when the surface could not say. */
  readonly origin?: ProtocolId
}

export type RefusalPart = { readonly type: 'refusal'; readonly text: string }

/** A block that only its own format can express (a server tool's call or result, a compaction): repeated there, named as dropped elsewhere. */
export type NativePart = { readonly type: 'native'; readonly protocol: ProtocolId; readonly value: JsonObject }

export type Part =
  | TextPart
  | ImagePart
  | AudioPart
  | VideoPart
  | DocumentPart
  | ToolCallPart
  | ToolResultPart
  | ReasoningPart
  | RefusalPart
  | NativePart

/**
 * One turn. Leading system and developer turns are in `ChatRequest.system`; later ones stay in place with the role `system`.
 * Tool results always stand alone in a `tool` turn; one `tool` turn may hold several. Consecutive turns of a role are not merged here.
 */
export type Message = {
  readonly role: 'system' | 'user' | 'assistant' | 'tool'
  readonly content: readonly Part[]
  readonly name?: string
  /** Id of a message item in a stateful format (`msg_…`). */
  readonly itemId?: string
}

export type FunctionTool = {
  readonly type: 'function'
  readonly name: string
  readonly description?: string
  /** JSON Schema of the arguments; absent when the caller gave none. */
  readonly parameters?: JsonObject
  readonly strict?: boolean
  readonly cache?: CacheMarker
}

/** A tool that takes free text (OpenAI `custom`). */
export type CustomTool = {
  readonly type: 'custom'
  readonly name: string
  readonly description?: string
  readonly format?: JsonObject
}

/** A tool that the vendor runs itself, in the words of `protocol`. */
export type NativeTool = { readonly type: 'native'; readonly protocol: ProtocolId; readonly value: JsonObject }

export type Tool = FunctionTool | CustomTool | NativeTool

export type ToolChoice =
  | { readonly type: 'auto' | 'none' | 'required' }
  | { readonly type: 'tool'; readonly name: string }
  /** Only these tools, chosen freely (`auto`) or one of them for certain (`required`). */
  | { readonly type: 'allowed'; readonly mode: 'auto' | 'required'; readonly names: readonly string[] }

export type ResponseFormat =
  | { readonly type: 'text' }
  | { readonly type: 'json' }
  | {
      readonly type: 'json-schema'
      readonly name: string
      readonly description?: string
      readonly schema: JsonObject
      readonly strict?: boolean
    }

export type Effort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max'

export type ReasoningOptions = {
  readonly effort?: Effort
  /** Thinking tokens allowed: 0 is off, -1 is "as the model likes". */
  readonly budgetTokens?: number
  /** Whether, and how fully, the thought is to be shown. */
  readonly summary?: 'none' | 'auto' | 'concise' | 'detailed'
  /** The caller said only "think" or "think as you like" (Anthropic `adaptive`). */
  readonly adaptive?: boolean
}

/** One chat call, in the union of what the formats can say. Absent means that the caller did not say. */
export type ChatRequest = {
  /** The format the caller wrote. */
  readonly dialect: ProtocolId
  /** As the caller wrote it: an alias or `provider/model`. */
  readonly model: string
  readonly system: readonly TextPart[]
  readonly messages: readonly Message[]
  readonly tools: readonly Tool[]
  readonly toolChoice?: ToolChoice
  readonly parallelToolCalls?: boolean
  readonly responseFormat?: ResponseFormat
  readonly maxOutputTokens?: number
  readonly temperature?: number
  readonly topP?: number
  readonly topK?: number
  readonly seed?: number
  readonly stop?: readonly string[]
  readonly presencePenalty?: number
  readonly frequencyPenalty?: number
  /** True, with `topLogprobs` alternatives for each token. */
  readonly logprobs?: boolean
  readonly topLogprobs?: number
  readonly n?: number
  readonly logitBias?: JsonObject
  readonly reasoning?: ReasoningOptions
  readonly verbosity?: 'low' | 'medium' | 'high'
  readonly modalities?: readonly string[]
  /** Voice and format of spoken answers, as OpenAI names them. */
  readonly audio?: JsonObject
  readonly user?: string
  readonly metadata?: JsonObject
  readonly serviceTier?: string
  readonly promptCacheKey?: string
  readonly stream: boolean
  /** Whether the caller's stream shall end with usage (OpenAI `stream_options.include_usage`); the other formats always do. */
  readonly includeUsage?: boolean
  /** State kept at the vendor (`previous_response_id`): binds the call to the place that made it. */
  readonly previousResponseId?: string
  readonly store?: boolean
  /** Parameters of the caller's format that this vocabulary has no word for. Encoders of the same format repeat them; others name them as dropped. */
  readonly extra: JsonObject
}

/**
 * Tokens by class. `inputUncached`, `cacheRead`, `cacheWrite5m` and `cacheWrite1h` are disjoint and sum to the input; `output` and `reasoning`
 * are disjoint and sum to the output. `audioIn` and `imageIn` are parts of the input, `audioOut` and `imageOut` parts of `output`.
 */
export type Usage = {
  readonly inputUncached: number
  readonly cacheRead: number
  readonly cacheWrite5m: number
  readonly cacheWrite1h: number
  readonly output: number
  readonly reasoning: number
  readonly audioIn: number
  readonly audioOut: number
  readonly imageIn: number
  readonly imageOut: number
  /** Runs of tools on the vendor's side, by the vendor's name of the tool (`web_search`). */
  readonly serverTools: Readonly<Record<string, number>>
}

export type FinishReason = {
  readonly unified: 'stop' | 'length' | 'tool-calls' | 'content-filter' | 'error' | 'other'
  /** As the vendor wrote it. */
  readonly raw?: string
  /** The sequence that ended the text, where the vendor tells. */
  readonly stopSequence?: string
}

export type TokenLogprob = {
  readonly token: string
  readonly logprob: number
  readonly bytes?: readonly number[] | null
  readonly top?: readonly {
    readonly token: string
    readonly logprob: number
    readonly bytes?: readonly number[] | null
  }[]
}

export type Choice = {
  readonly index: number
  readonly content: readonly Part[]
  readonly finish: FinishReason
  readonly logprobs?: readonly TokenLogprob[]
}

/** A whole answer. `choices` has at least one entry, whose content may be empty. */
export type Result = {
  readonly id: string
  /** The model that answered, as the vendor names it. */
  readonly model: string
  /** Seconds since 1970. */
  readonly created: number
  readonly choices: readonly Choice[]
  /** Absent when the vendor told nothing. */
  readonly usage?: Usage
  /** Sources of the answer as a whole (search results). */
  readonly sources?: readonly Citation[]
  /** What the vendor said beside the answer, in its own words (`service_tier`, `system_fingerprint`). */
  readonly metadata?: JsonObject
}

/**
 * Events of an answer that is still being made. `index` numbers the content blocks of the whole answer from 0, rising; a block is
 * started, filled and ended, and blocks may overlap. `choice` is absent for the first answer.
 * Exactly one `response-end` or one `error` comes last; before `response-end` each choice has had its `finish`.
 */
export type StreamPart =
  | {
      readonly type: 'response-start'
      readonly id?: string
      readonly model?: string
      readonly created?: number
      readonly usage?: Usage
      readonly metadata?: JsonObject
    }
  | { readonly type: 'text-start'; readonly index: number; readonly choice?: number; readonly itemId?: string }
  | {
      readonly type: 'text-delta'
      readonly index: number
      readonly text: string
      readonly logprobs?: readonly TokenLogprob[]
    }
  | { readonly type: 'text-end'; readonly index: number; readonly signature?: string }
  | { readonly type: 'refusal-start'; readonly index: number; readonly choice?: number }
  | { readonly type: 'refusal-delta'; readonly index: number; readonly text: string }
  | { readonly type: 'refusal-end'; readonly index: number }
  | {
      readonly type: 'reasoning-start'
      readonly index: number
      readonly choice?: number
      readonly itemId?: string
      readonly summary?: boolean
    }
  | { readonly type: 'reasoning-delta'; readonly index: number; readonly text: string }
  | {
      readonly type: 'reasoning-end'
      readonly index: number
      readonly signature?: string
      readonly redacted?: string
      readonly provesCall?: boolean
      readonly origin?: ProtocolId
    }
  | {
      readonly type: 'tool-call-start'
      readonly index: number
      readonly choice?: number
      readonly id: string
      readonly name: string
      readonly custom?: boolean
      readonly itemId?: string
      /** When it is known so early; else it comes with the end. */
      readonly signature?: string
    }
  | { readonly type: 'tool-call-delta'; readonly index: number; readonly arguments: string }
  | { readonly type: 'tool-call-end'; readonly index: number; readonly signature?: string }
  /** A whole image or sound that the model made. */
  | { readonly type: 'media'; readonly index: number; readonly choice?: number; readonly part: ImagePart | AudioPart }
  /** A piece of a spoken answer: base64 audio, words, or both. */
  | {
      readonly type: 'audio-delta'
      readonly index: number
      readonly choice?: number
      readonly id?: string
      readonly data?: string
      readonly transcript?: string
      readonly expiresAt?: number
    }
  /** `index` names the text block it belongs to; absent when it belongs to the whole answer. */
  | { readonly type: 'source'; readonly index?: number; readonly source: Citation }
  | { readonly type: 'native'; readonly index: number; readonly choice?: number; readonly part: NativePart }
  /** Replaces what was said before: always the usage of the whole answer so far. */
  | { readonly type: 'usage'; readonly usage: Usage }
  | { readonly type: 'finish'; readonly choice?: number; readonly reason: FinishReason }
  | { readonly type: 'response-end'; readonly metadata?: JsonObject }
  | { readonly type: 'error'; readonly error: CallError }
  /** An event that nobody knew: repeated when the caller speaks the same format. */
  | { readonly type: 'raw'; readonly protocol: ProtocolId; readonly event?: string; readonly value: Json }

/** A parameter that the target could not carry. `parameter` is the caller's word for it (`logit_bias`, `messages[2].content[0]`). */
export type Dropped = { readonly parameter: string; readonly reason: string }

/** Why a call failed, whoever failed it. `message` is safe to show. */
export type CallError = {
  readonly code: ErrorCode
  /** The status for the caller. */
  readonly status: number
  readonly message: string
  readonly retryable: boolean
  readonly retryAfterMs?: number
  /** The caller's field at fault. */
  readonly field?: string
  /** The vendor's own words: status, error type and code. */
  readonly vendor?: { readonly status?: number; readonly type?: string; readonly code?: string }
}
