// Writes docs/providers.md from the registry. Usage: bun scripts/generate-provider-docs.ts
import { join } from 'node:path'
import { catalogFacts, modelsOf } from '../src/llm/catalog.ts'
import type { Auth, Operation, Provider } from '../src/llm/provider.ts'
import { PROVIDERS } from '../src/llm/providers.ts'
import { SOURCES } from '../src/llm/providers/sources.ts'

const OUT = join(import.meta.dir, '../docs/providers.md')

const KINDS: readonly (readonly [Provider['kind'], string])[] = [
  ['built-in', 'Built in'],
  ['lab', 'Laboratories'],
  ['cloud', 'Clouds'],
  ['host', 'Hosts of open models'],
  ['aggregator', 'Gateways and aggregators'],
  ['self-hosted', 'Servers of one’s own'],
  ['embeddings', 'Embeddings and ranking'],
  ['audio', 'Speech'],
  ['image', 'Images'],
  ['video', 'Video'],
  ['search', 'Search'],
]

/** Known, and left out: a vendor that cannot be called is not listed as if it could. */
const LEFT_OUT = [
  ['GitHub Copilot', 'its session tokens come from a sign-in, and its terms limit gateways'],
  ['GigaChat', 'needs a token from its own endpoint and a private certificate authority'],
  ['IBM watsonx.ai', 'needs an IAM token and a project in each body'],
  ['Kling AI', 'signs its own tokens'],
  ['Netlify AI Gateway', 'its address exists only inside a Netlify site: use `openai-compatible` there'],
  ['NVIDIA Triton', 'bodies are whatever the deployed model takes; its OpenAI front end is `openai-compatible`'],
  ['SAP AI Core', 'needs OAuth client credentials and a deployment’s address'],
] as const

const INTRO = `# Providers

Generated from the registry in \`src/llm/providers/\` by \`bun scripts/generate-provider-docs.ts\`; a test fails when this page is not current.

A provider in \`portreeve.yaml\` names one of these as its \`type\`:

\`\`\`yaml
providers:
  - { id: openai, type: openai, api_key: "env:OPENAI_API_KEY" }
  - { id: eu-claude, type: amazon-bedrock, variables: { region: eu-central-1 } }   # signs with the task role
  - { id: azure, type: azure-openai, api_key: "env:AZURE_API_KEY", variables: { resource: my-resource } }
  - { id: lab, type: openai-compatible, base_url: "http://10.0.0.7:8000/v1" }
\`\`\`

Models are then \`id/model\`, such as \`eu-claude/anthropic.claude-sonnet-4-5-20250929-v1:0\`. A key that is found in the environment under one of the
names below switches its provider on by itself. Names in italics do not: other tools or other vendors use them too, so a provider that needs one has
to be set up.

The same can be set up in the console, by the management API (\`/api/v1/providers\`) and on the command line, with a file that holds what stands under
\`providers\` in portreeve.yaml:

\`\`\`yaml file=providers.yaml
providers:
  - { id: lab, type: openai-compatible, base_url: "http://127.0.0.1:8000/v1", api_key: "env:LAB_KEY" }
\`\`\`

\`\`\`sh
LAB_KEY=sk-lab portreeve providers apply providers.yaml
portreeve providers show lab
portreeve providers delete lab
\`\`\`

There \`env:NAME\` and \`file:PATH\` are looked up where the command is typed; the gateway gets the secret itself, seals it and never shows it again. A provider is
replaced as a whole. What \`show\` prints can be applied again: \`(hidden)\` leaves a secret as it is, as long as the address stays.

**Formats** are what Portreeve speaks to the vendor, the preferred one first. A client whose format is among them gets the vendor's bytes untouched;
any other client is translated. **Also** is what the vendor does beside chat; in brackets what Portreeve knows of and has no address for.

A vendor is data. One with a habit of its own (a renamed parameter, a key in a header of its own, several formats) has a file of its own, or shares it
with its siblings; those that speak the OpenAI format without any habit are listed together by what they are, because a file each would be a hundred
files that differ in an address. To add one: the entry, and one line in \`src/llm/providers.ts\` if the file is new.
`

/** What the gateway has an address for. */
const SERVED = new Set<Operation>([
  'completions',
  'embeddings',
  'moderations',
  'images',
  'speech',
  'transcriptions',
  'translations',
  'rerank',
])

