import { expect, test } from 'bun:test'
import { onEveryStore } from '../../test/stores.ts'
import { keysIn, type ApiKeyRow } from './api-key.ts'
import { auditIn } from './audit.ts'
import { idempotentAnswersIn } from './idempotent-answer.ts'
import { tokensIn } from './management-token.ts'
import { invitationsIn, peopleIn, sessionsIn, type PersonRow } from './person.ts'
import { resourcesIn } from './resource.ts'
import { stateIn } from './state.ts'

const key = (id: string, fields: Partial<ApiKeyRow> = {}): ApiKeyRow => ({
  id,
  name: id,
  hash: `hash-${id}`,
  previous_hash: null,
  previous_until: null,
  hint: `prk_live_…${id}`,
  team: null,
  body: '{}',
  expires_at: null,
  revoked_at: null,
  last_used_at: null,
  created_by: null,
  created_at: 1,
  updated_at: 1,
  version: 1,
  ...fields,
})
const person = (id: string, fields: Partial<PersonRow> = {}): PersonRow => ({
  id,
  email: `${id}@example.com`,
  name: id,
  role: 'owner',
  password_hash: 'x',
  created_at: 1,
  updated_at: 1,
  last_seen_at: null,
  version: 1,
  ...fields,
})
const ids = (rows: readonly { id: string }[]) => rows.map(({ id }) => id).join('')

onEveryStore('keys', (store) => {
  test('are found by what people search, newest first', async () => {
    const keys = keysIn(store().db)
    for (const row of [
      key('a', { team: 'web' }),
      key('b', { revoked_at: 5 }),
      key('c', { expires_at: 100 }),
      key('d', { name: '50%_off' }),
    ]) {
      await keys.insert(row)
    }
    const all = { limit: 50, now: 200 }
    expect(ids(await keys.list(all))).toBe('dcba')
    expect(ids(await keys.list({ ...all, limit: 2, after: 'd' }))).toBe('cb')
    expect(ids(await keys.list({ ...all, status: 'active' }))).toBe('da')
    expect(ids(await keys.list({ ...all, status: 'expired' }))).toBe('c')
    expect(ids(await keys.list({ ...all, status: 'revoked' }))).toBe('b')
    expect(ids(await keys.list({ ...all, search: '%_O' }))).toBe('d')
    expect(ids(await keys.list({ ...all, search: '_' }))).toBe('dcba')
    expect(ids(await keys.list({ ...all, search: String.raw`\%` }))).toBe('')
    expect(ids(await keys.list({ ...all, team: 'web' }))).toBe('a')
  })
  test('are changed only by who read the last version', async () => {
    const keys = keysIn(store().db)
    expect(await keys.update('a', 1, { team: 'ops' })).toBe(true)
    expect(await keys.update('a', 1, { team: 'late' })).toBe(false)
    expect(await keys.get('a')).toMatchObject({ team: 'ops', version: 2 })
  })
  test('names are taken once, and free again when revoked', async () => {
    const keys = keysIn(store().db)
    expect(await keys.insert(key('e', { name: 'a' })).catch(() => 'refused')).toBe('refused')
    await keys.insert(key('f', { name: 'b' }))
    expect((await keys.named('b'))?.id).toBe('f')
  })
})

onEveryStore('resources', (store) => {
  test('are inserted once, changed by version, deleted', async () => {
    const resources = resourcesIn(store().db)
    const row = { kind: 'alias', id: 'fast', body: '{}', secrets: null, created_at: 1, updated_at: 1, version: 1 }
    expect(await resources.insert(row)).toBe(true)
    expect(await resources.insert(row)).toBe(false)
    expect(await resources.update({ ...row, body: '{"a":1}' })).toBe(true)
    expect(await resources.update(row)).toBe(false)
    expect(await resources.get('alias', 'fast')).toMatchObject({ body: '{"a":1}', version: 2 })
    expect(await resources.get('provider', 'fast')).toBeUndefined()
    expect(await resources.delete('alias', 'fast')).toBe(true)
    expect(await resources.delete('alias', 'fast')).toBe(false)
  })
})

