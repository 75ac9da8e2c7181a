import type { Command } from './command.ts'

type Room = { readonly nouns: readonly string[]; readonly load: () => Promise<readonly Command[]> }

/**
 * Every command, in the order of the help, by the first word that people type. A command that is not here does not exist. A room is
 * loaded when one of its words is typed: a process that serves calls must neither wait for what the others need nor carry it.
 */
const ROOMS: readonly Room[] = [
  { nouns: ['start'], load: async () => [(await import('./start.ts')).start] },
  { nouns: ['try'], load: async () => [(await import('./try.ts')).tryModel] },
  { nouns: ['keys'], load: async () => (await import('./keys.ts')).keyCommands },
  { nouns: ['calls'], load: async () => (await import('./calls.ts')).callCommands },
  { nouns: ['models'], load: async () => (await import('./models.ts')).modelCommands },
  { nouns: ['providers'], load: async () => (await import('./providers.ts')).providerCommands },
  {
    nouns: ['aliases', 'limits', 'budgets', 'guards', 'sections'],
    load: async () => (await import('./rules.ts')).ruleCommands,
  },
  { nouns: ['users'], load: async () => (await import('./users.ts')).userCommands },
  { nouns: ['config'], load: async () => (await import('./config.ts')).configCommands },
  { nouns: ['doctor'], load: async () => [(await import('./doctor.ts')).doctor] },
  { nouns: ['iam'], load: async () => (await import('./iam.ts')).iamCommands },
  {
    nouns: ['role', 'task'],
    load: async () => [
      (await import('./role-lint.ts')).roleLint,
      ...(await import('./role.ts')).roleCommands,
      ...(await import('./role-live.ts')).liveCommands,
    ],
  },
  { nouns: ['ledger'], load: async () => [(await import('./ledger.ts')).ledgerVerify] },
  { nouns: ['health'], load: async () => [(await import('./health.ts')).health] },
  { nouns: ['gateway-worker'], load: async () => [(await import('./gateway-worker.ts')).gatewayWorker] },
]

export async function allCommands(): Promise<readonly Command[]> {
  return (await Promise.all(ROOMS.map(({ load }) => load()))).flat()
}

/** The commands that a command line may mean: those of its first word, or all when it is another one, as for the help. */
export async function commandsFor(argv: readonly string[]): Promise<readonly Command[]> {
  // Asked for by scripts and health checks: no command is meant.
  if (argv.length === 1 && /^(--)?version$/.test(argv[0] ?? '')) return []
  const room = ROOMS.find(({ nouns }) => nouns.includes(argv[0] ?? ''))
  return room ? room.load() : allCommands()
}
