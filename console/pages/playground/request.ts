import type { Answer } from './stream.ts'

export type Settings = {
  system: string
  temperature: number | ''
  top_p: number | ''
  max_tokens: number | ''
  stream: boolean
  tools: string
}

export const DEFAULT_SETTINGS: Settings = {
  system: '',
  temperature: '',
  top_p: '',
  max_tokens: '',
  stream: true,
  tools: '',
}

/** One question with its images (data URLs) and the answer of each pane by its id. */
export type Turn = { prompt: string; images: string[]; answers: Record<string, Answer> }

export function toolsIn(text: string): { tools: unknown[]; problem: string | null } {
  if (!text.trim()) return { tools: [], problem: null }
  try {
    const parsed: unknown = JSON.parse(text)
    return Array.isArray(parsed) ? { tools: parsed, problem: null } : { tools: [], problem: '[ ]' }
  } catch (error) {
    return { tools: [], problem: error instanceof Error ? error.message : String(error) }
  }
}

/** The body of the call that one pane makes: what was said in that pane so far, and the settings that are set. */
export function bodyFor(
  model: string,
  pane: string,
  turns: readonly Turn[],
  settings: Settings,
): Record<string, unknown> {
  const { tools } = toolsIn(settings.tools)
  const messages: Record<string, unknown>[] = settings.system.trim()
    ? [{ role: 'system', content: settings.system }]
    : []
  for (const turn of turns) {
    messages.push({
      role: 'user',
      content: turn.images.length
        ? [
            { type: 'text', text: turn.prompt },
            ...turn.images.map((url) => ({ type: 'image_url', image_url: { url } })),
          ]
        : turn.prompt,
    })
    const answer = turn.answers[pane]
    if (answer?.text) messages.push({ role: 'assistant', content: answer.text })
  }
  return {
    model,
    messages,
    ...(settings.temperature === '' ? {} : { temperature: settings.temperature }),
    ...(settings.top_p === '' ? {} : { top_p: settings.top_p }),
    ...(settings.max_tokens === '' ? {} : { max_tokens: settings.max_tokens }),
    ...(tools.length ? { tools } : {}),
    ...(settings.stream ? { stream: true } : {}),
  }
}

export const EXAMPLE_TOOLS = `[
  {
    "type": "function",
    "function": {
      "name": "get_tide",
      "description": "The tide at a port",
      "parameters": {
        "type": "object",
        "properties": { "port": { "type": "string" }, "date": { "type": "string" } },
        "required": ["port"]
      }
    }
  }
]`
