// Turns of the vocabulary as Gemini's contents.
import type { Drops } from '../../dropped.ts'
import { asObject } from '../../json.ts'
import { parseArguments } from '../../partial-json.ts'
import { isReadable } from '../../seal.ts'
import type { ChatRequest, JsonObject, Message, ToolCallPart, ToolResultPart } from '../../spec.ts'
import type { Naming } from '../../tool-names.ts'
import { versionOf } from './model.ts'
import { writePart } from './part.ts'

/** Google's own word for "this call was not made by Gemini": without a proof Gemini 3 refuses the conversation. */
const NO_PROOF = 'skip_thought_signature_validator'

type Content = { readonly role: 'user' | 'model'; readonly parts: JsonObject[] }

export function writeSystem(request: ChatRequest, drops: Drops): JsonObject[] {
  const later = request.messages.flatMap((message) => (message.role === 'system' ? message.content : []))
  const parts: JsonObject[] = []
  for (const part of [...request.system, ...later]) {
    if (part.type === 'text') parts.push({ text: part.text })
    else drops.add('system', `a system instruction of Gemini cannot carry this ${part.type}`)
  }
  return parts
}

export function writeContents(request: ChatRequest, model: string, naming: Naming, drops: Drops): Content[] {
  const names = new Map<string, string>()
  for (const message of request.messages)
    for (const part of message.content) if (part.type === 'tool-call') names.set(part.id, part.name)
  const contents: Content[] = []
  const needsProof = versionOf(model) >= 3
  request.messages.forEach((message, index) => {
    if (message.role === 'system') return
    const role = message.role === 'assistant' ? 'model' : 'user'
    const parts = writeTurn(message, `messages[${index}]`, { naming, names, drops, needsProof, wide: needsProof })
    if (parts.length === 0) return
    const last = contents.at(-1)
    if (last?.role === role) last.parts.push(...parts)
    else contents.push({ role, parts })
  })
  // Gemini wants at least one turn.
  if (contents.length === 0) contents.push({ role: 'user', parts: [{ text: '.' }] })
  return contents
}

type Scene = {
  readonly naming: Naming
  readonly names: ReadonlyMap<string, string>
  readonly drops: Drops
  readonly needsProof: boolean
  /** Results may hold media. */
  readonly wide: boolean
}

function writeTurn(message: Message, field: string, scene: Scene): JsonObject[] {
  const parts: JsonObject[] = []
  let calls = 0
  let lent: string | undefined
  message.content.forEach((part, index) => {
    switch (part.type) {
      case 'tool-call':
        parts.push(
          writeCall(
            lent === undefined || part.signature !== undefined ? part : { ...part, signature: lent },
            scene,
            calls++ === 0,
          ),
        )
        lent = undefined
        return
      case 'tool-result':
        parts.push(...writeResult(part, `${field}.content[${index}]`, scene))
        return
      case 'reasoning':
        // Only Gemini's own proofs are of use to it; thoughts without one need not go back.
        if (part.signature === undefined || !isReadable(part.origin, 'gemini')) return
        if (part.provesCall) {
          lent = part.signature
          return
        }
        parts.push(
          part.text === ''
            ? { text: '', thoughtSignature: part.signature }
            : { text: part.text, thought: true, thoughtSignature: part.signature },
        )
        return
      default: {
        if (part.type === 'text' && part.text === '' && part.signature === undefined) return
        const written = writePart(part)
        if (written === undefined)
          scene.drops.add(`${field}.content[${index}]`, `Gemini cannot carry this ${part.type}`)
        else parts.push(written)
      }
    }
  })
  return parts
}

/** Of parallel calls only the first carries the proof. */
function writeCall(call: ToolCallPart, scene: Scene, first: boolean): JsonObject {
  const args =
    call.custom || scene.naming.isCustom(call.name) ? { input: call.arguments } : parseArguments(call.arguments)
  const signature = call.signature ?? (scene.needsProof && first ? NO_PROOF : undefined)
  return {
    functionCall: { name: scene.naming.send(call.name), args },
    ...(signature === undefined ? {} : { thoughtSignature: signature }),
  }
}

function writeResult(result: ToolResultPart, field: string, scene: Scene): JsonObject[] {
  const texts: string[] = []
  const media: JsonObject[] = []
  result.content.forEach((part, index) => {
    if (part.type === 'text') texts.push(part.text)
    else {
      const written = writePart(part)
      if (written === undefined) scene.drops.add(`${field}.content[${index}]`, `Gemini cannot carry this ${part.type}`)
      else media.push(written)
    }
  })
  const name = scene.naming.send(scene.names.get(result.toolCallId) ?? result.name ?? result.toolCallId)
  const response = writeResponse(texts.join('\n'), result.isError === true)
  const inline = scene.wide ? media.filter((part) => part['inlineData'] !== undefined) : []
  const beside = media.filter((part) => !inline.includes(part))
  return [{ functionResponse: { name, response, ...(inline.length > 0 ? { parts: inline } : {}) } }, ...beside]
}

/** Gemini wants an object: JSON objects go as they are. */
function writeResponse(text: string, isError: boolean): JsonObject {
  if (isError) return { error: text }
  try {
    const object = asObject(JSON.parse(text))
    if (object !== undefined) return object
  } catch {
    // Plain words.
  }
  return { output: text }
}
