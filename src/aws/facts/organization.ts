import type { Facts } from '../../ecs/facts.ts'
import type { NamedPolicy } from '../../iam/policy.ts'
import { decodeDocument } from '../live-role.ts'
import type { Probe } from './probe.ts'

type OrganizationPart = Pick<Facts, 'serviceControlPolicies' | 'resourceControlPolicies' | 'requestContext'>

/**
 * The organization's policies over an account, from the root down. Only the management account and delegated administrators may
 * read them; for everybody else they stay unknown, and the denial is noted.
 */
export async function organizationFacts(probe: Probe, account: string): Promise<OrganizationPart> {
  const client = await probe.aws.organizations()
  const described = await probe.ask('organizations:DescribeOrganization', '*', () => client.describeOrganization({}))
  const organization = described.kind === 'found' ? described.value.Organization : undefined
  if (!organization?.Id) return {}
  const requestContext = { 'aws:PrincipalOrgID': organization.Id }
  const targets = await ancestry(probe, account)
  if (!targets) return { requestContext }
  const levels = async (filter: 'SERVICE_CONTROL_POLICY' | 'RESOURCE_CONTROL_POLICY') => {
    const found: NamedPolicy[][] = []
    for (const target of targets) {
      const level = await policiesOn(probe, target, filter)
      if (!level) return undefined
      found.push(level)
    }
    // A level without any policy is one where this type of policy is not in use.
    return found.every((level) => level.length === 0) ? undefined : found
  }
  // The management account is above its own policies.
  const isManagement = organization.MasterAccountId === account
  const scps = isManagement ? undefined : await levels('SERVICE_CONTROL_POLICY')
  const rcps = isManagement ? undefined : await levels('RESOURCE_CONTROL_POLICY')
  return {
    requestContext,
    ...(scps ? { serviceControlPolicies: scps } : {}),
    ...(rcps ? { resourceControlPolicies: rcps } : {}),
  }
}

/** The account and everything above it, from the root down; undefined when the caller may not see it. */
async function ancestry(probe: Probe, account: string): Promise<readonly string[] | undefined> {
  const client = await probe.aws.organizations()
  const chain = [account]
  for (let child = account; !child.startsWith('r-');) {
    const ChildId = child
    const parents = await probe.ask('organizations:ListParents', ChildId, () => client.listParents({ ChildId }))
    const parent = parents.kind === 'found' ? parents.value.Parents?.[0]?.Id : undefined
    if (parent === undefined) return undefined
    chain.unshift(parent)
    child = parent
  }
  return chain
}

async function policiesOn(
  probe: Probe,
  TargetId: string,
  Filter: 'SERVICE_CONTROL_POLICY' | 'RESOURCE_CONTROL_POLICY',
): Promise<NamedPolicy[] | undefined> {
  const client = await probe.aws.organizations()
  const listed = await probe.ask('organizations:ListPoliciesForTarget', TargetId, () =>
    client.listPoliciesForTarget({ TargetId, Filter }),
  )
  if (listed.kind === 'denied') return undefined
  const policies: NamedPolicy[] = []
  for (const { Id: PolicyId, Name = '' } of listed.kind === 'found' ? (listed.value.Policies ?? []) : []) {
    if (PolicyId === undefined) continue
    const read = await probe.ask('organizations:DescribePolicy', PolicyId, () => client.describePolicy({ PolicyId }))
    if (read.kind === 'denied') return undefined
    const content = read.kind === 'found' ? read.value.Policy?.Content : undefined
    if (content !== undefined) policies.push({ name: Name || PolicyId, document: decodeDocument(content) })
  }
  return policies
}
