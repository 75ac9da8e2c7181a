// Writes docs/management-api.md from the endpoint definitions; `--check` fails when it is not what they say. A test runs the check.
import { join } from 'node:path'
import { z } from 'zod'
import { ACTIONS } from '../src/contract/action.ts'
import { ROUTES } from '../src/contract/api/routes.ts'
import type { Route } from '../src/contract/route.ts'

const PATH = join(import.meta.dir, '..', 'docs', 'management-api.md')

const HEAD = `# The management API

Below \`/api/v1\`. This page is written from the endpoint definitions in \`src/contract/api/\` by \`scripts/api-docs.ts\`; the same
definitions validate requests, decide who may send them, and make \`/api/v1/openapi.json\`.

- Sign-in: the session cookie of the console (changes need \`x-csrf-token\`), or a management token as \`Authorization: Bearer pra_…\`.
- Errors are RFC 9457 \`application/problem+json\` with \`code\`, \`detail\` (what to do) and \`request_id\`.
- Lists are \`{object, data, has_more, next_cursor}\`; the next page is \`?after=next_cursor\`.
- Answers with a \`version\` carry it as \`ETag\`. A change with \`If-Match\` is refused with 412 when somebody was faster.
- \`PATCH\` is a JSON Merge Patch: what is left out stays, \`null\` removes. \`POST\` takes \`Idempotency-Key\`.
- Times are RFC 3339 in UTC, money is integer micro-dollars. What \`portreeve.yaml\` holds has \`origin: "file"\` and is read-only here.
- Only secrets in the answers to "create" and "rotate" are ever shown, once.
`

/** The whole page. */
export function apiDocs(): string {
  const byNoun = new Map<string, [string, Route][]>()
  for (const [name, route] of Object.entries(ROUTES) as [string, Route][]) {
    const noun = route.action.split(':')[0] ?? ''
    byNoun.set(noun, [...(byNoun.get(noun) ?? []), [name, route]])
  }
  const sections = [...byNoun].map(
    ([noun, routes]) => `## ${noun}\n\n${routes.map(([name, route]) => describe(name, route)).join('\n')}`,
  )
  return `${HEAD}\n${sections.join('\n')}`
}

function describe(name: string, route: Route): string {
  const least = ACTIONS[route.action]
  const lines = [
    `### ${route.method} ${route.path}`,
    '',
    `${route.summary}. \`${name}\`, action \`${route.action}\` (${least === 'anyone' || least === 'signed-in' ? least : `${least} or above`}).`,
  ]
  if (route.about) lines.push('', route.about)
  lines.push('')
  if (route.query) lines.push(`- query: ${fields(route.query, 'input')}`)
  if (route.body) lines.push(`- body${route.merge ? ' (merge patch)' : ''}: ${fields(route.body, 'input')}`)
  const produces = { json: '', csv: 'CSV, streamed', events: 'server-sent events' }[route.produces ?? 'json']
  const result = route.result && fields(route.result, 'output')
  const answer = produces && result ? `${produces}; each \`data\`: ${result}` : produces || result || 'nothing (204)'
  lines.push(`- answer${route.status ? ` (${route.status})` : ''}: ${answer}`, '')
  return lines.join('\n')
}

type Schema = {
  type?: string | string[]
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  anyOf?: Schema[]
  oneOf?: Schema[]
  enum?: unknown[]
  const?: unknown
  additionalProperties?: Schema | boolean
}

function fields(schema: z.ZodType, io: 'input' | 'output'): string {
  return `\`${short(z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Schema, 0)}\``
}

/** A schema in the way TypeScript would say it, two levels deep. */
function short(schema: Schema, depth: number): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join('|')
  const choices = schema.anyOf ?? schema.oneOf
  if (choices) return [...new Set(choices.map((choice) => short(choice, depth)))].join('|')
  if (schema.items) return `${short(schema.items, depth)}[]`
  if (schema.properties) {
    if (depth > 2) return '{…}'
    const required = new Set(schema.required)
    return `{ ${Object.entries(schema.properties)
      .map(([name, field]) => `${name}${required.has(name) ? '' : '?'}: ${short(field, depth + 1)}`)
      .join(', ')} }`
  }
  if (typeof schema.additionalProperties === 'object')
    return `{ [name]: ${short(schema.additionalProperties, depth + 1)} }`
  return Array.isArray(schema.type) ? schema.type.join('|') : (schema.type ?? 'any')
}

if (import.meta.main) {
  if (!process.argv.includes('--check')) await Bun.write(PATH, apiDocs())
  else if ((await Bun.file(PATH).text()) !== apiDocs()) {
    console.error('docs/management-api.md is not what the endpoints say: run "bun scripts/api-docs.ts".')
    process.exit(1)
  }
}
