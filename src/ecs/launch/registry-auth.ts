import { registryNeeds } from '../needs.ts'
import { locateSecret } from '../needs/secrets.ts'
import { dnsSuffixOf } from '../partition.ts'
import { hasUnknown } from '../need.ts'
import { reaches } from './launch.ts'
import type { StepBuilder } from './step.ts'

/** The credentials of private registries are read before anything is pulled. */
export function registryAuth(step: StepBuilder): void {
  const { task, setting, launch } = { ...step.launch, launch: step.launch }
  for (const container of task.containers) {
    const parameter = container.credentialsParameter
    if (parameter === undefined) continue
    step.acts()
    if (!setting.hasExecutionRole) {
      const change = {
        target: 'task-definition',
        about: 'set executionRoleArn: registry credentials are always read with the execution role',
      } as const
      step.fail('secret-no-credentials-ec2', { values: { store: 'ASM' }, change })
      continue
    }
    const secret = locateSecret(parameter, setting)
    const arn = parameter.startsWith('arn:') || hasUnknown(secret.arn) ? parameter : secret.arn
    const needs = registryNeeds(container, setting)
    const region = needs[0]?.region ?? setting.region
    const values = { arn, region, suffix: dnsSuffixOf(region) }
    const reachable = reaches('secretsmanager', region, launch)
    if (reachable === false) {
      const change = {
        target: 'network',
        about: `let the task reach Secrets Manager in ${region}: endpoint, NAT or public address`,
      } as const
      step.fail('registry-auth-unreachable', { values, change })
      continue
    }
    if (reachable === undefined) step.unknown('network: whether the task reaches Secrets Manager')
    const denied = needs
      .map((need) => [need, step.call(need)] as const)
      .find(([, verdict]) => verdict.outcome === 'denied')
    if (denied) {
      const [need, verdict] = denied
      step.failDenied(
        need.action === 'kms:Decrypt' ? 'registry-auth-kms-denied' : 'registry-auth-denied',
        need,
        verdict,
        values,
      )
      continue
    }
    checkSecret(step, secret, values)
  }
}

function checkSecret(
  step: StepBuilder,
  secret: ReturnType<typeof locateSecret>,
  values: Readonly<Record<string, string>>,
): void {
  const about = `store {"username": "...", "password": "..."} in ${values['arn'] ?? 'the secret'}`
  const change = { target: 'resource', about, resource: secret.arn } as const
  if (secret.exists === false) return step.fail('registry-auth-missing', { values: { ...values, version: '' }, change })
  if (secret.exists === undefined)
    step.unknown(`secrets: whether ${values['arn']} exists and holds username and password`)
  if (secret.facts?.stages && !secret.facts.stages.includes('AWSCURRENT')) {
    const version = ' value for staging label: AWSCURRENT'
    return step.fail('registry-auth-missing', { values: { ...values, version }, change })
  }
  const keys = secret.facts?.json
  const missing = keys && ['username', 'password'].find((field) => !keys.includes(field))
  if (missing !== undefined) step.fail('registry-auth-malformed', { values: { ...values, field: missing }, change })
}
