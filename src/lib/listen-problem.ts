/** Why a socket could not listen, in words; what the system says where it is none of the usual reasons. */
export function listenProblem(error: unknown): string {
  const { code, message } = error as { readonly code?: string; readonly message?: string }
  return WORDS[code ?? ''] ?? `${message ?? String(error)}${code && !message?.includes(code) ? ` (${code})` : ''}`
}

const WORDS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there',
  EADDRNOTAVAIL: 'this machine does not have that address',
  EACCES: 'this user may not listen on that port',
}
