/** What the demo serves. The gateway's name for each is `demo/` and the id. The catalogue is made with it: bun scripts/generate-catalog.ts. */
export const DEMO_MODELS = {
  parley: { about: 'Chat: deterministic text, tool calls, JSON answers', kind: 'chat' },
  'parley-reasoning': { about: 'The same, thinking aloud first', kind: 'chat' },
  embed: { about: 'Embeddings of 1 to 4096 dimensions', kind: 'embedding' },
  unavailable: { about: 'Always answers 503, to try fallbacks', kind: 'chat' },
} as const

export type DemoModel = keyof typeof DEMO_MODELS

export const isDemoModel = (name: unknown): name is DemoModel =>
  typeof name === 'string' && Object.hasOwn(DEMO_MODELS, name)
