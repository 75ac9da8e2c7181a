// One installation at a time in a clone: `npm ci` of two launchers at once delete each other's files. Plain Node.
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'

const POLL_MS = 100
/** No installation takes this long; a number of a process that is older than it has been given to somebody else. */
const LONGEST_MS = 15 * 60_000

/**
 * Takes the lock, waiting while another process that lives has it. The file holds the numbers of the processes it stands for; one that
 * all of them left behind is taken over. `onWait` is called once when there is somebody to wait for.
 */
export function takeInstallLock(path, onWait = () => {}) {
  for (let waited = false; ; waited = true) {
    const mine = `${path}.${process.pid}`
    // Linked into place with its words in it: nobody ever sees an empty lock.
    writeFileSync(mine, String(process.pid))
    try {
      linkSync(mine, path)
      return {
        /** A process that works under the lock, and holds it should this one be killed. */
        alsoFor: (pid) => writeFileSync(path, `${process.pid} ${pid}`),
        release: () => rmSync(path, { force: true }),
      }
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    } finally {
      rmSync(mine, { force: true })
    }
    if (!waited) onWait()
    const text = read(path)
    if (text !== undefined && isLeft(path, text)) removeLeft(path, text)
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS)
  }
}

function isLeft(path, text) {
  const alive = text.split(' ').some((pid) => isAlive(Number(pid)))
  return !alive || ageOf(path) > LONGEST_MS
}

/** Moves the lock away before it looks again, so that of several that wait only one takes it, and never the lock of whoever was faster. */
function removeLeft(path, text) {
  const away = `${path}.${process.pid}.left`
  try {
    renameSync(path, away)
    if (readFileSync(away, 'utf8') !== text) linkSync(away, path)
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error
  } finally {
    rmSync(away, { force: true })
  }
}

function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function ageOf(path) {
  try {
    return Date.now() - statSync(path).mtimeMs
  } catch {
    return 0
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
