import type { Json, JsonObject } from '../../llm/spec.ts'

/** Names of the tools that a request offers, in any dialect. */
export function toolNames(request: JsonObject): string[] {
  const names: string[] = []
  const collect = (tools: Json | undefined) => {
    if (!Array.isArray(tools)) return
    for (const tool of tools) {
      if (tool === null || typeof tool !== 'object' || Array.isArray(tool)) continue
      const inner = (tool['function'] ?? tool['custom'] ?? tool['toolSpec'] ?? tool) as JsonObject
      if (typeof inner['name'] === 'string') names.push(inner['name'])
      else if (Array.isArray(tool['functionDeclarations'])) collect(tool['functionDeclarations'])
      else if (typeof tool['type'] === 'string') names.push(tool['type'])
      else names.push(...Object.keys(tool))
    }
  }
  collect(request['tools'])
  collect(request['functions'])
  return names
}

/** What an item that calls a tool says that it is, where it bears the tool's name itself. */
const CALLS = new Set(['tool_use', 'server_tool_use', 'mcp_tool_use', 'function_call', 'custom_tool_call', 'mcp_call'])

/** Names of the tools that a whole answer calls, in any dialect. */
export function calledTools(answer: Json): string[] {
  const names: string[] = []
  const look = (value: Json): void => {
    if (Array.isArray(value)) for (const item of value) look(item)
    else if (value !== null && typeof value === 'object') {
      const { type } = value
      const holder = (value['functionCall'] ??
        value['toolUse'] ??
        value['function_call'] ??
        (type === 'function' || type === 'custom' ? value[type] : undefined) ??
        (typeof type === 'string' && CALLS.has(type) ? value : undefined)) as JsonObject | null | undefined
      if (typeof holder?.['name'] === 'string') names.push(holder['name'])
      for (const item of Object.values(value)) look(item)
    }
  }
  look(answer)
  return names
}
