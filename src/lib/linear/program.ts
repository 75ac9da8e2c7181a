import { PatternError, type Alternative, type Edge, type Node, type Ranges } from './parse.ts'

/** States of one pattern at most; a repetition counts as often as it may repeat. */
const MAX_STATES = 20_000

/** A non-deterministic automaton: each state reads one unit of `ranges` and goes to `next`, or splits without reading. */
export type Program = {
  /** Ranges of a reading state; undefined where a state splits or accepts. */
  readonly reads: readonly (Ranges | undefined)[]
  /** Where a state goes: one state after reading, any number when it splits, none when it accepts. */
  readonly next: readonly (readonly number[])[]
  /** The accepting states: what must hold after the match. */
  readonly accepts: ReadonlyMap<number, Edge>
  readonly starts: readonly { readonly state: number; readonly before: Edge }[]
}

/** Compiles alternatives; literal texts share their beginnings, so that ten thousand words stay small. */
export function compileProgram(alternatives: readonly Alternative[]): Program {
  const builder = new Builder()
  const starts = alternatives.map(({ node, before, after }) => {
    const accept = builder.add(undefined, [])
    builder.accepts.set(accept, after)
    return { state: builder.compile(node, accept), before }
  })
  return { reads: builder.reads, next: builder.next, accepts: builder.accepts, starts }
}

/** Compiles words into one tree. Each word is matched as a whole. */
export function compileWords(words: readonly string[], toNode: (text: string) => Node): Program {
  const builder = new Builder()
  const root = builder.add(undefined, [])
  const children = new Map<string, number>()
  for (const word of words) {
    let state = root
    const node = toNode(word)
    const units = node.kind === 'sequence' ? node.nodes : [node]
    for (const unit of units) {
      if (unit.kind !== 'set') continue
      const id = `${state}:${unit.ranges.join()}`
      let child = children.get(id)
      if (child === undefined) {
        child = builder.add(undefined, [])
        children.set(id, child)
        builder.link(state, builder.add(unit.ranges, [child]))
      }
      state = child
    }
    if (state === root) continue
    const accept = builder.add(undefined, [])
    builder.accepts.set(accept, 'whole')
    builder.link(state, accept)
  }
  return {
    reads: builder.reads,
    next: builder.next,
    accepts: builder.accepts,
    starts: [{ state: root, before: 'whole' }],
  }
}

class Builder {
  readonly reads: (Ranges | undefined)[] = []
  readonly next: number[][] = []
  readonly accepts = new Map<number, Edge>()

  add(reads: Ranges | undefined, next: number[]): number {
    this.reads.push(reads)
    this.next.push(next)
    return this.reads.length - 1
  }

  link(from: number, to: number): void {
    this.next[from]!.push(to)
  }

  /** Compiles from the end: returns the state from which `node` leads to `to`. */
  compile(node: Node, to: number): number {
    if (this.reads.length > MAX_STATES) throw new PatternError('the pattern repeats too much', 0)
    switch (node.kind) {
      case 'empty':
        return to
      case 'set':
        return this.add(node.ranges, [to])
      case 'sequence':
        return node.nodes.reduceRight((state, part) => this.compile(part, state), to)
      case 'choice':
        return this.add(
          undefined,
          node.nodes.map((part) => this.compile(part, to)),
        )
      case 'repeat':
        return this.#repeat(node, to)
    }
  }

  #repeat({ node, min, max }: Extract<Node, { kind: 'repeat' }>, to: number): number {
    let state = to
    if (max === Infinity) {
      const loop = this.add(undefined, [to])
      this.link(loop, this.compile(node, loop))
      state = loop
    } else {
      for (let extra = min; extra < max; extra++) state = this.add(undefined, [to, this.compile(node, state)])
    }
    for (let needed = 0; needed < min; needed++) state = this.compile(node, state)
    return state
  }
}
