import type { Server } from 'bun'

/** What goes wrong: the next `times` calls of `action` after `after` good ones answer this error. */
export type IamFault = {
  readonly action: string
  readonly code: string
  readonly status?: number
  readonly message?: string
  readonly after?: number
  times: number
}

type Role = {
  path: string
  description: string
  trust: string
  boundary: string | undefined
  inline: Map<string, string>
  attached: Set<string>
  tags: Map<string, string>
}

/**
 * IAM's role calls over HTTP, with faults on request. `lag` is the number of calls for which a write stays unseen, as IAM's
 * eventual consistency has it.
 */
export class FakeIam {
  readonly calls: string[] = []
  readonly faults: IamFault[] = []
  lag = 0
  readonly roles = new Map<string, Role>()
  readonly managed = new Map<string, string>()
  private readonly pending: { remaining: number; apply: () => void }[] = []
  private readonly server: Server<undefined>

  constructor() {
    this.server = Bun.serve({
      port: 0,
      fetch: async (request) => this.answer(new URLSearchParams(await request.text())),
    })
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.server.port}`
  }

  async close(): Promise<void> {
    await this.server.stop(true)
  }

  /** The writing calls so far. */
  get writes(): readonly string[] {
    return this.calls.filter((action) => !/^(Get|List)/.test(action))
  }

  private answer(form: URLSearchParams): Response {
    const action = form.get('Action') ?? ''
    this.calls.push(action)
    for (const write of this.pending) write.remaining -= 1
    while (this.pending[0] && this.pending[0].remaining < 0) this.pending.shift()?.apply()
    const seen = this.calls.filter((call) => call === action).length
    const fault = this.faults.find((one) => one.action === action && one.times > 0 && seen > (one.after ?? 0))
    if (fault) {
      fault.times -= 1
      return problem(
        fault.code,
        fault.message ?? `${fault.code} on request`,
        fault.status ?? (fault.code === 'Throttling' ? 400 : 403),
      )
    }
    try {
      const result = this.run(action, form)
      return xml(`<${action}Response><${action}Result>${result}</${action}Result></${action}Response>`, 200)
    } catch (error) {
      if (error instanceof Refusal) return problem(error.code, error.message, error.status)
      throw error
    }
  }

  private write(apply: () => void): string {
    if (this.lag === 0) apply()
    else this.pending.push({ remaining: this.lag, apply })
    return ''
  }

  private run(action: string, form: URLSearchParams): string {
    const text = (name: string) => form.get(name) ?? ''
    const name = text('RoleName')
    if (action === 'GetPolicy' || action === 'GetPolicyVersion') {
      const document = this.managed.get(text('PolicyArn'))
      if (document === undefined) throw new Refusal('NoSuchEntity', `Policy ${text('PolicyArn')} does not exist`, 404)
      return action === 'GetPolicy'
        ? `<Policy><Arn>${text('PolicyArn')}</Arn><DefaultVersionId>v1</DefaultVersionId></Policy>`
        : `<PolicyVersion><Document>${encodeURIComponent(document)}</Document><VersionId>v1</VersionId></PolicyVersion>`
    }
    if (action === 'CreateRole') {
      if (this.roles.has(name)) throw new Refusal('EntityAlreadyExists', `Role ${name} exists`, 409)
      const role: Role = {
        path: text('Path') || '/',
        description: text('Description'),
        trust: text('AssumeRolePolicyDocument'),
        boundary: form.get('PermissionsBoundary') ?? undefined,
        inline: new Map(),
        attached: new Set(),
        tags: new Map(members(form, 'Tags')),
      }
      this.write(() => void this.roles.set(name, role))
      return this.roleXml(name, role)
    }
    const role = this.roles.get(name)
    if (!role) throw new Refusal('NoSuchEntity', `The role with name ${name} cannot be found.`, 404)
    const policy = text('PolicyName')
    switch (action) {
      case 'GetRole':
        return this.roleXml(name, role)
      case 'ListRolePolicies':
        return `<PolicyNames>${[...role.inline.keys()].map((one) => `<member>${one}</member>`).join('')}</PolicyNames><IsTruncated>false</IsTruncated>`
      case 'ListAttachedRolePolicies':
        return `<AttachedPolicies>${[...role.attached].map((arn) => `<member><PolicyArn>${arn}</PolicyArn><PolicyName>${arn.split('/').at(-1)}</PolicyName></member>`).join('')}</AttachedPolicies><IsTruncated>false</IsTruncated>`
      case 'GetRolePolicy': {
        const document = role.inline.get(policy)
        if (document === undefined) throw new Refusal('NoSuchEntity', `No policy ${policy}`, 404)
        return `<RoleName>${name}</RoleName><PolicyName>${policy}</PolicyName><PolicyDocument>${encodeURIComponent(document)}</PolicyDocument>`
      }
      case 'PutRolePolicy':
        return this.write(() => void role.inline.set(policy, text('PolicyDocument')))
      case 'DeleteRolePolicy':
        if (!role.inline.has(policy)) throw new Refusal('NoSuchEntity', `No policy ${policy}`, 404)
        return this.write(() => void role.inline.delete(policy))
      case 'AttachRolePolicy':
        return this.write(() => void role.attached.add(text('PolicyArn')))
      case 'DetachRolePolicy':
        return this.write(() => void role.attached.delete(text('PolicyArn')))
      case 'UpdateAssumeRolePolicy':
        return this.write(() => void (role.trust = text('PolicyDocument')))
      case 'PutRolePermissionsBoundary':
        return this.write(() => void (role.boundary = text('PermissionsBoundary')))
      case 'DeleteRolePermissionsBoundary':
        return this.write(() => void (role.boundary = undefined))
      case 'TagRole':
        return this.write(() => members(form, 'Tags').forEach(([key, value]) => role.tags.set(key, value)))
      case 'UntagRole':
        return this.write(() =>
          [...form.entries()].forEach(([key, value]) => key.startsWith('TagKeys.member.') && role.tags.delete(value)),
        )
      case 'DeleteRole':
        if (role.inline.size + role.attached.size > 0)
          throw new Refusal('DeleteConflict', 'Cannot delete entity, must delete policies first.', 409)
        return this.write(() => void this.roles.delete(name))
      default:
        throw new Refusal('InvalidAction', `${action} is not served here`, 400)
    }
  }

  private roleXml(name: string, role: Role): string {
    const tags = [...role.tags]
      .map(([key, value]) => `<member><Key>${key}</Key><Value>${value}</Value></member>`)
      .join('')
    const boundary =
      role.boundary === undefined
        ? ''
        : `<PermissionsBoundary><PermissionsBoundaryType>Policy</PermissionsBoundaryType><PermissionsBoundaryArn>${role.boundary}</PermissionsBoundaryArn></PermissionsBoundary>`
    return `<Role><Path>${role.path}</Path><RoleName>${name}</RoleName><RoleId>AROAEXAMPLE</RoleId><Arn>arn:aws:iam::111122223333:role${role.path}${name}</Arn><CreateDate>2026-11-23T00:00:00Z</CreateDate><Description>${role.description}</Description><AssumeRolePolicyDocument>${encodeURIComponent(role.trust)}</AssumeRolePolicyDocument>${boundary}<Tags>${tags}</Tags></Role>`
  }
}

class Refusal extends Error {
  readonly code: string
  readonly status: number

  constructor(code: string, message: string, status: number) {
    super(message)
    this.code = code
    this.status = status
  }
}

function members(form: URLSearchParams, list: string): [string, string][] {
  const found: [string, string][] = []
  for (let index = 1; form.has(`${list}.member.${index}.Key`); index += 1) {
    found.push([form.get(`${list}.member.${index}.Key`) ?? '', form.get(`${list}.member.${index}.Value`) ?? ''])
  }
  return found
}

function problem(code: string, message: string, status: number): Response {
  return xml(
    `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>1</RequestId></ErrorResponse>`,
    status,
  )
}

function xml(body: string, status: number): Response {
  return new Response(`<?xml version="1.0"?>${body}`, { status, headers: { 'content-type': 'text/xml' } })
}
