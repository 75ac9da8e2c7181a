import type { Price } from '../price.ts'

/** What the demo serves. The gateway's name for each is `demo/` and the id. The catalogue is made with it: bun scripts/generate-catalog.ts. */
export const DEMO_MODELS = {
  parley: { about: 'Chat: deterministic text, tool calls, JSON answers', kind: 'chat' },
  'parley-reasoning': { about: 'The same, thinking aloud first', kind: 'chat' },
  embed: { about: 'Embeddings of 1 to 4096 dimensions', kind: 'embedding' },
  unavailable: { about: 'Always answers 503, to try fallbacks', kind: 'chat' },
} as const

/** What is answered inside the process costs nothing, and that is known; a price set for it counts, to try budgets with. */
export const DEMO_PRICE: Price = { rules: [{ rates: { input: 0, output: 0 } }], source: 'built-in' }

export type DemoModel = keyof typeof DEMO_MODELS

export const isDemoModel = (name: unknown): name is DemoModel =>
  typeof name === 'string' && Object.hasOwn(DEMO_MODELS, name)
