import { defineRows } from './row.ts'

const TOKEN =
  'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried'
const MANIFEST = 'CannotPullContainerError: pull image manifest has been retried'
const RESOLVE = 'failed to resolve ref {image}: '
// The agent writes a typographic apostrophe.
const AGENT = 'The task can’t pull the image. '
const NO_ACCESS =
  "pull access denied for {repository}, repository does not exist or may require 'docker login': denied: "

/** Logging in to ECR, manifests and layers. */
export const ecrRows = defineRows([
  {
    id: 'ecr-token-denied',
    step: 'ecr-auth',
    surfaces: ['task', 'event'],
    cause: 'iam',
    texts: [
      `${TOKEN} 1 time(s): operation error ECR: GetAuthorizationToken, https response error StatusCode: 400, RequestID: {request}, api error AccessDeniedException: {denial}`,
      `${TOKEN} 1 time(s): AccessDeniedException: {denial} status code: 400, request id: {request}`,
    ],
    match: /ecr registry auth.*not authorized to perform: ecr:GetAuthorizationToken/is,
    means:
      'the execution role may not log in to ECR: the action is missing, scoped to a repository, conditioned on a VPC endpoint, or held back by a boundary or the organisation',
    fix: 'allow ecr:GetAuthorizationToken on * without condition for the execution role',
    action: 'ecr:GetAuthorizationToken',
  },
  {
    id: 'ecr-token-unreachable',
    step: 'ecr-auth',
    surfaces: ['task', 'event'],
    cause: 'network',
    texts: [
      'ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration. operation error ECR: GetAuthorizationToken, exceeded maximum number of attempts, 3, https response error StatusCode: 0, RequestID: , request send failed, Post "https://api.ecr.{region}.{suffix}/": dial tcp 10.0.0.10:443: i/o timeout',
      'ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration. RequestError: send request failed caused by: Post "https://api.ecr.{region}.{suffix}/": dial tcp 10.0.0.10:443: i/o timeout',
      `${TOKEN} 3 time(s): RequestError: send request failed caused by: Post "https://api.ecr.{region}.{suffix}/": dial tcp 10.0.0.10:443: i/o timeout. Please check your task network configuration.`,
    ],
    match:
      /(ecr registry auth|registry auth from Amazon ECR|api\.ecr\.).*(StatusCode: 0\b|i\/o timeout|context deadline exceeded|connection issue|time(s)?d? ?out)/is,
    means: 'the task cannot reach the ECR API',
    fix: 'give the subnet NAT or the task a public address, or endpoints for ecr.api, ecr.dkr and S3, and let port 443 out',
  },
  {
    id: 'ecr-token-killed',
    step: 'ecr-auth',
    surfaces: ['task'],
    cause: 'network',
    texts: [
      'ResourceInitializationError: unable to pull secrets or registry auth: pull command failed: : signal: killed',
    ],
    match: /unable to pull secrets or registry auth: pull command failed.*signal: killed/is,
    means:
      'the task could not reach AWS at all (wording of 2020 to 2022): no route, or a security group without egress',
    fix: 'give the subnet NAT or the task a public address, and let port 443 out',
  },
  {
    id: 'ecr-token-denied-ec2',
    step: 'ecr-auth',
    surfaces: ['container'],
    cause: 'iam',
    texts: [
      'CannotPullECRContainerError: AccessDeniedException: {denial}',
      'CannotPullECRContainerError: AccessDeniedException: {denial} status code: 400, request id: {request}',
    ],
    match:
      /CannotPullECRContainerError.*not authorized to perform|not authorized to perform: ecr:GetAuthorizationToken/is,
    means: 'the execution role, or the instance role where there is none, may not log in to ECR',
    fix: 'allow ecr:GetAuthorizationToken on * for that role',
    action: 'ecr:GetAuthorizationToken',
  },
  {
    id: 'ecr-no-credentials-ec2',
    step: 'ecr-auth',
    surfaces: ['container'],
    cause: 'configuration',
    texts: ['CannotPullECRContainerError: engine ecr credentials: not found'],
    match: /engine ecr credentials: not found/i,
    means: 'the agent has no credentials of the execution role: none is set, or ECS cannot assume it',
    fix: 'set executionRoleArn and let the role trust ecs-tasks.amazonaws.com',
  },
  {
    id: 'ecr-unreachable-ec2',
    step: 'ecr-auth',
    surfaces: ['container'],
    cause: 'network',
    texts: [
      `CannotPullECRContainerError: ${AGENT}Check your network configuration. RequestError: send request failed caused by: Post "https://api.ecr.{region}.{suffix}/": net/http: request canceled while waiting for connection`,
    ],
    match:
      /can't pull the image\. Check your network configuration|CannotPullECRContainerError.*(i\/o timeout|request canceled)/is,
    means: 'the container instance cannot reach the ECR API',
    fix: 'give the subnet NAT or endpoints for ecr.api, ecr.dkr and S3, and let port 443 out',
  },
  {
    id: 'manifest-denied',
    step: 'image-manifest',
    surfaces: ['task', 'container', 'event'],
    cause: 'iam',
    texts: [
      `${MANIFEST} 1 time(s): ${RESOLVE}unexpected status from HEAD request to https://{host}/v2/{repository}/manifests/{tag}: 403 Forbidden`,
      `${MANIFEST} 1 time(s): ${RESOLVE}pulling from host {host} failed with status code [manifests {tag}]: 403 Forbidden`,
      `CannotPullContainerError: inspect image has been retried 1 time(s): ${RESOLVE}unexpected status code [manifests {tag}]: 403 Forbidden`,
    ],
    match:
      /failed to resolve ref.*403 Forbidden|\[manifests [^\]]*\]: 403 Forbidden|\/manifests\/\S+ ?:? 403 Forbidden/is,
    means:
      'ECR refuses the manifest; the text does not name the action: identity policy, repository policy of another account, condition or organisation',
    fix: 'allow ecr:BatchGetImage and ecr:GetDownloadUrlForLayer on the repository; for another account also in its repository policy',
    action: 'ecr:BatchGetImage',
  },
  {
    id: 'manifest-denied-ec2',
    step: 'image-manifest',
    surfaces: ['container'],
    cause: 'iam',
    texts: [
      `CannotPullContainerError: ${AGENT}Check that the role has the permissions to pull images from the registry. Error response from daemon: ${NO_ACCESS}{denial}`,
      `CannotPullImageManifestError: ${AGENT}Check that the role has the permissions to pull images from the registry. Error response from daemon: ${NO_ACCESS}{denial}`,
      `CannotPullContainerError: Error response from daemon: ${NO_ACCESS}{denial}`,
    ],
    match:
      /can't pull the image\. Check that the role has the permissions|denied: User: .*not authorized to perform: ecr:/is,
    means:
      'the role may not pull from the repository; "no resource-based policy" means the repository policy of another account',
    fix: 'allow ecr:BatchGetImage and ecr:GetDownloadUrlForLayer on the repository; for another account also in its repository policy',
    action: 'ecr:BatchGetImage',
  },
  {
    id: 'image-denied-or-missing-ec2',
    step: 'image-manifest',
    surfaces: ['container'],
    cause: 'existence',
    texts: [
      `CannotPullContainerError: ${AGENT}Check whether the image exists. Error response from daemon: pull access denied for {repository}, repository does not exist or may require 'docker login': denied: requested access to the resource is denied`,
      `CannotPullContainerError: ${AGENT}Check whether the image exists. Error response from daemon: manifest for {image} not found: manifest unknown: Requested image not found`,
    ],
    match:
      /can't pull the image\. Check whether the image exists|requested access to the resource is denied|manifest unknown/i,
    means: 'the registry has no such image, or hides a private one from strangers',
    fix: 'correct the image, push it, or set repositoryCredentials for a private registry',
  },
  {
    id: 'image-missing',
    step: 'image-manifest',
    surfaces: ['task', 'container', 'event'],
    cause: 'existence',
    texts: [
      `${MANIFEST} 7 time(s): ${RESOLVE}{image}: not found`,
      `CannotPullContainerError: inspect image has been retried 7 time(s): ${RESOLVE}{image}: not found`,
    ],
    match: /failed to resolve ref .*: not found|name unknown: The repository with name/is,
    means:
      'tag, digest or repository does not exist: never pushed, expired by a lifecycle policy, or not imported by a pull-through cache',
    fix: 'push the image or pin a digest that exists; for a pull-through cache allow ecr:BatchImportUpstreamImage and ecr:CreateRepository',
  },
  {
    id: 'image-platform-mismatch',
    step: 'image-manifest',
    surfaces: ['task', 'container', 'event'],
    cause: 'configuration',
    texts: [
      `${MANIFEST} 7 time(s): ${RESOLVE}image Manifest does not contain descriptor matching platform '{platform}'`,
      'CannotPullContainerError: Error response from daemon: no matching manifest for {platform} in the manifest list entries',
    ],
    match: /does not contain descriptor matching platform|no matching manifest for/i,
    means: 'the image was built for another processor or operating system',
    fix: 'build for the platform of the task (docker buildx --platform), or set runtimePlatform to that of the image',
  },
  {
    id: 'registry-rate-limited',
    step: 'image-manifest',
    surfaces: ['task', 'container', 'event'],
    cause: 'registry',
    texts: [
      `${MANIFEST} 7 time(s): httpReadSeeker: failed open: ${RESOLVE}unexpected status code https://registry-1.docker.io/v2/{repository}/manifests/{tag}: 429 Too Many Requests - Server message: toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit`,
      'CannotPullContainerError: Error response from daemon: toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit',
    ],
    match: /429 Too Many Requests|toomanyrequests/i,
    means: 'Docker Hub limits anonymous pulls; no IAM permission changes that',
    fix: 'mirror the image to ECR, use a pull-through cache, or set repositoryCredentials',
  },
  {
    id: 'registry-needs-credentials',
    step: 'image-manifest',
    surfaces: ['task', 'container'],
    cause: 'configuration',
    texts: [
      `${MANIFEST} 1 time(s): ${RESOLVE}failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://{host}/token: 401 Unauthorized`,
    ],
    match: /failed to fetch anonymous token|401 Unauthorized/i,
    means: 'the registry is private and the container has no repositoryCredentials',
    fix: 'store the credentials in Secrets Manager and set repositoryCredentials.credentialsParameter',
  },
  {
    id: 'layers-unreachable',
    step: 'image-layers',
    surfaces: ['task', 'event'],
    cause: 'network',
    texts: [
      'CannotPullContainerError: The task cannot pull {image} from the registry {image}. There is a connection issue between the task and the registry. Check your task network configuration. : failed to copy: httpReadSeeker: failed open: failed to do request: Get {image}: dial tcp 52.216.0.10:443: i/o timeout',
      'CannotPullContainerError: ref pull has been retried 5 time(s): failed to copy: httpReadSeeker: failed open: failed to do request: Get {image}: dial tcp 52.216.0.10:443: i/o timeout',
    ],
    match: /failed to copy: httpRead(er)?Seeker: failed open: failed to do request/i,
    means: 'the task cannot reach S3, where ECR keeps the layers',
    fix: 'add an S3 gateway endpoint to the route table of the subnet (an S3 interface endpoint does not serve), or NAT',
  },
  {
    id: 'registry-unreachable',
    step: 'image-manifest',
    surfaces: ['task', 'container', 'event'],
    cause: 'network',
    texts: [
      'CannotPullContainerError: The task cannot pull {image} from the registry {image}. There is a connection issue between the task and the registry. Check your task network configuration. : pull image manifest has been retried 5 time(s): failed to resolve ref {image}: failed to do request: Head "https://{host}/v2/{repository}/manifests/{tag}": dial tcp 10.0.0.10:443: i/o timeout',
      `${MANIFEST} 5 time(s): ${RESOLVE}failed to do request: Head "https://{host}/v2/{repository}/manifests/{tag}": dial tcp 10.0.0.10:443: i/o timeout`,
    ],
    match: /failed to do request: Head|connection issue between the task and the registry/i,
    means: 'the task cannot reach the registry',
    fix: 'for ECR add an ecr.dkr endpoint or NAT; other registries, public ECR and Docker Hub need NAT or a public address',
  },
  {
    id: 'layers-denied',
    step: 'image-layers',
    surfaces: ['task', 'event'],
    cause: 'iam',
    texts: [
      'CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy: httpReaderSeeker: failed open: unexpected status code https://{host}/v2/{repository}/blobs/{digest}: 403 Forbidden',
      'CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy: httpReadSeeker: failed open: unexpected status code https://{host}/v2/{repository}/blobs/{digest}: 403 Forbidden',
      'CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy: httpReadSeeker: failed open: unexpected status from GET request to https://{host}/v2/{repository}/blobs/{digest}: 403 Forbidden',
    ],
    match: /failed to copy: httpRead(er)?Seeker: failed open: unexpected status|\/blobs\/\S+:? .*403 Forbidden/is,
    means:
      'the manifest may be read but the layers may not: ecr:GetDownloadUrlForLayer is missing, or the S3 endpoint policy leaves out the layer bucket',
    fix: 'allow ecr:GetDownloadUrlForLayer on the repository, and s3:GetObject on the layer bucket in the S3 endpoint policy',
    action: 'ecr:GetDownloadUrlForLayer',
  },
  {
    id: 'layers-denied-ec2',
    step: 'image-layers',
    surfaces: ['container'],
    cause: 'iam',
    texts: [
      `CannotPullContainerError: ${AGENT}Check that the role has the permissions to pull images from the registry. Error response from daemon: denied: {denial}`,
    ],
    match: /not authorized to perform: ecr:GetDownloadUrlForLayer/i,
    means: 'the manifest may be read but the layers may not',
    fix: 'allow ecr:GetDownloadUrlForLayer on the repository',
    action: 'ecr:GetDownloadUrlForLayer',
  },
  {
    id: 'registry-unreachable-ec2',
    step: 'image-layers',
    surfaces: ['container'],
    cause: 'network',
    texts: [
      'CannotPullContainerError: Error response from daemon: Get "https://{host}/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)',
      'CannotPullContainerError: API error (500): Get https://{host}/v2/: net/http: request canceled while waiting for connection',
    ],
    match: /net\/http: request canceled|REDACTED ECR URL|TLS handshake timeout/i,
    means: 'the container instance cannot reach the registry or S3',
    fix: 'give the subnet NAT or endpoints for ecr.dkr and S3, and let port 443 out',
  },
  {
    id: 'disk-full',
    step: 'image-layers',
    surfaces: ['container', 'task'],
    cause: 'capacity',
    texts: ['CannotPullContainerError: failed to register layer: write /layer: no space left on device'],
    match: /no space left on device/i,
    means: 'the disk is full',
    fix: 'raise ephemeralStorage (Fargate) or the volume of the instance, or clean up old images',
  },
  {
    id: 'image-reference-invalid',
    step: 'image-manifest',
    surfaces: ['task', 'container'],
    cause: 'configuration',
    texts: ['CannotPullContainerError: invalid reference format: {image}'],
    match: /invalid reference format/i,
    means: 'the image is not written as HOST/REPOSITORY:TAG',
    fix: 'correct the image: lower case, one tag, sha256: and 64 hexadecimal digits for a digest',
  },
])
