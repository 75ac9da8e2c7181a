/** What names the address and the port in the place where they are set. */
export type ListenFlags = { readonly host: string; readonly port: string }

/** Why a socket could not listen and what to do about it, in words; what the system says where it is none of the usual reasons. */
export function listenProblem(error: unknown, { host, port }: ListenFlags): string {
  const { code, message } = error as { readonly code?: string; readonly message?: string }
  const another = `Choose another with ${port}`
  switch (code) {
    case 'EADDRINUSE':
      return `another program listens there. ${another}, or stop what uses it.`
    case 'EACCES':
      return `this user may not listen on that port. ${another}; those from 1024 on are free to all.`
    // The name leads to no address; where it is asked for in the listening itself, without a code or with the second one.
    case undefined:
    case 'EINVAL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EADDRNOTAVAIL':
      return `this machine does not have that address. Choose another with ${host}, as 127.0.0.1, or 0.0.0.0 for all of its own.`
    default:
      return `${message ?? String(error)}${message?.includes(code) ? '' : ` (${code})`}. ${another} or ${host}.`
  }
}
