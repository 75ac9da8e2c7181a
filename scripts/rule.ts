import { Glob } from 'bun'
import { join } from 'node:path'

/** A rule of the repository: what it reads, and what it finds wrong in one file, in words. */
export type Rule = {
  readonly name: string
  readonly files: string
  readonly skip?: RegExp
  /** Fewer files than this means that the rule looked in the wrong place, which is a failure too. */
  readonly atLeast: number
  readonly find: (path: string, text: string) => string[]
}

const HIDDEN = /(^|\/)(node_modules|dist|\.cache|\.git|generated|portreeve-data)\//

/** Reads every file of the rule and resolves to what it found; throws when it looked at next to nothing. */
export async function findingsOf(
  rule: Rule,
  root = join(import.meta.dir, '..'),
): Promise<{ files: number; found: string[] }> {
  const paths = [...new Glob(rule.files).scanSync({ cwd: root, dot: true })].filter(
    (path) => !HIDDEN.test(path) && !rule.skip?.test(path),
  )
  if (paths.length < rule.atLeast)
    throw new Error(`${rule.name} looked at ${paths.length} files: run it in the repository`)
  const found = await Promise.all(paths.map(async (path) => rule.find(path, await Bun.file(join(root, path)).text())))
  return { files: paths.length, found: found.flat().sort() }
}

/** Runs the rule as a script: prints what it found and exits with 1 if that is anything. */
export async function runRule(rule: Rule): Promise<never> {
  const { files, found } = await findingsOf(rule)
  for (const line of found) console.error(line)
  console.log(`${rule.name}: ${files} files, ${found.length} findings`)
  process.exit(found.length ? 1 : 0)
}

/** Each line that the pattern matches, with its place. */
export function linesMatching(path: string, text: string, pattern: RegExp, says: (match: string) => string): string[] {
  return text.split('\n').flatMap((line, index) => {
    const match = pattern.exec(line)
    return match ? [`${path}:${index + 1}: ${says(match[0])}`] : []
  })
}
