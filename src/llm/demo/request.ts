/** What the demo reads of an OpenAI chat request; anything else in it is left alone. */
export type ChatRequest = {
  readonly model?: unknown
  readonly messages?: unknown
  readonly tools?: unknown
  readonly tool_choice?: unknown
  readonly parallel_tool_calls?: unknown
  readonly response_format?: unknown
  readonly stream?: unknown
  readonly stream_options?: { readonly include_usage?: unknown } | null
  readonly max_tokens?: unknown
  readonly max_completion_tokens?: unknown
  readonly stop?: unknown
  readonly n?: unknown
  readonly seed?: unknown
  readonly logprobs?: unknown
  readonly top_logprobs?: unknown
  readonly reasoning_effort?: unknown
}

export type ToolResult = { readonly name: string; readonly text: string }

/** The conversation in the demo's terms. */
export type Conversation = {
  /** Text of the last user message. */
  readonly prompt: string
  /** Results of the tools called since that message. */
  readonly results: readonly ToolResult[]
  readonly images: number
  readonly files: number
  /** All text of the request, to count its tokens. */
  readonly everything: string
}

type Fields = { readonly [key: string]: unknown }
const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {})
const nameOr = (value: unknown, fallback: string): string => (typeof value === 'string' ? value : fallback)
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

export function readConversation(request: ChatRequest): Conversation {
  const messages = list(request.messages).map(fields)
  const asked = messages.findLastIndex((message) => message['role'] === 'user')
  const names = new Map<unknown, string>()
  for (const message of messages)
    for (const call of list(message['tool_calls']).map(fields))
      names.set(call['id'], nameOr(fields(call['function'])['name'], 'tool'))
  const parts = list(messages[asked]?.['content']).map(fields)
  return {
    prompt: textOf(messages[asked]?.['content']),
    results: messages
      .slice(asked + 1)
      .filter((message) => message['role'] === 'tool' || message['role'] === 'function')
      .map((message) => ({
        name: nameOr(message['name'], names.get(message['tool_call_id']) ?? 'the tool'),
        text: textOf(message['content']),
      })),
    images: parts.filter((part) => part['type'] === 'image_url').length,
    files: parts.filter((part) => part['type'] === 'file' || part['type'] === 'input_audio').length,
    everything: messages.map((message) => `${String(message['role'])}: ${textOf(message['content'])}`).join('\n'),
  }
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  return list(content)
    .map((part) => fields(part)['text'])
    .filter((text) => typeof text === 'string')
    .join('\n')
}

export type Tool = { readonly name: string; readonly about: string; readonly parameters: Fields }

export function readTools(request: ChatRequest): Tool[] {
  return list(request.tools)
    .map(fields)
    .filter((tool) => tool['type'] === 'function')
    .map((tool) => fields(tool['function']))
    .map((tool) => ({
      name: String(tool['name']),
      about: typeof tool['description'] === 'string' ? tool['description'] : '',
      parameters: fields(tool['parameters']),
    }))
}

/** The tools to call now: none, the one that the caller forces, those that the prompt names, or the one whose words fit it best. */
export function chooseTools(request: ChatRequest, conversation: Conversation): Tool[] {
  const tools = readTools(request)
  const forced = fields(fields(request.tool_choice)['function'])['name']
  if (request.tool_choice === 'none' || !tools.length) return []
  if (forced !== undefined) return tools.filter((tool) => tool.name === forced)
  if (conversation.results.length && request.tool_choice !== 'required') return []
  const said = conversation.prompt.toLowerCase()
  const named = tools.filter((tool) => said.includes(tool.name.toLowerCase()))
  const several = request.parallel_tool_calls !== false
  if (named.length) return several ? named : named.slice(0, 1)
  const words = new Set(said.match(/[\p{L}\p{N}]{4,}/gu))
  const fit = (tool: Tool) =>
    [...new Set(`${tool.name} ${tool.about}`.toLowerCase().match(/[\p{L}\p{N}]{4,}/gu))].filter((word) =>
      words.has(word),
    ).length
  return [tools.toSorted((left, right) => fit(right) - fit(left))[0]!]
}

/** The schema that the answer must satisfy; `{}` for any JSON object, undefined for free text. */
export function answerSchema(request: ChatRequest): Fields | undefined {
  const format = fields(request.response_format)
  if (format['type'] === 'json_schema') return fields(fields(format['json_schema'])['schema'])
  return format['type'] === 'json_object' ? {} : undefined
}
