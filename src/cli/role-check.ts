import { readdir, stat } from 'node:fs/promises'
import { basename, join, relative, resolve } from 'node:path'
import { AppError } from '../errors.ts'
import { isRecord, parseDocument } from '../ecs/document.ts'
import { type CheckedTask, checkTemplate } from '../ecs/template/check.ts'
import type { Target } from '../ecs/template/found-task.ts'
import { type FindingFormat, renderFindings, sortFindings } from '../lib/findings.ts'
import type { Input } from './command.ts'
import { readUserFile } from './files.ts'
import type { Io } from './io.ts'
import { readFacts, shownName } from './role-input.ts'
import { version } from '../lib/version.ts'

export async function runCheck(input: Input, io: Io): Promise<number> {
  const facts = await readFacts(input, io)
  const parameters = new Map(input.list('parameter').map(parameter))
  const target: Target = { account: facts.accountId, region: facts.region }
  const { accountId: _, region: __, ...others } = facts
  const checked: CheckedTask[] = []
  for (const path of input.positionals) {
    for (const file of await filesOf(path, io)) {
      const options = { target: { ...file.target, ...present(target) }, parameters, facts: others }
      checked.push(...checkTemplate(await readUserFile(file.path, io), shownName(file.path), options))
    }
  }
  if (checked.length === 0) {
    throw new AppError(
      'invalid_usage',
      `${input.positionals.join(', ')}: no ECS task definition is in there, so that nothing was checked.`,
    )
  }
  const findings = sortFindings(checked.flatMap((task) => task.findings))
  const format = input.json ? 'json' : ((input.text('format') ?? 'text') as FindingFormat)
  if (format === 'text')
    for (const { file, name, preflight } of checked) io.out(`${file} ${name}: ${outcome(preflight)}\n`)
  io.out(renderFindings(findings, format, version))
  return findings.some((finding) => finding.severity === 'error') ? 1 : 0
}

function outcome(preflight: CheckedTask['preflight']): string {
  if (!preflight) return 'not checked'
  if (!preflight.ok) return `fails at ${preflight.failingStep}`
  return preflight.failingStep === undefined
    ? 'nothing known keeps it from starting'
    : `starts, ${preflight.failingStep} refused`
}

function parameter(text: string): readonly [string, string] {
  const equals = text.indexOf('=')
  if (equals < 1)
    throw new AppError('invalid_usage', `--parameter ${text}: write NAME=VALUE.`, { field: '--parameter' })
  return [text.slice(0, equals), text.slice(equals + 1)]
}

function present(target: Target): Target {
  return Object.fromEntries(Object.entries(target).filter(([, value]) => value !== undefined))
}

type TemplateFile = { readonly path: string; readonly target: Target }

/** The file itself, or the templates of a CDK output folder with the account and region that its manifest knows. */
async function filesOf(path: string, io: Io): Promise<readonly TemplateFile[]> {
  const full = resolve(io.cwd, path)
  const folder = path !== '-' && (await stat(full).catch(() => undefined))?.isDirectory()
  if (!folder) return [{ path, target: {} }]
  const names = (await readdir(full, { recursive: true })).filter((name) => name.endsWith('.template.json')).toSorted()
  if (names.length === 0)
    throw new AppError(
      'invalid_usage',
      `${path} is a folder without *.template.json: give a template, a Terraform plan or cdk.out.`,
    )
  const targets = await targetsOf(path, io)
  return names.map((name) => {
    const file = join(path, name)
    return { path: relative(io.cwd, resolve(io.cwd, file)) || file, target: targets.get(basename(name)) ?? {} }
  })
}

/** Template file → account and region, where CDK knows them (`aws://111122223333/eu-central-1`). */
async function targetsOf(folder: string, io: Io): Promise<ReadonlyMap<string, Target>> {
  const targets = new Map<string, Target>()
  const path = join(folder, 'manifest.json')
  const text = await readUserFile(path, io).catch(() => undefined)
  const manifest = text === undefined ? undefined : parseDocument(text, path).value
  const artifacts = isRecord(manifest) && isRecord(manifest['artifacts']) ? Object.values(manifest['artifacts']) : []
  for (const artifact of artifacts) {
    if (!isRecord(artifact) || typeof artifact['environment'] !== 'string' || !isRecord(artifact['properties']))
      continue
    const [, account, region] = /^aws:\/\/(\d{12}|unknown-account)\/([a-z0-9-]+)$/.exec(artifact['environment']) ?? []
    targets.set(String(artifact['properties']['templateFile']), {
      ...(account && /^\d/.test(account) ? { account } : {}),
      ...(region && region !== 'unknown-region' ? { region } : {}),
    })
  }
  return targets
}
