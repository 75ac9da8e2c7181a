// Every runtime dependency stands in docs/dependencies.md with its licence, owner and reason, and every line there is one.
import { join } from 'node:path'

type Manifest = { dependencies?: Record<string, string> }

/** Licences that an Apache-2.0 product may ship; OFL is the fonts'. */
const PERMISSIVE = /^(MIT|MIT-0|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0|BlueOak-1\.0\.0|Unlicense|OFL-1\.1|CC0-1\.0)$/

/** Rows of the table: package → its cells. */
export function listed(markdown: string): Map<string, string[]> {
  const rows = markdown.matchAll(/^\| *`([^`]+)` *\|(.*)\|\s*$/gm)
  return new Map([...rows].map(([, name = '', rest = '']) => [name, rest.split('|').map((cell) => cell.trim())]))
}

/** What is wrong between manifest and page, in words. `licenceOf` is what the installed package says. */
export function differences(manifest: Manifest, markdown: string, licenceOf: (name: string) => string): string[] {
  const rows = listed(markdown)
  const names = Object.keys(manifest.dependencies ?? {})
  if (names.length === 0 || rows.size === 0) throw new Error('check-dependencies looked at nothing')
  const found: string[] = []
  for (const name of names) {
    const [licence = '', owner = '', reason = ''] = rows.get(name) ?? []
    if (!rows.has(name))
      found.push(`${name} is missing in docs/dependencies.md: add its licence, owner folder and reason`)
    else if (!owner || !reason) found.push(`${name} has no owner or no reason in docs/dependencies.md`)
    else if (licence !== licenceOf(name))
      found.push(`${name} says ${licenceOf(name)}, docs/dependencies.md says ${licence}`)
    if (!/^\d+\.\d+\.\d+[\w.-]*$/.test(manifest.dependencies?.[name] ?? '')) found.push(`${name} is not pinned exactly`)
    if (!PERMISSIVE.test(licenceOf(name)))
      found.push(`${name}: ${licenceOf(name)} is not on the list of permissive licences`)
  }
  for (const name of rows.keys()) {
    if (!names.includes(name)) found.push(`${name} stands in docs/dependencies.md but is no runtime dependency`)
  }
  return found
}

if (import.meta.main) {
  const root = join(import.meta.dir, '..')
  const manifest = (await Bun.file(join(root, 'package.json')).json()) as Manifest
  const licences = new Map<string, string>()
  for (const name of Object.keys(manifest.dependencies ?? {})) {
    const installed = (await Bun.file(join(root, 'node_modules', name, 'package.json')).json()) as { license?: string }
    licences.set(name, installed.license ?? 'no licence')
  }
  const page = await Bun.file(join(root, 'docs', 'dependencies.md')).text()
  const found = differences(manifest, page, (name) => licences.get(name) ?? 'no licence')
  for (const line of found) console.error(line)
  console.log(`dependencies: ${licences.size} packages, ${found.length} findings`)
  process.exit(found.length ? 1 : 0)
}
