import { expect, test } from 'bun:test'
import { asMarkdown, asText, median, spread, verdicts, type Table } from './report.ts'

test.each([
  [[3], 3, 0],
  [[3, 1, 2], 2, 0.5],
  [[4, 1, 2, 3], 2.5, 0.6],
  [[0, 0], 0, 0],
])('%j: median %d, spread %d', (values, middle, width) => {
  expect(median(values)).toBe(middle)
  expect(spread(values)).toBe(width)
})

const table: Table = {
  scenario: {
    id: 'x',
    title: 'A scenario',
    contenders: [],
    columns: [{ id: 'cpu', title: 'CPU', unit: 'µs', digits: 1 }],
    rounds: 3,
    measure: () => Promise.resolve({}),
    goals: [
      { says: 'twice at most', value: (of) => of('b', 'cpu') / of('a', 'cpu'), unit: '×', atMost: 2 },
      { says: 'three times at least', value: (of) => of('b', 'cpu') / of('a', 'cpu'), unit: '×', atLeast: 3 },
      { says: 'never measured', value: (of) => of('c', 'cpu'), unit: ' ms', atMost: 3 },
    ],
  },
  rows: [
    { contender: 'a', title: 'A', rounds: [{ cpu: 10 }, { cpu: 11 }, { cpu: 9 }] },
    { contender: 'b', title: 'B', rounds: [{ cpu: 20 }] },
  ],
}

test('goals are judged on medians, and what was not measured misses', () => {
  expect(verdicts(table).map(({ ok, value }) => [ok, value])).toEqual([
    [true, '2.00×'],
    [false, '2.00×'],
    [false, 'not measured'],
  ])
})

test('the terminal and the file say the same', () => {
  expect(asText(table)).toMatchInlineSnapshot(`
    "A scenario
                CPU
    A  10.0 µs ±10%
    B       20.0 µs
    ok      twice at most: 2.00× (at most 2×)
    MISSED  three times at least: 2.00× (at least 3×)
    MISSED  never measured: not measured (at most 3 ms)"
  `)
  expect(asMarkdown(table)).toMatchInlineSnapshot(`
    "## A scenario

    |  | CPU |
    | --- | --- |
    | A | 10.0 µs ±10% |
    | B | 20.0 µs |

    - ok: twice at most: 2.00× (at most 2×)
    - **MISSED**: three times at least: 2.00× (at least 3×)
    - **MISSED**: never measured: not measured (at most 3 ms)
    "
  `)
})
