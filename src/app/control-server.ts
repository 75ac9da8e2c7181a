import { AppError } from '../errors.ts'
import { listenProblem } from '../lib/listen-problem.ts'
import type { ControlHandler, Peer } from '../http/server.ts'

export type ControlServer = { readonly port: number; readonly stop: () => void }

/** Header in which a gateway process says who called it; it counts on the socket between processes only. */
export const PEER_HEADER = 'x-portreeve-peer'

/** What the handler must know of a client whose address is known otherwise; empty and null where it is not. */
export function peerAt(address: string | null): Peer {
  return { requestIP: () => (address ? { address } : null) }
}

/** A listener for management and console alone, on an address of its own. Throws `conflict` when it is taken. */
export function listenControl(hostname: string, port: number, handle: ControlHandler): ControlServer {
  try {
    const server = Bun.serve({ hostname, port, idleTimeout: 75, fetch: (request, server) => handle(request, server) })
    return { port: server.port ?? port, stop: () => void server.stop(true) }
  } catch (error) {
    throw new AppError(
      'conflict',
      `the management API cannot listen on ${hostname}:${port}: ${listenProblem(error, { host: '--admin-host', port: '--admin-port' })}`,
      { field: '--admin-port' },
      error,
    )
  }
}

/**
 * The gateway process that asks keeps the time: this end would cut a stream that waits for news after ten quiet seconds. Bun obeys the
 * setting on such a socket too, though its types do not have it there.
 */
const PATIENT: object = { idleTimeout: 0 }

/** The socket to which gateway processes pass on what is no call. Only processes of the same user reach it. */
export function listenForWorkers(unix: string, handle: ControlHandler): ControlServer {
  const server = Bun.serve({
    unix,
    ...PATIENT,
    fetch: (request) => {
      return handle(request, peerAt(request.headers.get(PEER_HEADER)))
    },
  })
  return { port: 0, stop: () => void server.stop(true) }
}
