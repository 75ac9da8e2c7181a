import { createOwnerLink, inviteUser, listUsers, resetUser } from '../contract/api/people.ts'
import { ROLES, type Role } from '../contract/action.ts'
import { readHealth } from '../contract/api/settings.ts'
import { AppError } from '../errors.ts'
import { defineCommand } from './command.ts'
import { everyItem } from './every-item.ts'
import { MANAGEMENT_OPTIONS, withManagement } from './management.ts'
import { relative, table } from './table.ts'

const list = defineCommand({
  name: 'users list',
  summary: 'list the people who may use the console',
  options: MANAGEMENT_OPTIONS,
  run: (input, io) =>
    withManagement(input, io, async ({ api }) => {
      const users = await everyItem((paging) => api(listUsers, { query: paging }))
      if (input.json) return io.out(`${JSON.stringify(users)}\n`)
      if (users.length === 0)
        return io.out('Nobody yet. "portreeve users link" prints the link that makes the first owner.\n')
      const now = Date.now()
      io.out(
        table(users, [
          { head: 'E-MAIL', of: ({ email }) => email },
          { head: 'NAME', of: ({ name }) => name },
          { head: 'ROLE', of: ({ role }) => role },
          { head: 'STATUS', of: ({ status }) => status },
          { head: 'LAST SEEN', of: ({ last_seen_at: at }) => relative(at, now) },
        ]),
      )
    }),
})

const invite = defineCommand({
  name: 'users invite',
  summary: 'invite a person; prints the one-time link to hand over',
  positionals: [{ name: 'EMAIL', about: 'e-mail address to sign in with', required: true }],
  options: {
    name: { about: 'the person’s name', value: 'NAME' },
    role: { about: 'what the person may do', value: 'ROLE', choices: ROLES, default: 'viewer' },
    ...MANAGEMENT_OPTIONS,
  },
  run: (input, io) =>
    withManagement(input, io, async ({ api }) => {
      const email = input.positionals[0] ?? ''
      const user = await api(inviteUser, {
        body: { email, name: input.text('name') ?? email.split('@')[0] ?? email, role: input.text('role') as Role },
      })
      if (input.json) return io.out(`${JSON.stringify(user)}\n`)
      io.out(`${user.link}\n`)
      io.err(`Hand this link to ${user.email}; it works once, until ${user.link_expires_at}.\n`)
    }),
})

const link = defineCommand({
  name: 'users link',
  summary: 'print a one-time link: for the first owner, or for a person who lost the password',
  positionals: [{ name: 'EMAIL', about: 'the person; none for the first owner' }],
  options: MANAGEMENT_OPTIONS,
  run: (input, io) =>
    withManagement(input, io, async ({ api }) => {
      const email = input.positionals[0]?.toLowerCase()
      if (email === undefined && !(await api(readHealth)).needs_owner) {
        throw new AppError('invalid_usage', 'There is an owner already: name the person whose password was lost.', {
          field: 'EMAIL',
        })
      }
      const made = email === undefined ? await api(createOwnerLink) : await resetOf(email)
      if (input.json) return io.out(`${JSON.stringify({ link: made.link, link_expires_at: made.link_expires_at })}\n`)
      io.out(`${made.link}\n`)
      io.err(`It works once, until ${made.link_expires_at}, while the gateway runs.\n`)

      async function resetOf(address: string) {
        const users = await everyItem((paging) => api(listUsers, { query: paging }))
        const user = users.find((each) => each.email === address)
        if (!user) throw new AppError('not_found', `There is no person ${address}. "portreeve users list" shows them.`)
        return api(resetUser, { params: { id: user.id } })
      }
    }),
})

export const userCommands = [list, invite, link]
