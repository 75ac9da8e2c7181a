import { expect, test } from 'bun:test'
import { type Finding, FINDING_FORMATS, renderFindings, sortFindings } from './findings.ts'

const findings: readonly Finding[] = sortFindings([
  {
    id: 'b-warning',
    severity: 'warning',
    file: 'my role.json',
    place: undefined,
    reason: 'It is 100% odd.',
    remedy: 'Change it,\nplease.',
    link: undefined,
  },
  {
    id: 'an-error',
    severity: 'error',
    file: 'my role.json',
    place: { line: 3, column: 9 },
    reason: 'It grants nothing.',
    remedy: 'Use "*".',
    link: 'https://example.com/why',
  },
])

test.each(FINDING_FORMATS)('findings as %s', (format) => {
  expect(renderFindings(findings, format, '1.2.3')).toMatchSnapshot()
})

test('no findings', () => {
  expect(renderFindings([], 'text', '1.2.3')).toBe('0 errors, 0 warnings, 0 info\n')
  expect(renderFindings([], 'github', '1.2.3')).toBe('')
})
