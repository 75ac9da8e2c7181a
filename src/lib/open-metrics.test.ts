import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { readOpenMetrics } from '../../test/helpers/open-metrics.ts'
import { labelValue, metricsFormat, renderMetrics, type MetricFamily } from './open-metrics.ts'

const CASES: [string, MetricFamily, string, string][] = [
  [
    'a counter',
    { name: 'a_seconds', type: 'counter', unit: 'seconds', help: 'Time.', samples: [{ labels: {}, value: 1.5 }] },
    '# TYPE a_seconds counter\n# UNIT a_seconds seconds\n# HELP a_seconds Time.\na_seconds_total 1.5\n',
    '# TYPE a_seconds_total counter\n# HELP a_seconds_total Time.\na_seconds_total 1.5\n',
  ],
  [
    'a gauge with labels, of which one is empty',
    { name: 'g', type: 'gauge', help: 'x', samples: [{ labels: { one: '1', none: '', two: '2' }, value: -3 }] },
    '# TYPE g gauge\n# HELP g x\ng{one="1",two="2"} -3\n',
    '# TYPE g gauge\n# HELP g x\ng{one="1",two="2"} -3\n',
  ],
  [
    'what must be escaped',
    { name: 'g', type: 'gauge', help: 'a "b"\\\n', samples: [{ labels: { l: 'a "b"\\\n' }, value: '0.000001' }] },
    '# TYPE g gauge\n# HELP g a \\"b\\"\\\\\\n\ng{l="a \\"b\\"\\\\\\n"} 0.000001\n',
    '# TYPE g gauge\n# HELP g a "b"\\\\\\n\ng{l="a \\"b\\"\\\\\\n"} 0.000001\n',
  ],
  [
    'an info',
    { name: 'build', type: 'info', help: 'x', samples: [{ labels: { version: '1' }, value: 1 }] },
    '# TYPE build info\n# HELP build x\nbuild_info{version="1"} 1\n',
    '# TYPE build_info gauge\n# HELP build_info x\nbuild_info{version="1"} 1\n',
  ],
  [
    'a histogram',
    {
      name: 'h',
      type: 'histogram',
      help: 'x',
      bounds: [0.5, 1],
      samples: [{ labels: { l: 'v' }, counts: [2, 0, 1], sum: 4.5 }],
    },
    '# TYPE h histogram\n# HELP h x\nh_bucket{l="v",le="0.5"} 2\nh_bucket{l="v",le="1.0"} 2\nh_bucket{l="v",le="+Inf"} 3\nh_count{l="v"} 3\nh_sum{l="v"} 4.5\n',
    '# TYPE h histogram\n# HELP h x\nh_bucket{l="v",le="0.5"} 2\nh_bucket{l="v",le="1.0"} 2\nh_bucket{l="v",le="+Inf"} 3\nh_count{l="v"} 3\nh_sum{l="v"} 4.5\n',
  ],
]

test.each(CASES)('%s', (_, family, openmetrics, prometheus) => {
  expect(renderMetrics([family], 'openmetrics')).toBe(`${openmetrics}# EOF\n`)
  expect(renderMetrics([family], 'prometheus')).toBe(prometheus)
  expect(readOpenMetrics(`${openmetrics}# EOF\n`)).toHaveLength(1)
})

test('whatever a label says is read as it was meant', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', '"', '\\', '\n', '{', '}', ',', '=', '€', ' '),
    minLength: 1,
    maxLength: 30,
  })
  fc.assert(
    fc.property(text, text, (help, label) => {
      const family: MetricFamily = { name: 'g', type: 'gauge', help, samples: [{ labels: { label }, value: 1 }] }
      const [read] = readOpenMetrics(renderMetrics([family], 'openmetrics'))
      return read!.help === help && read!.samples[0]!.labels['label'] === label
    }),
  )
})

test('a long value is cut, and half a character is none', () => {
  expect(labelValue(`\ud800${'x'.repeat(500)}`)).toBe(`\ufffd${'x'.repeat(199)}…`)
})

const PROMETHEUS_3 =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2'

describe('the format that is sent to a client who accepts', () => {
  test.each([
    [null, 'openmetrics'],
    ['*/*', 'openmetrics'],
    [PROMETHEUS_3, 'openmetrics'],
    ['text/plain;version=0.0.4', 'prometheus'],
    ['text/plain, application/openmetrics-text;q=0.1', 'prometheus'],
    ['text/plain;q=0.5, application/openmetrics-text;version=1.0.0', 'openmetrics'],
    ['text/html, */*;q=0.8', 'openmetrics'],
    ['application/openmetrics-text;q=nonsense, text/plain', 'prometheus'],
  ])('%p: %s', (accept, format) => expect(metricsFormat(accept)).toBe(format as 'prometheus'))
})
