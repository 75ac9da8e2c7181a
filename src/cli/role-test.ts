import { runCases } from '../ecs/cases.ts'
import { parseDocument } from '../ecs/document.ts'
import type { Input } from './command.ts'
import { readUserFile } from './files.ts'
import type { Io } from './io.ts'
import { shownName } from './role-input.ts'

export async function runRoleTest(input: Input, io: Io): Promise<number> {
  const path = input.positionals[0] ?? '-'
  const what = shownName(path)
  const results = runCases(parseDocument(await readUserFile(path, io), what).value, what, new Date().toISOString())
  const failed = results.filter((result) => !result.passed).length
  const passed = results.length - failed
  if (input.json) {
    io.out(`${JSON.stringify({ passed, failed, results: results.map(summaryOf) })}\n`)
    return failed > 0 ? 1 : 0
  }
  for (const { id, passed: good, differences, preflight } of results) {
    const outcome =
      preflight?.ok === false
        ? `fails at ${preflight.failingStep}`
        : preflight?.failingStep === undefined
          ? 'starts'
          : `starts, ${preflight.failingStep} degraded`
    io.out(good ? `ok    ${id}  ${outcome}\n` : `FAIL  ${id}  ${differences.join('; ')}\n`)
  }
  io.out(`${passed} passed, ${failed} failed\n`)
  return failed > 0 ? 1 : 0
}

function summaryOf({ id, passed, differences, preflight }: ReturnType<typeof runCases>[number]) {
  return {
    id,
    passed,
    differences,
    ...(preflight
      ? {
          ok: preflight.ok,
          failingStep: preflight.failingStep ?? null,
          missingActions: preflight.missingActions,
          stoppedReason: preflight.stoppedReason ?? null,
          warnings: preflight.warnings,
        }
      : {}),
  }
}
