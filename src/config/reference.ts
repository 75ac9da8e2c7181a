import { readFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'

/** Where references are looked up: the environment and, for relative paths, the folder of the configuration file. */
export type ReferenceScope = {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly folder: string
  /** When a variable that is missing has to be set; before the start of the gateway unless given. */
  readonly whenSet?: string
}

export type Resolved = { readonly value: string } | { readonly missing: string }

const ENVIRONMENT = /^(?:env:|os\.environ\/)(.*)$/
const FILE = /^file:(.*)$/

export function isReference(secret: string): boolean {
  return ENVIRONMENT.test(secret) || FILE.test(secret)
}

/**
 * What `env:NAME`, `os.environ/NAME` or `file:PATH` stands for; anything else stands for itself. A file's last line feed is not part of
 * it. `missing` says in words what to do, and never holds a secret.
 */
export function resolveReference(
  secret: string,
  { env, folder, whenSet = 'before the start' }: ReferenceScope,
): Resolved {
  const name = ENVIRONMENT.exec(secret)?.[1]
  if (name !== undefined) {
    const value = env[name]
    return value ? { value } : { missing: `the environment has no ${name}; set it ${whenSet}` }
  }
  const path = FILE.exec(secret)?.[1]
  if (path === undefined) return { value: secret }
  try {
    const value = readFileSync(isAbsolute(path) ? path : join(folder, path), 'utf8').replace(/\r?\n$/, '')
    return value ? { value } : { missing: `the file ${path} is empty` }
  } catch (error) {
    const { code } = error as { code?: string }
    return { missing: `the file ${path} cannot be read (${code ?? 'unknown reason'})` }
  }
}
