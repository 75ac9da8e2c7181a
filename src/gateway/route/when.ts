import type { When } from '../../contract/routing.ts'
import { compileWildcard } from '../../lib/wildcard.ts'

/** What routing may know of a request. Functions are only called where a target asks for what they tell. */
export type RequestFacts = {
  readonly bytes: number
  readonly header: (name: string) => string | null
  readonly metadata: () => Readonly<Record<string, unknown>> | undefined
  readonly hasTools: () => boolean
  readonly hasImages: () => boolean
  readonly key: string | null
  readonly endUser: string | null
}

/** Compiles the conditions of a target; all of them must hold. */
export function compileWhen(when: When | undefined): ((facts: RequestFacts) => boolean) | undefined {
  if (!when) return undefined
  const tests: ((facts: RequestFacts) => boolean)[] = []
  const { min_bytes, max_bytes, tools, images } = when
  if (min_bytes !== undefined) tests.push((facts) => facts.bytes >= min_bytes)
  if (max_bytes !== undefined) tests.push((facts) => facts.bytes <= max_bytes)
  for (const [name, pattern] of Object.entries(when.headers ?? {})) {
    const matches = compileWildcard(pattern)
    tests.push((facts) => {
      const value = facts.header(name)
      return value !== null && matches(value)
    })
  }
  for (const [name, pattern] of Object.entries(when.metadata ?? {})) {
    const matches = compileWildcard(pattern)
    tests.push((facts) => {
      const value = facts.metadata()?.[name]
      return (
        (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') && matches(String(value))
      )
    })
  }
  if (tools !== undefined) tests.push((facts) => facts.hasTools() === tools)
  if (images !== undefined) tests.push((facts) => facts.hasImages() === images)
  return tests.length === 0 ? undefined : (facts) => tests.every((test) => test(facts))
}
