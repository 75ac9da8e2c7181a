// Arguments of a tool call as an object, also when the answer was cut in the middle of them.
import { asObject } from './json.ts'
import type { JsonObject } from './spec.ts'

/** The object that the text holds. Text that ends too early is closed where it ends; anything else that is no object becomes an empty one. */
export function parseArguments(text: string): JsonObject {
  if (text.trim() === '') return {}
  try {
    return asObject(JSON.parse(text)) ?? {}
  } catch {
    return repair(text)
  }
}

function repair(text: string): JsonObject {
  // Shorter and shorter beginnings, cut where a value may have ended.
  for (let end = text.length, tries = 0; end > 0 && tries < 64; tries++) {
    const closed = close(text.slice(0, end))
    if (closed !== undefined) {
      try {
        return asObject(JSON.parse(closed)) ?? {}
      } catch {
        // One step further back.
      }
    }
    end = Math.max(
      text.lastIndexOf(',', end - 1),
      text.lastIndexOf('{', end - 1) + 1 < end ? text.lastIndexOf('{', end - 1) + 1 : 0,
    )
  }
  return {}
}

/** The text with its open strings, lists and objects closed. */
function close(text: string): string | undefined {
  const open: string[] = []
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]
    if (inString) {
      if (letter === '\\') at++
      else if (letter === '"') inString = false
    } else if (letter === '"') inString = true
    else if (letter === '{') open.push('}')
    else if (letter === '[') open.push(']')
    else if (letter === '}' || letter === ']') {
      if (open.pop() !== letter) return undefined
    }
  }
  return `${text.replace(/\\$/, '')}${inString ? '"' : ''}${open.reverse().join('')}`
}
