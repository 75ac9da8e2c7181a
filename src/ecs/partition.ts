import { partitionOfRegion } from '../iam/arn.ts'

/** DNS suffix of each partition's service endpoints, and of its dual-stack endpoints. */
const SUFFIXES: Readonly<Record<string, { readonly classic: string; readonly dualStack: string }>> = {
  aws: { classic: 'amazonaws.com', dualStack: 'on.aws' },
  'aws-cn': { classic: 'amazonaws.com.cn', dualStack: 'on.amazonwebservices.com.cn' },
  'aws-us-gov': { classic: 'amazonaws.com', dualStack: 'on.aws' },
  'aws-iso': { classic: 'c2s.ic.gov', dualStack: 'c2s.ic.gov' },
  'aws-iso-b': { classic: 'sc2s.sgov.gov', dualStack: 'sc2s.sgov.gov' },
  'aws-iso-e': { classic: 'cloud.adc-e.uk', dualStack: 'cloud.adc-e.uk' },
  'aws-iso-f': { classic: 'csp.hci.ic.gov', dualStack: 'csp.hci.ic.gov' },
  'aws-eusc': { classic: 'amazonaws.eu', dualStack: 'on.amazonwebservices.eu' },
}

export const CLASSIC_SUFFIXES: readonly string[] = [...new Set(Object.values(SUFFIXES).map((suffix) => suffix.classic))]

export const DUAL_STACK_SUFFIXES: readonly string[] = [
  'on.aws',
  'on.amazonwebservices.com.cn',
  'on.amazonwebservices.eu',
]

/** `amazonaws.com` and its like for the partition of a region. */
export function dnsSuffixOf(region: string): string {
  return SUFFIXES[partitionOfRegion(region)]?.classic ?? 'amazonaws.com'
}

/** The service name that `kms:ViaService` holds: `secretsmanager.us-east-1.amazonaws.com`. */
export function viaService(service: string, region: string): string {
  return `${service}.${region}.${dnsSuffixOf(region)}`
}

/** The bucket that ECR redirects layer downloads to, and its objects as an ARN (ECR user guide, VPC endpoints). */
export function layerBucketArn(region: string): string {
  return `arn:${partitionOfRegion(region)}:s3:::prod-${region}-starport-layer-bucket/*`
}