onEveryStore('people', (store) => {
  test('sign in, are invited once, and take their sessions with them', async () => {
    const { db } = store()
    await peopleIn(db).insert(person('p'))
    await peopleIn(db).insert(person('q', { role: 'viewer', password_hash: null }))
    expect(await peopleIn(db).activeOwners()).toBe(1)
    const session = {
      id: 's1',
      person_id: 'p',
      hash: 'h1',
      csrf_token: 'c',
      created_at: 1,
      last_seen_at: 1,
      expires_at: 100,
      address: null,
      browser: null,
    }
    await sessionsIn(db).insert(session)
    await sessionsIn(db).insert({ ...session, id: 's2', hash: 'h2', last_seen_at: 2 })
    expect((await sessionsIn(db).withHash('h1', 50))?.person.email).toBe('p@example.com')
    expect(await sessionsIn(db).withHash('h1', 100)).toBeUndefined()
    expect(ids(await sessionsIn(db).ofPerson('p', 5))).toBe('s2s1')
    expect(await sessionsIn(db).delete('s1', 'q')).toBe(false)
    await sessionsIn(db).deleteOthers('p', 's2')
    expect(ids(await sessionsIn(db).ofPerson('p', 5))).toBe('s2')
    await invitationsIn(db).insert({
      hash: 'i',
      purpose: 'invitation',
      person_id: 'q',
      role: 'viewer',
      created_at: 1,
      expires_at: 10,
      used_at: null,
    })
    expect(await invitationsIn(db).open('i', 10)).toBeUndefined()
    expect(await invitationsIn(db).open('i', 9)).toMatchObject({ person_id: 'q' })
    expect([await invitationsIn(db).use('i', 9), await invitationsIn(db).use('i', 9)]).toEqual([true, false])
    await peopleIn(db).delete('p')
    expect(await sessionsIn(db).withHash('h2', 5)).toBeUndefined()
  })
})

onEveryStore('the rest', (store) => {
  test('counters never repeat', async () => {
    const state = stateIn(store().db)
    const numbers = await Promise.all(Array.from({ length: 12 }, () => state.next('version')))
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1))
    await state.set('x', 'y')
    await state.set('x', 'z')
    expect(await state.get('x')).toBe('z')
  })
  test('audit events come newest first, page by page', async () => {
    const audit = auditIn(store().db)
    for (const [index, id] of ['a', 'b', 'c'].entries()) {
      await audit.insert({
        id,
        at: index < 2 ? 1 : 2,
        actor: 'x',
        actor_id: null,
        action: `keys:${id}`,
        target: id,
        changes: null,
        address: null,
        request_id: null,
      })
    }
    expect(ids(await audit.list({ limit: 2 }))).toBe('cb')
    expect(ids(await audit.list({ limit: 2, after: { at: 1, id: 'b' } }))).toBe('a')
    expect(ids(await audit.list({ limit: 9, action: 'keys:a' }))).toBe('a')
  })
  test('an idempotency key is claimed once', async () => {
    const answers = idempotentAnswersIn(store().db)
    expect(await answers.claim('h', 'r', 1)).toBeUndefined()
    expect(await answers.claim('h', 'r', 1)).toMatchObject({ request_hash: 'r', status: null })
    await answers.keep('h', { status: 201, headers: '{}', body: 'x' })
    expect(await answers.claim('h', 'r2', 1)).toMatchObject({ status: 201, body: 'x' })
    await answers.deleteBefore(2)
    expect(await answers.claim('h', 'r', 1)).toBeUndefined()
  })
  test('tokens are found by hash until they end', async () => {
    const tokens = tokensIn(store().db)
    await tokens.insert({
      id: 't',
      name: 'cli',
      role: 'admin',
      hash: 'h',
      hint: '',
      created_by: null,
      created_at: 1,
      expires_at: 10,
      last_used_at: null,
    })
    expect((await tokens.withHash('h', 9))?.id).toBe('t')
    expect(await tokens.withHash('h', 10)).toBeUndefined()
    expect((await tokens.delete('t'))?.name).toBe('cli')
    expect(await tokens.delete('t')).toBeUndefined()
  })
})