const formatsOf = ({ chat }: Provider): string => chat.map(({ protocol }) => `\`${protocol}\``).join(', ') || '–'

function alsoOf({ operations }: Provider): string {
  const { native = [], ...shaped } = operations
  const known = Object.values(shaped).flat()
  const served = known.filter((operation) => SERVED.has(operation))
  const others = [...known.filter((operation) => !SERVED.has(operation)), ...native]
  return [served.join(', '), others.length ? `(${others.join(', ')})` : ''].filter(Boolean).join(' ') || '–'
}

function authOf(auth: Auth): string {
  switch (auth.scheme) {
    case 'bearer':
      return 'bearer'
    case 'header':
      return `header \`${auth.name}\`${auth.exchange ? ', or a token bought with it' : ''}`
    case 'query':
      return `query \`${auth.name}\``
    case 'sigv4':
      return 'AWS signature, or bearer'
    case 'google':
      return 'Google token'
    case 'none':
      return 'none, or bearer'
  }
}

function keysOf({ keys, sharedKeys, addresses }: Provider): string {
  const names = [
    ...keys.map((name) => `\`${name}\``),
    ...addresses.map((name) => `\`${name}\` (address)`),
    ...sharedKeys.map((name) => `*${name}*`),
  ]
  return names.join(', ') || '–'
}

function rowOf(provider: Provider): string {
  const variables = Object.entries(provider.variables).map(([name, { about, default: preset }]) =>
    preset === undefined ? `needs \`${name}\`: ${about}` : `\`${name}\`: ${about} (${preset})`,
  )
  const notes = [...variables, ...provider.notes].join('; ')
  const count = provider.kind === 'built-in' ? 0 : modelsOf(provider.id).length
  const codes = [...new Set(Object.values(provider.sources).flatMap((source) => source.split(',')))].sort().join(' ')
  const cells = [
    `[${provider.name}](${provider.docs})<br>\`${provider.id}\``,
    formatsOf(provider),
    alsoOf(provider),
    authOf(provider.auth),
    keysOf(provider),
    count ? String(count) : '–',
    notes || '–',
    codes,
  ]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

export function renderProviderDocs(): string {
  const vendors = PROVIDERS.filter(({ kind }) => kind !== 'built-in')
  const chat = vendors.filter(({ chat }) => chat.length).length
  const sections = KINDS.map(([kind, title]) => {
    const rows = PROVIDERS.filter((provider) => provider.kind === kind).map(rowOf)
    return `## ${title}\n\n| provider | formats | also | key sent as | environment | models | notes | sources |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n${rows.join('\n')}\n`
  })
  const models = `## Models and prices

The catalogue in \`src/llm/generated/catalog.txt\` is made by \`bun scripts/generate-catalog.ts\` from the packages named above, which are read and never run.
A model's price is found as genai-prices finds it: by its rules, in their order, with tiers above a length of the input, days from which a price holds,
and hours of the day. Where it knows none, LiteLLM's price counts, then that of pi-ai. A test holds every price to genai-prices' own calculation.

A price that nobody knows is unknown: it is shown as such and never counted as 0. A company's own price, for one model of one provider, replaces the
catalogue's; a class that it leaves out follows the catalogue, and where that knows none, costs what the class around it costs. It is in whole
micro-dollars for a million tokens: \`150000\` is 15 cents.

\`\`\`yaml
prices:
  - { provider: lab, model: llama-4, input: 150000, output: 600000, cache_read: 15000, cache_write: 187500 }
\`\`\`
`
  const facts = catalogFacts()
  const packages = facts.sources
    .map(({ package: name, version, licence }) => `${name} ${version} (${licence})`)
    .join(', ')
  return [
    INTRO,
    `${vendors.length} vendors, ${chat} of them with chat that Portreeve speaks; ${facts.models.toLocaleString('en-US')} models in the catalogue, made from ${packages}.\n`,
    ...sections,
    models,
    `## Known and left out\n\n${LEFT_OUT.map(([name, why]) => `- ${name}: ${why}`).join('\n')}\n`,
    `## Sources\n\nEvery fact says where it was read; the codes in the last column are:\n\n${Object.entries(SOURCES)
      .map(([code, source]) => `- \`${code}\` ${source}`)
      .join('\n')}\n`,
  ].join('\n')
}

if (import.meta.main) {
  await Bun.write(OUT, renderProviderDocs())
  console.log(`wrote ${OUT}`)
}
