// Reading a portreeve.yaml takes all schemas and the parser of YAML: more code than the rest of a start. So it is loaded where a file is
// read, and by a process that serves calls in a thread that ends with it: every pause of the garbage collector grows with what is loaded.
import type { ConfigurationText } from './configuration-text.ts'
import type { Finding } from './finding.ts'
import type { ReferenceScope } from './reference.ts'

/** What can be asked of the text of a file. Both are pure: see `readConfigurationText` and `locate`. */
export type TextReader = {
  readonly read: (text: string, file: string, scope: ReferenceScope) => Promise<ConfigurationText>
  readonly locate: (
    text: string,
    file: string,
    findings: readonly { readonly place: string; readonly message: string }[],
  ) => Promise<Finding[]>
}

/** For commands and tests. */
export const readerHere: TextReader = {
  read: async (...asked) => (await import('./configuration-text.ts')).readConfigurationText(...asked),
  locate: async (...asked) => (await import('./locate.ts')).locate(...asked),
}

/** What the thread is sent, and what it answers. */
export type TextQuestion =
  { readonly read: Parameters<TextReader['read']> } | { readonly locate: Parameters<TextReader['locate']> }
export type TextAnswer = { readonly answer: unknown } | { readonly error: unknown }

/** For a process that serves calls. A thread that cannot work rejects with what it says. */
export const readerInThread: TextReader = {
  read: (...read) => askThread({ read }) as Promise<ConfigurationText>,
  locate: (...locate) => askThread({ locate }) as Promise<Finding[]>,
}

function askThread(question: TextQuestion): Promise<unknown> {
  const thread = new Worker(new URL('./read-text-worker.ts', import.meta.url))
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  thread.onmessage = ({ data }: MessageEvent<TextAnswer>) =>
    'answer' in data ? resolve(data.answer) : reject(data.error)
  thread.onerror = (event) => reject(new Error(`the thread that reads the configuration stopped: ${event.message}`))
  thread.postMessage(question)
  return promise.finally(() => thread.terminate())
}
