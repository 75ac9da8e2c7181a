// The server starts no other program and runs no text as code.
import { linesMatching, runRule, type Rule } from './rule.ts'

const UNSAFE =
  /\bchild_process\b|\bBun\.(spawn|spawnSync|\$)|(?<![.#\w]|async )eval\s*\(|\bnew Function\s*\(|['"](node:)?vm['"]|\bBun\.plugin\b|dangerouslySetInnerHTML/

/** Files that may, each with its reason. */
const EXCEPT: Readonly<Record<string, string>> = {
  'src/quota/redis.ts': 'its eval is the Redis command: Lua of this program, run by the server',
  'src/http/console-files.ts':
    'builds the console of a checkout once, with the project’s own script; the executable holds it built',
  'src/app/workers.ts': 'starts gateway processes: copies of the running executable, without a shell',
}

export const unsafe: Rule = {
  name: 'unsafe calls',
  files: '{src,console}/**/*.{ts,tsx}',
  skip: /\.test\.tsx?$/,
  atLeast: 20,
  find: (path, text) =>
    path in EXCEPT ? [] : linesMatching(path, text, UNSAFE, (match) => `${match.trim()} has no place in the server`),
}

if (import.meta.main) await runRule(unsafe)
