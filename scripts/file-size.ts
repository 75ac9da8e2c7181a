// No source file above 400 lines: a longer one has more than one subject. Data and generated files are exempt.
import { Glob } from 'bun'
import { join } from 'node:path'

const LIMIT = 400
const root = join(import.meta.dir, '..')
const files = [...new Glob('{src,console,scripts,bench,test}/**/*.{ts,tsx,mjs}').scanSync(root)].filter(
  (path) => !path.includes('generated') && !/\.test\.tsx?$/.test(path),
)
if (files.length < 5) throw new Error('file-size looked at nothing: run it in the repository')
let long = 0
for (const path of files) {
  const lines = (await Bun.file(join(root, path)).text()).split('\n').length - 1
  if (lines <= LIMIT) continue
  console.error(`${path}: ${lines} lines, at most ${LIMIT}`)
  long++
}
console.log(`file size: ${files.length} files, ${long} too long`)
process.exit(long ? 1 : 0)
