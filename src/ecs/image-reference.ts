import { partitionOfRegion } from '../iam/arn.ts'
import { CLASSIC_SUFFIXES, DUAL_STACK_SUFFIXES } from './partition.ts'

export type EcrRepository = {
  readonly partition: string
  readonly account: string
  readonly region: string
  readonly name: string
  readonly arn: string
}

/** A container image as Docker reads it. `repository` is without host; Docker Hub's official images get their `library/`. */
export type ImageReference = {
  readonly text: string
  readonly registry: 'ecr' | 'ecr-public' | 'docker-hub' | 'other'
  readonly host: string
  readonly repository: string
  /** `latest` when neither tag nor digest is written. */
  readonly tag?: string
  readonly digest?: string
  /** Only for a private ECR registry: whom the pull is authorised by. */
  readonly ecr?: EcrRepository
}

export type ImageProblem = { readonly text: string; readonly problem: string }

const REPOSITORY = /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*)*$/
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/
const HOST = /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?$|^\[[0-9A-Fa-f:]+\](?::\d{1,5})?$/

const anyOf = (suffixes: readonly string[]) => suffixes.map((suffix) => suffix.replaceAll('.', '\\.')).join('|')
const ECR_CLASSIC = new RegExp(`^(\\d{12})\\.dkr\\.ecr(?:-fips)?\\.([a-z0-9-]+)\\.(?:${anyOf(CLASSIC_SUFFIXES)})$`)
const ECR_DUAL_STACK = new RegExp(`^(\\d{12})\\.dkr-ecr(?:-fips)?\\.([a-z0-9-]+)\\.(?:${anyOf(DUAL_STACK_SUFFIXES)})$`)

/** Reads an image reference by the grammar of Docker and ECR, or says what is wrong with it. */
export function parseImageReference(text: string): ImageReference | ImageProblem {
  const at = text.indexOf('@')
  const digest = at < 0 ? undefined : text.slice(at + 1)
  const named = at < 0 ? text : text.slice(0, at)
  const slash = named.indexOf('/')
  const first = slash < 0 ? '' : named.slice(0, slash)
  const hasHost = first.includes('.') || first.includes(':') || first === 'localhost'
  const host = hasHost ? first : 'docker.io'
  const rest = hasHost ? named.slice(slash + 1) : named
  const colon = rest.lastIndexOf(':')
  const tag = colon > rest.lastIndexOf('/') ? rest.slice(colon + 1) : undefined
  const path = tag === undefined ? rest : rest.slice(0, colon)
  const problem = problemOf({ host, path, tag, digest })
  if (problem) return { text, problem }
  const registry = registryOf(host)
  const repository = registry === 'docker-hub' && !path.includes('/') ? `library/${path}` : path
  const ecr = registry === 'ecr' ? ecrRepositoryOf(host, repository) : undefined
  const shownTag = tag ?? (digest === undefined ? 'latest' : undefined)
  return {
    text,
    registry,
    host,
    repository,
    ...(shownTag === undefined ? {} : { tag: shownTag }),
    ...(digest === undefined ? {} : { digest }),
    ...(ecr ? { ecr } : {}),
  }
}

type Parts = { host: string; path: string; tag: string | undefined; digest: string | undefined }

function problemOf({ host, path, tag, digest }: Parts): string | undefined {
  if (path === '') return 'the image has no repository name'
  if (!HOST.test(host)) return `"${host}" is not a registry host`
  if (path !== path.toLowerCase()) return `the repository name "${path}" must be in lower case`
  if (!REPOSITORY.test(path)) return `"${path}" is not a repository name`
  if (path.length > 255) return 'the repository name is longer than 255 characters'
  if (tag !== undefined && !TAG.test(tag)) return `"${tag}" is not a tag`
  if (digest !== undefined && !DIGEST.test(digest))
    return `"${digest}" is not a digest: write sha256: and 64 hexadecimal digits`
  if (/\.dkr[.-]ecr/.test(host) && !ECR_CLASSIC.test(host) && !ECR_DUAL_STACK.test(host)) {
    return `"${host}" looks like an ECR registry but is none: write ACCOUNT.dkr.ecr.REGION.amazonaws.com with a 12-digit account`
  }
  return undefined
}

function registryOf(host: string): ImageReference['registry'] {
  if (ECR_CLASSIC.test(host) || ECR_DUAL_STACK.test(host)) return 'ecr'
  if (host === 'public.ecr.aws' || host === 'ecr-public.aws.com') return 'ecr-public'
  if (host === 'docker.io' || host === 'index.docker.io' || host === 'registry-1.docker.io') return 'docker-hub'
  return 'other'
}

function ecrRepositoryOf(host: string, name: string): EcrRepository | undefined {
  const [, account, region] = ECR_CLASSIC.exec(host) ?? ECR_DUAL_STACK.exec(host) ?? []
  if (!account || !region) return undefined
  const partition = partitionOfRegion(region)
  return { partition, account, region, name, arn: `arn:${partition}:ecr:${region}:${account}:repository/${name}` }
}
