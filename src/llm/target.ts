// What is known of the model and the vendor that a call goes to.
import type { JsonObject, ProtocolId } from './spec.ts'

/** What a model can do; absent is unknown and never means "no". */
export type Capabilities = {
  readonly contextTokens?: number
  readonly maxOutputTokens?: number
  /** Of `text image audio video document`. */
  readonly input?: readonly string[]
  readonly output?: readonly string[]
  readonly tools?: boolean
  readonly parallelToolCalls?: boolean
  readonly strictTools?: boolean
  readonly jsonObject?: boolean
  readonly jsonSchema?: boolean
  readonly reasoning?: boolean
  /** How thinking is asked for: a level, or a number of tokens. */
  readonly reasoningControl?: 'effort' | 'budget' | 'none'
  readonly temperature?: boolean
  readonly promptCache?: boolean
}

/** How a vendor is asked to go on from the beginning of an answer, which is the last turn of the request. */
export type PrefixRule = {
  /** The format in which it can. */
  readonly protocol: ProtocolId
  /** The models that can; `*` stands for any text. Absent: all of them. */
  readonly models?: readonly string[]
  /** Of these, the ones that cannot. */
  readonly except?: readonly string[]
  /** Set on the last message. */
  readonly message?: JsonObject
  /** Set in the body. */
  readonly body?: JsonObject
  /** Replaces the path of chat. */
  readonly path?: string
  /** The vendor's answer repeats the beginning. */
  readonly echoes?: boolean
  /** Where this was read. */
  readonly source: string
}

/** How a vendor differs from the format it speaks: data only. Anything stranger is a protocol of its own. */
export type Quirks = {
  /** Parameter of the format → the vendor's name for it. */
  readonly rename?: Readonly<Record<string, string>>
  /** Top-level parameters that the vendor refuses: left out and named as dropped. */
  readonly drop?: readonly string[]
  /** Parameters beyond the format that the vendor takes under the caller's name (`top_k`, `min_p`). */
  readonly accepts?: readonly string[]
  /** Set in every body unless the caller said otherwise. */
  readonly defaults?: JsonObject
  readonly headers?: Readonly<Record<string, string>>
  /** Replaces the format's path of an endpoint (`chat` → `/v1/text/chatcompletion_v2`, `chat-stream` where streams have their own); may hold `{model}`. */
  readonly paths?: Readonly<Record<string, string>>
  /** The vendor's usage counts differ from the format's rule. */
  readonly usage?: 'reasoning-excluded'
  /** The vendor gives usage in streams without being asked, and refuses `stream_options`. */
  readonly noStreamOptions?: boolean
  /** Where the thought of earlier turns goes back: most vendors refuse or ignore it. */
  readonly reasoningInput?: 'reasoning_content' | 'reasoning' | 'reasoning_details' | 'thinking'
  /** How thinking is asked for in a format that has no common word for it. */
  readonly reasoningControl?: 'reasoning_effort' | 'reasoning' | 'thinking' | 'enable_thinking' | 'none'
  /** What the vendor's tool ids must look like. */
  readonly toolIds?: 'nine-alphanumeric'
  /** The vendor's word for "one of the tools for certain". */
  readonly toolChoiceRequired?: string
  /** Content of system and assistant turns must be one string, not parts. */
  readonly textOnly?: boolean
  /** The best structured output that the vendor knows. */
  readonly structured?: 'json_schema' | 'json_object' | 'none'
  /** The role for system turns where it is not `system`. */
  readonly systemRole?: 'system' | 'developer' | 'user'
  /** The vendor can go on from the beginning of an answer. */
  readonly prefix?: PrefixRule
}

export type Target = {
  /** The vendor's name of the model (deployment, ARN). */
  readonly model: string
  readonly capabilities: Capabilities
  readonly quirks: Quirks
}

/** What the encoder did that the decoder of the same call must undo. */
export type DecodeContext = {
  /** The answer was forced through this tool: its arguments are the text, and the reason is `stop`. */
  readonly jsonTool?: string
  /** Tool names that had to be changed: name sent → name the caller gave. */
  readonly toolNames?: Readonly<Record<string, string>>
  /** Tools of free text that were sent as functions with the one argument `input`. */
  readonly customTools?: readonly string[]
  /** How to read usage and answers of this vendor. */
  readonly quirks?: Quirks
}
