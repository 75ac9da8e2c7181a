import { createServer, type Server, type Socket } from 'node:net'

/** How a receiver of messages can fail whoever sends them. */
export const BAD_RECEIVERS = {
  'refuses connections': undefined,
  'never answers': () => {},
  'resets the connection': (socket: Socket) => void socket.resetAndDestroy(),
  'answers what is no HTTP': (socket: Socket) => void socket.end('\0\xff nonsense\r\n\r\n\r\n'),
  'answers what was not agreed': (socket: Socket) => void socket.end(http('200 OK', '{"action":["dance"]}')),
  'answers no JSON': (socket: Socket) => void socket.end(http('200 OK', '<html>')),
  'answers 500': (socket: Socket) => void socket.end(http('500 Oh', '{}')),
  'sends elsewhere': (socket: Socket) => void socket.end(http('302 Found', '', 'location: /again\r\n')),
  'never ends its headers': (socket: Socket) => drip(socket, 'HTTP/1.1 200 OK\r\nx-slow: ', 'x'),
  'never ends its answer': (socket: Socket) => {
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
    const piece = `40000\r\n${'x'.repeat(0x4_00_00)}\r\n`
    const more = () => {
      while (!socket.destroyed && socket.write(piece));
    }
    socket.on('drain', more)
    more()
  },
  'never ends its refusal': (socket: Socket) =>
    drip(socket, 'HTTP/1.1 503 No\r\ntransfer-encoding: chunked\r\n\r\n', '1\r\nx\r\n'),
} as const satisfies Record<string, ((socket: Socket) => void) | undefined>

export type BadReceiver = keyof typeof BAD_RECEIVERS

function http(status: string, body: string, more = ''): string {
  return `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\n${more}content-length: ${body.length}\r\n\r\n${body}`
}

function drip(socket: Socket, head: string, piece: string): void {
  socket.write(head)
  const timer = setInterval(() => void socket.write(piece), 20)
  socket.on('close', () => clearInterval(timer))
}

/** A receiver that fails in one way. */
export async function openBadReceiver(how: BadReceiver) {
  const answer: ((socket: Socket) => void) | undefined = BAD_RECEIVERS[how]
  const sockets = new Set<Socket>()
  const asked = { times: 0 }
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.once('data', () => {
      asked.times++
      answer?.(socket)
    })
  })
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
  })
  // Nobody listens at a port that was just free.
  if (!answer) server.close()
  return {
    url: `http://127.0.0.1:${port}/`,
    asked,
    /** Connections that the sender still holds. */
    open: () => sockets.size,
    close() {
      if (answer) server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
