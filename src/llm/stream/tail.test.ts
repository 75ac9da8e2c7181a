import * as fc from 'fast-check'
import { expect, test } from 'bun:test'
import { Tail } from './tail.ts'

const KIB = 1024
/** Bytes that tell their place. */
const whole = Uint8Array.from({ length: 300 * KIB }, (_, at) => (at * 31 + (at >> 8)) & 255)

const SIZES = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.integer({ min: 1, max: 400 }),
  fc.integer({ min: 900, max: 1200 }),
  fc.integer({ min: 2000, max: 80 * KIB }),
)

test('both ends are kept however the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(SIZES, { maxLength: 12 }), fc.nat(400), (sizes, turns) => {
      const tail = new Tail()
      let at = 0
      for (let turn = 0; turn < Math.max(sizes.length, turns) && sizes.length > 0; turn++) {
        const end = Math.min(whole.length, at + sizes[turn % sizes.length]!)
        tail.push(whole.subarray(at, end))
        at = end
      }
      const sent = whole.subarray(0, at)
      expect(tail.total).toBe(at)
      expect(Buffer.compare(tail.head(), sent.subarray(0, 4 * KIB))).toBe(0)
      const kept = tail.tail()
      expect(kept.length).toBeGreaterThanOrEqual(Math.min(at, 32 * KIB))
      expect(kept.length).toBeLessThanOrEqual(64 * KIB)
      expect(Buffer.compare(kept, sent.subarray(at - kept.length))).toBe(0)
    }),
    { numRuns: 300 },
  )
})

test('what two tails keep does not mix', () => {
  const [one, two] = [new Tail(), new Tail()]
  one.push(Buffer.from('one'))
  two.push(Buffer.from('second'))
  expect([one.tail().toString(), two.tail().toString(), one.head().toString()]).toEqual(['one', 'second', 'one'])
})
