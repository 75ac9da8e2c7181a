import { compileGlob, globMatches } from './glob.ts'

/** What AWS says of one action (service authorization reference). */
export type ActionFacts = {
  readonly service: string
  readonly name: string
  readonly level: 'Read' | 'List' | 'Write' | 'Tagging' | 'Permissions management'
  /** Empty: the action takes no resource, so that only `*` grants it. */
  readonly resourceTypes: readonly ResourceTypeFacts[]
  /** Keys of the service's own and of tags, as patterns; global keys such as `aws:SourceIp` are not listed. */
  readonly conditionKeys: readonly string[]
}

/** A kind of resource and the pattern of its ARNs, with `*` for every part that varies. */
export type ResourceTypeFacts = { readonly name: string; readonly arn: string }

export type ActionTable = {
  /** Where the data comes from, with version and date. */
  readonly origin: string
  readonly services: readonly string[]
  /** An action by its full name in any case, or undefined when the service or the action does not exist. */
  readonly find: (action: string) => ActionFacts | undefined
  readonly hasService: (service: string) => boolean
  readonly actionsOf: (service: string) => readonly ActionFacts[]
  /** Every action of its service that a pattern such as `s3:Get*` stands for. A pattern over all services stands for none here. */
  readonly matching: (pattern: string) => readonly ActionFacts[]
}

const LEVELS: Readonly<Record<string, ActionFacts['level']>> = {
  R: 'Read',
  L: 'List',
  W: 'Write',
  T: 'Tagging',
  P: 'Permissions management',
}

let table: Promise<ActionTable> | undefined

/** The actions of all services. Read when first asked for; a service's line is parsed when that service is. */
export function loadActions(): Promise<ActionTable> {
  table ??= import('./generated/actions.txt', { with: { type: 'text' } }).then((file) => readTable(file.default))
  return table
}

function readTable(text: string): ActionTable {
  const [head = '', ...lines] = text.split('\n')
  const byService = new Map(lines.filter(Boolean).map((line) => [line.slice(0, line.indexOf('\t')), line]))
  const parsed = new Map<string, ReadonlyMap<string, ActionFacts>>()
  const serviceMap = (service: string): ReadonlyMap<string, ActionFacts> => {
    const known = parsed.get(service)
    if (known) return known
    const actions = readService(service, byService.get(service) ?? '')
    parsed.set(service, actions)
    return actions
  }
  const split = (action: string): [string, string] => {
    const colon = action.indexOf(':')
    return [action.slice(0, colon).toLowerCase(), action.slice(colon + 1).toLowerCase()]
  }
  return {
    origin: head.replace(/^# /, '').replace(/, by .*/, ''),
    services: [...byService.keys()],
    hasService: (service) => byService.has(service.toLowerCase()),
    actionsOf: (service) => [...serviceMap(service.toLowerCase()).values()],
    find: (action) => {
      const [service, name] = split(action)
      return byService.has(service) ? serviceMap(service).get(name) : undefined
    },
    matching: (pattern) => {
      const [service, name] = split(pattern)
      if (!byService.has(service)) return []
      const glob = compileGlob(name)
      return [...serviceMap(service)].filter(([key]) => globMatches(glob, key)).map(([, action]) => action)
    },
  }
}

function readService(service: string, line: string): ReadonlyMap<string, ActionFacts> {
  const [, types = '', sets = '', actions = ''] = line.split('\t')
  const resourceTypes = types.split('|').map((text): ResourceTypeFacts => {
    const equals = text.indexOf('=')
    return { name: text.slice(0, equals), arn: text.slice(equals + 1) }
  })
  const keySets = sets.split('|').map((set) => (set ? set.split(',') : []))
  return new Map(
    actions
      .split('|')
      .filter(Boolean)
      .map((text): [string, ActionFacts] => {
        const [name = '', level = '', own = '', set = ''] = text.split('/')
        const facts: ActionFacts = {
          service,
          name,
          level: LEVELS[level] ?? 'Write',
          resourceTypes: own ? own.split(',').flatMap((index) => resourceTypes[Number(index)] ?? []) : [],
          conditionKeys: keySets[Number(set)] ?? [],
        }
        return [name.toLowerCase(), facts]
      }),
  )
}
