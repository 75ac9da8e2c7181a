import { expect, test } from 'bun:test'
import { closest } from './closest.ts'

test.each([
  ['key create', ['keys create', 'keys list'], 'keys create'],
  ['ecr:BatchGetImge', ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'], 'ecr:BatchGetImage'],
  ['prot', ['host', 'port'], 'port'],
  ['ab', ['ba'], 'ba'],
  ['zzz', ['keys create'], undefined],
] as const)('%s → %s', (word, candidates, expected) => {
  expect(closest(word, candidates)).toBe(expected as string)
})
