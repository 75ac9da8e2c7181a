import { watch as watchFolder } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** The text of a file, or null when there is none. Throws when it is there and cannot be read. */
export async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return null
    throw error
  }
}

const SETTLE_MS = 50
const POLL_MS = 2_000

/**
 * Calls `changed` after the text of a file has changed, also when an editor or a mounted volume replaced the file. The folder's events
 * are quick and the poll is certain. Returns what ends it.
 */
export function watchText(path: string, current: string | null, changed: (text: string | null) => void): () => void {
  let known = current
  let ended = false
  let settling: Timer | undefined
  const look = async () => {
    const text = await textOf(path).catch(() => known)
    if (ended || text === known) return
    known = text
    changed(text)
  }
  const soon = () => {
    clearTimeout(settling)
    settling = setTimeout(() => void look(), SETTLE_MS)
  }
  const poll = setInterval(() => void look(), POLL_MS)
  poll.unref()
  const watcher = events(dirname(path), soon)
  return () => {
    ended = true
    clearInterval(poll)
    clearTimeout(settling)
    watcher?.close()
  }
}

function events(folder: string, heard: () => void) {
  try {
    const watcher = watchFolder(folder, { persistent: false }, heard)
    // The folder may go away; the poll goes on.
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    return undefined
  }
}
