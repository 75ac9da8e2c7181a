import { z } from 'zod'
import { AuditEvent, SettingsView } from '../contract/api/settings.ts'
import { AliasView } from '../contract/api/aliases.ts'
import { Call, CallDetail } from '../contract/api/calls.ts'
import { KeyView } from '../contract/api/keys.ts'
import { ModelView, Price, PriceView } from '../contract/api/models.ts'
import { Attention, Overview, Totals } from '../contract/api/overview.ts'
import { Me, SessionView, User } from '../contract/api/people.ts'
import { ProviderTest, ProviderView, RegistryEntry } from '../contract/api/providers.ts'
import { ROUTES } from '../contract/api/routes.ts'
import { BudgetView, GuardView, LimitView } from '../contract/api/rules.ts'
import { TokenView } from '../contract/api/tokens.ts'
import { ACTIONS } from '../contract/action.ts'
import { Alias } from '../contract/alias.ts'
import { TokenUsage } from '../contract/call.ts'
import { Problem } from '../contract/problem.ts'
import { Provider } from '../contract/provider.ts'
import type { Route } from '../contract/route.ts'
import { version } from '../lib/version.ts'

/** Schemas that get a name of their own in the document. */
const NAMED = {
  Alias,
  AliasView,
  Attention,
  AuditEvent,
  BudgetView,
  Call,
  CallDetail,
  GuardView,
  KeyView,
  LimitView,
  Me,
  ModelView,
  Overview,
  Price,
  PriceView,
  Problem,
  Provider,
  ProviderTest,
  ProviderView,
  RegistryEntry,
  SessionView,
  SettingsView,
  TokenUsage,
  TokenView,
  Totals,
  User,
}

type Json = Record<string, unknown>

let printed: string | undefined

/** The document as JSON, made once. */
export function openApi(): string {
  printed ??= JSON.stringify(openApiDocument())
  return printed
}

/** OpenAPI 3.1 of every endpoint, from the schemas that validate. */
export function openApiDocument(): Json {
  const names = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries(NAMED)) names.add(schema, { id })
  const components: Record<string, unknown> = {}
  const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): Json => {
    const made = z.toJSONSchema(schema, { io, metadata: names, unrepresentable: 'any' }) as Json
    const { $schema: _dialect, $defs, ...rest } = made
    const suffix = io === 'input' ? 'Input' : ''
    for (const [name, definition] of Object.entries(($defs ?? {}) as Record<string, Json>)) {
      components[name + suffix] ??= renamed(definition, suffix)
    }
    const { id } = rest
    if (typeof id !== 'string' || !(id in NAMED)) return renamed(rest, suffix)
    components[id + suffix] ??= renamed(rest, suffix)
    return { $ref: `#/components/schemas/${id}${suffix}` }
  }
  const problem = {
    description: 'What was wrong, and what to do',
    content: { 'application/problem+json': { schema: schemaOf(Problem, 'output') } },
  }
  const paths: Record<string, Json> = {}
  for (const [name, route] of Object.entries(ROUTES) as [string, Route][]) {
    const operations = (paths[route.path] ??= {})
    operations[route.method.toLowerCase()] = operationOf(name, route, schemaOf, problem)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Portreeve management API',
      version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description:
        'Lists are paged by cursor. Answers that carry an ETag take it as If-Match with a change. POST takes Idempotency-Key. Times are RFC 3339 in UTC; money is integer micro-dollars.',
    },
    servers: [{ url: '/api/v1' }],
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'A management token (pra_…).' },
        session: { type: 'apiKey', in: 'cookie', name: 'portreeve_session' },
      },
      schemas: Object.fromEntries(Object.entries(components).toSorted(([a], [b]) => (a < b ? -1 : 1))),
    },
  }
}

function operationOf(
  name: string,
  route: Route,
  schemaOf: (schema: z.ZodType, io: 'input' | 'output') => Json,
  problem: Json,
): Json {
  const noun = route.action.split(':')[0]
  const parameters = [
    ...Object.entries(route.params?.shape ?? {}).map(([field, schema]) => ({
      name: field,
      in: 'path',
      required: true,
      schema: schemaOf(schema as z.ZodType, 'input'),
    })),
    ...Object.entries(route.query?.shape ?? {}).map(([field, schema]) => ({
      name: field,
      in: 'query',
      required: false,
      schema: schemaOf(schema as z.ZodType, 'input'),
    })),
    ...(route.versioned && route.method !== 'GET'
      ? [{ name: 'If-Match', in: 'header', required: false, schema: { type: 'string' } }]
      : []),
    ...(route.method === 'POST'
      ? [{ name: 'Idempotency-Key', in: 'header', required: false, schema: { type: 'string', maxLength: 255 } }]
      : []),
  ]
  const types = { json: 'application/json', csv: 'text/csv', events: 'text/event-stream' }
  const produces = route.produces ?? 'json'
  const content = route.result
    ? { [types[produces]]: { schema: schemaOf(route.result, 'output') } }
    : produces === 'csv'
      ? { 'text/csv': { schema: { type: 'string' } } }
      : undefined
  const least = ACTIONS[route.action]
  return {
    operationId: name,
    tags: [noun],
    summary: route.summary,
    description: [
      route.about,
      least === 'anyone'
        ? 'Needs no sign-in.'
        : `Action \`${route.action}\`: ${least === 'signed-in' ? 'whoever is signed in' : `role ${least} or above`}.`,
    ]
      .filter(Boolean)
      .join(' '),
    ...(least === 'anyone' && { security: [] }),
    ...(parameters.length > 0 && { parameters }),
    ...(route.body && {
      requestBody: {
        required: true,
        content: {
          [route.merge ? 'application/merge-patch+json' : 'application/json']: {
            schema: schemaOf(route.body, 'input'),
          },
        },
      },
    }),
    responses: {
      [content ? String(route.status ?? 200) : '204']: {
        description: content ? 'Done' : 'Done; no content',
        ...(content && { content }),
      },
      default: problem,
    },
  }
}

/** Points references at the components of the document, and takes the registry's own marks off. */
function renamed(value: unknown, suffix: string): Json {
  return JSON.parse(JSON.stringify(value), (key, item: unknown) => {
    if (key === '$ref' && typeof item === 'string')
      return item.replace(/^#\/\$defs\/(.+)$/, `#/components/schemas/$1${suffix}`)
    if (key === 'id' && typeof item === 'string' && item in NAMED) return undefined
    return item
  }) as Json
}
