// Arguments that Vertex streams as values at JSON paths (`$.recipe.steps[2]`).
import { asArray, asText } from '../../json.ts'
import type { Json, JsonObject } from '../../spec.ts'

const STEP = /\.([^.[\]]+)|\[(\d+)\]|\['([^']*)'\]/g
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype'])
const MAX_INDEX = 100_000

export class PartialArguments {
  readonly value: JsonObject

  constructor(start: JsonObject | undefined) {
    this.value = { ...start }
  }

  add(pieces: readonly JsonObject[]): void {
    for (const piece of pieces) this.#set(asText(piece['jsonPath']) ?? '$', piece)
  }

  #set(path: string, piece: JsonObject): void {
    const steps: (string | number)[] = []
    for (const [, name, index, quoted] of path.matchAll(STEP))
      steps.push(index === undefined ? (name ?? quoted ?? '') : Number(index))
    const last = steps.pop()
    if (
      last === undefined ||
      [...steps, last].some((step) => (typeof step === 'number' ? step > MAX_INDEX : FORBIDDEN.has(step)))
    )
      return
    let place: Json = this.value
    const following = [...steps.slice(1), last]
    steps.forEach((step, depth) => {
      const inner: Json = typeof following[depth] === 'number' ? [] : {}
      const holder = place as { [key: string | number]: Json }
      if (typeof holder[step] !== 'object' || holder[step] === null) holder[step] = inner
      place = holder[step] as Json
    })
    const holder = place as { [key: string | number]: Json }
    const text = asText(piece['stringValue'])
    if (text !== undefined) holder[last] = typeof holder[last] === 'string' ? holder[last] + text : text
    else if (piece['numberValue'] !== undefined) holder[last] = piece['numberValue']
    else if (piece['boolValue'] !== undefined) holder[last] = piece['boolValue']
    else if ('nullValue' in piece) holder[last] = null
    else if (piece['listValue'] !== undefined) holder[last] = [...asArray(piece['listValue'])]
    else if (piece['structValue'] !== undefined) holder[last] = piece['structValue']
  }
}
