import type { Config } from '../config/config.ts'
import type { Running } from './start.ts'

/** What a start tells the person who typed it. */
export const welcome = { text, json }

function json(running: Running, config: Config): string {
  const { firstStart } = running.management
  return `${JSON.stringify({
    url: running.url,
    admin_url: running.adminUrl,
    data: config.dataFolder,
    workers: running.workers,
    api_key: firstStart.key,
    owner_link: ownerLink(running),
    providers: providersOf(running),
    degraded: running.degraded,
  })}\n`
}

function text(running: Running, config: Config): string {
  const { firstStart } = running.management
  const lines = ['', `Portreeve is ready at ${running.url}`, '']
  if (running.degraded) lines.push(`  Running on the last configuration: ${running.degraded}`, '')
  const rows: [string, string][] = [['OpenAI base URL', `${running.url}/v1`]]
  const link = ownerLink(running)
  rows.push(['Console', link ? `${link}   (makes you the owner; works once)` : `${running.adminUrl}/console/`])
  rows.push(['Data', config.dataFolder])
  if (running.workers > 1) rows.push(['Workers', String(running.workers)])
  if (firstStart.key) rows.push(['API key', `${firstStart.key}   (shown this once)`])
  const width = Math.max(...rows.map(([name]) => name.length)) + 2
  lines.push(...rows.map(([name, value]) => `  ${name.padEnd(width)}${value}`), '')
  // What is set up is not known here, and nothing can be made, until the database is back.
  if (running.degraded) return lines.join('\n')
  lines.push(...providerLines(running), '')
  lines.push(
    ...(firstStart.key ? tryLines(running, firstStart.key) : ['  Another key: portreeve keys create --name NAME', '']),
  )
  return lines.join('\n')
}

function tryLines(running: Running, key: string): string[] {
  const body = JSON.stringify({
    model: firstModel(running),
    stream: true,
    messages: [{ role: 'user', content: 'Who kept the gate of a port?' }],
  })
  return [
    'Try it:',
    '',
    `  curl -N ${running.url}/v1/chat/completions -H "Authorization: Bearer ${key}" -H "Content-Type: application/json" -d '${body.replaceAll("'", "'\\''")}'`,
    '',
  ]
}

function ownerLink(running: Running): string | null {
  const token = running.management.firstStart.ownerToken
  return token ? `${running.adminUrl}/console/join#${token}` : null
}

type ProviderLine = { readonly id: string; readonly from: string }

function providersOf(running: Running): ProviderLine[] {
  const merged = running.management.control()?.context.live.merged()
  if (!merged) return []
  const variables = new Map(merged.environment.map(({ provider, variable }) => [provider, variable]))
  return merged.source.providers
    .filter(({ enabled }) => enabled)
    .map(({ id, origin }) => ({
      id,
      from: origin === 'environment' ? (variables.get(id) ?? 'environment') : origin,
    }))
}

function providerLines(running: Running): string[] {
  const providers = providersOf(running)
  const real = providers.filter(({ from }) => from !== 'built-in')
  if (real.length === 0) {
    return [
      '  Providers: demo, which answers without any vendor. Set OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY,',
      "  MISTRAL_API_KEY or another vendor's key and start again, or add a provider in the console.",
    ]
  }
  return [
    '  Providers:',
    ...providers.map(
      ({ id, from }) =>
        `    ${id.padEnd(20)} ${from === 'built-in' ? 'built in' : from === 'database' ? 'set up in the console' : from === 'file' ? 'portreeve.yaml' : `by ${from}`}`,
    ),
  ]
}

/** A model that answers at once, whatever is set up: what an alias leads to may not run yet. */
function firstModel(running: Running): string {
  const merged = running.management.control()?.context.live.merged()
  const demo = providersOf(running).some(({ id, from }) => id === 'demo' && from === 'built-in')
  return demo ? 'demo/parley' : (merged?.source.aliases[0]?.name ?? 'demo/parley')
}
