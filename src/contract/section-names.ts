import type { Section } from './section.ts'

/** In the order in which they are shown. */
export const SECTIONS = ['cache', 'overload', 'responses', 'sharing'] as const satisfies readonly Section['name'][]
