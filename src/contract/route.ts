import type { z } from 'zod'
import type { Action } from './action.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** What an endpoint's successful answer is made of. `json` without a `result` schema is 204 without a body. */
export type Produces = 'json' | 'csv' | 'events'

/**
 * One endpoint of the management API. The same definition binds and validates requests, decides authorisation, prints OpenAPI and
 * `docs/management-api.md`, and types the console's and the command line's client. `path` is below `/api/v1`, parameters in braces.
 */
export type Route = {
  readonly method: Method
  readonly path: `/${string}`
  readonly action: Action
  readonly summary: string
  readonly about?: string
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
  readonly result?: z.ZodType
  readonly produces?: Produces
  /** Bytes; what is larger than 6 MB must say so. */
  readonly largestBody?: number
  /** 200 unless said: 201 for what creates, 202 for what goes on afterwards. */
  readonly status?: 200 | 201 | 202
  /** The answer carries an ETag, and `If-Match` refuses a change to what somebody else changed meanwhile (412). */
  readonly versioned?: boolean
  /** The body is a JSON Merge Patch (RFC 7396): fields left out stay, null removes. */
  readonly merge?: boolean
}

/** Defines an endpoint and keeps its exact type. */
export function route<const R extends Route>(definition: R): R {
  return definition
}

type InputPart<R, Name extends 'params' | 'query' | 'body'> =
  R extends Record<Name, infer S extends z.ZodType>
    ? Partial<z.input<S>> extends z.input<S>
      ? { readonly [N in Name]?: z.input<S> }
      : { readonly [N in Name]: z.input<S> }
    : unknown

/** What a client passes: `{ params?, query?, body? }`, each there only if the endpoint takes it. */
export type RouteInput<R extends Route> = InputPart<R, 'params'> & InputPart<R, 'query'> & InputPart<R, 'body'>

type ValuePart<R, Name extends 'params' | 'query' | 'body'> =
  R extends Record<Name, infer S extends z.ZodType> ? { readonly [N in Name]: z.output<S> } : unknown

/** What a handler receives: the same parts, validated and with their defaults. */
export type RouteValue<R extends Route> = ValuePart<R, 'params'> & ValuePart<R, 'query'> & ValuePart<R, 'body'>

/** What the endpoint answers; undefined where it answers 204. */
export type RouteResult<R extends Route> = R extends { readonly result: infer S extends z.ZodType }
  ? z.output<S>
  : undefined
