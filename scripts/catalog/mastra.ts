// @mastra/core: which models a provider lists, which are deprecated, and which take a temperature, files or a schema.
import { join } from 'node:path'
import { dayInId, kindOf, type ModelFacts, type SourceFacts } from './facts.ts'
import { idsBy } from './providers.ts'

type Registry = { providers: Record<string, { models: string[]; deprecatedModels?: string[] }> }
type Capabilities = { attachment?: string[]; temperature?: string[]; structuredOutput?: string[] }

/** Families that take no sampling parameters. */
const REFUSING = /(^|[/.])(o[134](-|$)|gpt-[5-9]|claude-(opus-4[-.][78]|(opus|sonnet|haiku)-[5-9]|fable))/

export async function readMastra(folder: string): Promise<SourceFacts> {
  const facts = new Map<string, ModelFacts[]>()
  const registry: Registry = await Bun.file(join(folder, 'dist/provider-registry.json')).json()
  for (const [name, id] of idsBy('mastra')) {
    const provider = registry.providers[name]
    if (!provider) continue
    const file = Bun.file(join(folder, `dist/capabilities/${name}.json`))
    const capabilities: Capabilities = (await file.exists()) ? await file.json() : {}
    const deprecated = new Set(provider.deprecatedModels)
    const chats = provider.models.filter((model) => kindOf(model) === 'chat')
    const warm = new Set(capabilities.temperature)
    // Some providers never say: a list that leaves most of its models out is a list of noes only for families known to refuse.
    const believed = chats.filter((model) => warm.has(model)).length >= chats.length * 0.6
    const takesTemperature = (model: string) =>
      warm.has(model) || (believed || REFUSING.test(model) ? false : undefined)
    facts.set(
      id,
      provider.models.map((model) => {
        const chat = kindOf(model) === 'chat'
        return {
          id: model,
          kind: kindOf(model),
          ...(chat && capabilities.attachment?.includes(model) && { in: ['text', 'image'] }),
          // A schema is only ever said to work.
          yes: [
            ...(chat && takesTemperature(model) ? ['temperature'] : []),
            ...(chat && capabilities.structuredOutput?.includes(model) ? ['jsonSchema'] : []),
          ],
          no: chat && takesTemperature(model) === false ? ['temperature'] : [],
          deprecated: deprecated.has(model) || undefined,
          released: dayInId(model),
        }
      }),
    )
  }
  return facts
}
