import { AppError } from '../errors.ts'

/** Reads a request's body whole, at most `limit` bytes. Throws `body_too_large`, and `client_closed` when the client leaves. */
export async function readBody(request: Request, limit: number): Promise<Uint8Array> {
  const declared = request.headers.get('content-length')
  if (declared !== null && Number(declared) > limit) throw tooLarge(limit)
  if (declared === null && request.body) return readUnmeasured(request.body, limit)
  try {
    return await request.bytes()
  } catch (error) {
    throw new AppError('client_closed', 'the client left before its request was whole', {}, error)
  }
}

/** A body that names no length may grow without end: it is counted while it is read. */
async function readUnmeasured(stream: ReadableStream<Uint8Array>, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stream) {
    size += chunk.length
    if (size > limit) throw tooLarge(limit)
    chunks.push(chunk)
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
}

function tooLarge(limit: number): AppError {
  return new AppError(
    'body_too_large',
    `the request body is larger than ${Math.floor(limit / 1024 / 1024)} MiB: send less, or raise max_body_bytes`,
  )
}
