/** Calls that come meanwhile wait about so long at most. */
const WORK_MS = 0.2
const REST_MS = 0.1

const NOTHING_CHANGES = new Int32Array(new SharedArrayBuffer(4))

/**
 * Rests for a thread that keeps house beside one that serves calls. Where both share a core, the kernel lets whoever runs go on until the
 * timer's next tick, up to 4 ms later, though the other one waits: so the thread sleeps for a moment after each short piece of work. `take`
 * is called between pieces, and takes a rest when it is due. It blocks: not for a thread that others wait for.
 */
export class Rests {
  /** No time for rests: the work falls behind. */
  hurried = false
  readonly #now: () => number
  readonly #sleep: (ms: number) => void
  #since: number

  constructor(
    now: () => number = () => performance.now(),
    sleep: (ms: number) => void = (ms) => void Atomics.wait(NOTHING_CHANGES, 0, 0, ms),
  ) {
    this.#now = now
    this.#sleep = sleep
    this.#since = now()
  }

  readonly take = (): void => {
    if (this.hurried || this.#now() - this.#since < WORK_MS) return
    this.#sleep(REST_MS)
    this.#since = this.#now()
  }
}

/** For work that nobody's calls wait behind. */
export const noRest = (): void => {}
