import { hashOf } from './tokens.ts'

export const EMBEDDING_SIZE = 256

/**
 * A unit vector of hashed words and letter triples: texts that share words point the same way, so that semantic search and caches
 * can be tried without a model. The same text always gives the same vector.
 */
export function embed(text: string, size: number): Float32Array {
  const vector = new Float32Array(size)
  const add = (feature: string, weight: number) => {
    const hash = hashOf(feature)
    vector[hash % size]! += hash & 0x80000000 ? -weight : weight
  }
  for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{N}]+/gu)) {
    add(word, 1)
    for (let at = 0; at + 3 <= word.length; at++) add(`#${word.slice(at, at + 3)}`, 0.35)
  }
  let length = Math.hypot(...vector)
  if (length === 0) {
    vector[hashOf(text) % size] = 1
    length = 1
  }
  for (let at = 0; at < size; at++) vector[at]! /= length
  return vector
}

/** Cosine of the angle between two unit vectors of the same size. */
export function similarity(left: Float32Array, right: Float32Array): number {
  let sum = 0
  for (let at = 0; at < left.length; at++) sum += left[at]! * right[at]!
  return sum
}
