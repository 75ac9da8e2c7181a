import { isRecord } from '../document.ts'
import { unknownPart } from '../need.ts'

/** What a template's references resolve to. */
export type Scope = {
  readonly parameters: ReadonlyMap<string, unknown>
  readonly resources: Readonly<Record<string, unknown>>
  readonly mappings: Readonly<Record<string, unknown>>
  readonly conditions: Readonly<Record<string, unknown>>
  readonly pseudo: Readonly<Record<string, string>>
  /** The value of `Ref` and `GetAtt` on a resource of the template, or undefined when only the deployment knows it. */
  readonly attribute: (logicalId: string, attribute: string | undefined) => string | undefined
}

/** Stands for a member that `AWS::NoValue` takes away. */
const NO_VALUE = Symbol('AWS::NoValue')

/** Deeper nesting of functions than any template has: a mapping or condition that refers to itself ends here. */
const MAX_DEPTH = 64

/** A template's value with every function replaced by what it gives; what only the deployment knows becomes `⟨name⟩`. */
export function resolveValue(value: unknown, scope: Scope): unknown {
  const resolved = resolve(value, scope, 0)
  return resolved === NO_VALUE ? undefined : resolved
}

function resolve(value: unknown, scope: Scope, depth: number): unknown {
  if (depth > MAX_DEPTH) return unknownPart('nested too deep')
  if (Array.isArray(value))
    return value.map((item: unknown) => resolve(item, scope, depth + 1)).filter((item) => item !== NO_VALUE)
  if (!isRecord(value)) return value
  const [only, ...others] = Object.entries(value)
  if (only && others.length === 0 && (only[0] === 'Ref' || only[0] === 'Condition' || only[0].startsWith('Fn::'))) {
    const given = call(only[0], only[1], scope, depth + 1)
    if (given !== undefined) return given
  }
  const members = Object.entries(value).map(([key, member]) => [key, resolve(member, scope, depth + 1)] as const)
  return Object.fromEntries(members.filter(([, member]) => member !== NO_VALUE))
}

function call(name: string, argument: unknown, scope: Scope, depth: number): unknown {
  const text = (value: unknown) => textOf(resolve(value, scope, depth))
  const list = (value: unknown): readonly unknown[] => {
    const resolved = resolve(value, scope, depth)
    return Array.isArray(resolved) ? resolved : [resolved]
  }
  switch (name) {
    case 'Ref':
      return typeof argument === 'string' ? reference(argument, scope) : unknownPart('Ref')
    case 'Fn::GetAtt': {
      const path = typeof argument === 'string' ? argument.split('.') : list(argument).map(String)
      const [id = '', ...attribute] = path
      return scope.attribute(id, attribute.join('.')) ?? unknownPart(path.join('.'))
    }
    case 'Fn::Sub':
      return substitute(argument, scope, depth)
    case 'Fn::Join': {
      const [separator, parts] = Array.isArray(argument) ? (argument as readonly unknown[]) : []
      return list(parts).map(textOf).join(textOf(separator))
    }
    case 'Fn::Select': {
      const [index, items] = Array.isArray(argument) ? (argument as readonly unknown[]) : []
      return list(items)[Number(text(index))] ?? unknownPart('Select')
    }
    case 'Fn::Split': {
      const [separator, source] = Array.isArray(argument) ? (argument as readonly unknown[]) : []
      return text(source).split(textOf(separator))
    }
    case 'Fn::If': {
      const [condition, yes, no] = Array.isArray(argument) ? (argument as readonly unknown[]) : []
      return choose(textOf(condition), yes, no, scope, depth)
    }
    case 'Fn::FindInMap': {
      const [map = '', first = '', second = ''] = list(argument).map(textOf)
      const found = step(step(step(scope.mappings, map), first), second)
      return found === undefined ? unknownPart(`FindInMap ${map}`) : resolve(found, scope, depth)
    }
    case 'Fn::ToJsonString':
      return JSON.stringify(resolve(argument, scope, depth))
    case 'Fn::ImportValue':
      return unknownPart(`ImportValue ${text(argument).replace(/[⟨⟩]/g, '')}`)
    case 'Fn::Base64':
    case 'Fn::Cidr':
    case 'Fn::GetAZs':
    case 'Fn::Transform':
    case 'Fn::Length':
      return unknownPart(name.slice('Fn::'.length))
    default:
      return undefined
  }
}

function reference(name: string, scope: Scope): unknown {
  if (name === 'AWS::NoValue') return NO_VALUE
  if (Object.hasOwn(scope.pseudo, name)) return scope.pseudo[name]
  if (scope.parameters.has(name)) return scope.parameters.get(name)
  return scope.attribute(name, undefined) ?? unknownPart(name)
}

function substitute(argument: unknown, scope: Scope, depth: number): string {
  const [template, names] = Array.isArray(argument) ? (argument as readonly unknown[]) : [argument, {}]
  const own = isRecord(names) ? names : {}
  return textOf(template).replace(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
    if (literal) return `\${${name}}`
    if (Object.hasOwn(own, name)) return textOf(resolve(own[name], scope, depth))
    if (name.includes('.')) {
      const [id = '', ...attribute] = name.split('.')
      return scope.attribute(id, attribute.join('.')) ?? unknownPart(name)
    }
    return textOf(reference(name, scope))
  })
}

/** The branch of `Fn::If`; when the condition is unknown, a text that could be either is unknown and a structure takes the first branch. */
function choose(name: string, yes: unknown, no: unknown, scope: Scope, depth: number): unknown {
  const holds = condition(scope.conditions[name], scope, depth)
  if (holds !== undefined) return resolve(holds ? yes : no, scope, depth)
  const branches = [resolve(yes, scope, depth), resolve(no, scope, depth)]
  const [first, second] = branches
  if (JSON.stringify(first) === JSON.stringify(second)) return first
  return typeof first === 'string' && typeof second === 'string'
    ? unknownPart(`If ${name}`)
    : first === NO_VALUE
      ? second
      : first
}

function condition(value: unknown, scope: Scope, depth: number): boolean | undefined {
  if (depth > MAX_DEPTH || !isRecord(value)) return undefined
  const [name, argument] = Object.entries(value)[0] ?? []
  const parts: readonly unknown[] = Array.isArray(argument) ? argument : [argument]
  const all = () => parts.map((part) => condition(part, scope, depth + 1))
  switch (name) {
    case 'Condition':
      return condition(scope.conditions[textOf(argument)], scope, depth + 1)
    case 'Fn::Equals': {
      const [left, right] = parts.map((part) => textOf(resolve(part, scope, depth + 1)))
      return left === undefined || right === undefined || /⟨/.test(left + right) ? undefined : left === right
    }
    case 'Fn::Not': {
      const [inner] = all()
      return inner === undefined ? undefined : !inner
    }
    case 'Fn::And':
      return all().includes(false) ? false : all().includes(undefined) ? undefined : true
    case 'Fn::Or':
      return all().includes(true) ? true : all().includes(undefined) ? undefined : false
    default:
      return undefined
  }
}

function step(value: unknown, key: string): unknown {
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return value === undefined || value === null || value === NO_VALUE || typeof value === 'symbol'
    ? ''
    : JSON.stringify(value)
}
