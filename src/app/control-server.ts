import { AppError } from '../errors.ts'
import { splitTarget } from '../gateway/listen.ts'
import type { ServerOptions } from '../gateway/server.ts'

export type ControlServer = { readonly port: number; readonly stop: () => void }

/** A listener for management and console alone: on an address of its own, or on the socket to which workers pass on what is no call. */
export function listenControl(
  where: { readonly hostname: string; readonly port: number } | { readonly unix: string },
  handle: NonNullable<ServerOptions['rest']>,
): ControlServer {
  const fetch = (request: Request): Promise<Response> | Response => {
    const target = splitTarget(request)
    if (!target) return new Response('bad request target\n', { status: 400 })
    return handle(request, target.path, target.query) ?? new Response('not found\n', { status: 404 })
  }
  try {
    const server =
      'unix' in where ? Bun.serve({ unix: where.unix, fetch }) : Bun.serve({ ...where, fetch, idleTimeout: 75 })
    return { port: server.port ?? 0, stop: () => void server.stop(true) }
  } catch (error) {
    throw new AppError(
      'conflict',
      `the management API cannot listen: ${error instanceof Error ? error.message : String(error)}. Choose another with --admin-port.`,
      { field: '--admin-port' },
      error,
    )
  }
}
