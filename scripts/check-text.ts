// What may not be committed in any text: paths of somebody's machine, work left for later, narrowed tests.
import { linesMatching, runRule, type Rule } from './rule.ts'

const MACHINE = /(?<![\w.~-])\/(work|root|home\/\w{2,}|Users\/\w{2,})\/[\w.-]+|\b[A-Z]:\\\\?Users\b/
const LATER = /\b(TODO|FIXME|XXX)\b/
const NARROWED = /\b(test|it|describe)\.only\(/

export const text: Rule = {
  name: 'text',
  files: '**/*.{ts,tsx,mjs,md,json,yaml,yml,sh,css,html}',
  skip: /(^|\/)(package-lock\.json|scripts\/(check-text|rules\.test)\.ts)$/,
  atLeast: 20,
  find: (path, content) => [
    ...linesMatching(path, content, MACHINE, (match) => `a path of one machine: ${match}`),
    ...linesMatching(path, content, LATER, (match) => `${match}: finish it, or open an issue`),
    ...linesMatching(path, content, NARROWED, (match) => `${match} runs one test and skips the others`),
  ],
}

if (import.meta.main) await runRule(text)
