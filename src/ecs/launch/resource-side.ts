import type { ResourceSide } from '../decide.ts'
import type { Facts } from '../facts.ts'
import type { Need } from '../need.ts'

/** Accounts of AWS whose repositories everybody may pull from (App Mesh Envoy, CloudWatch agent, FireLens images by region). */
const AWS_REPOSITORIES =
  /:repository\/(aws-appmesh-envoy|aws-guardduty-agent-fargate|aws-for-fluent-bit|cloudwatch-agent|xray\/aws-xray-daemon)$/

/** Whether a pull is from a repository that AWS opens to everybody. */
export function isAwsRepository(need: Need): boolean {
  return need.feature === 'guardduty' || AWS_REPOSITORIES.test(need.resource)
}

/** The policy that the resource of a call carries itself. */
export function resourceSideOf(need: Need, facts: Facts): ResourceSide {
  const { action, resource } = need
  switch (action.split(':')[0]) {
    case 'ecr':
      if (resource === '*') return NONE
      if (isAwsRepository(need) && facts.repositories?.[resource]?.policy === undefined) {
        return { policy: undefined, name: `policy of ${resource}`, isPublic: true }
      }
      if (need.feature === 'ecr-pull-through') return registrySide(need, facts)
      return { policy: facts.repositories?.[resource]?.policy, name: `policy of the repository ${resource}` }
    case 'secretsmanager':
      return { policy: facts.secrets?.[resource]?.policy, name: `policy of the secret ${resource}` }
    case 'kms':
      return { policy: facts.keys?.[resource]?.policy, name: `policy of the key ${resource}`, isKey: true }
    case 's3': {
      const bucket = resource.replace(/^(arn:[^:]+:s3:::[^/]+).*$/, '$1')
      return { policy: facts.buckets?.[bucket]?.policy, name: `policy of the bucket ${bucket}` }
    }
    case 'ssm':
      // Advanced parameters can be shared with other accounts.
      return { policy: undefined, name: `sharing of the parameter ${resource}` }
    default:
      return NONE
  }
}

const NONE: ResourceSide = { policy: null, name: '' }

/** Pull-through permissions may stand in the registry's policy or in the repository's. */
function registrySide(need: Need, facts: Facts): ResourceSide {
  const rule = facts.pullThroughCache?.find((candidate) => candidate.registryPolicy)
  const policy = rule?.registryPolicy ?? facts.repositories?.[need.resource]?.policy
  return { policy, name: `registry policy of account ${need.account}` }
}
