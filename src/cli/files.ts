import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { AppError } from '../errors.ts'
import { type JsonText, parseJsonText } from '../lib/json-text.ts'
import type { Io } from './io.ts'

/** Reads a file that the user named, relative to where the command runs; `-` is standard input. A file that cannot be read is wrong usage. */
export async function readUserFile(path: string, io: Io): Promise<string> {
  if (path === '-') return io.readStdin()
  try {
    return await readFile(resolve(io.cwd, path), 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    const reason = READ_ERRORS[code] ?? `it cannot be read (${code || 'unknown error'})`
    throw new AppError('invalid_usage', `${path}: ${reason}.`, { field: path })
  }
}

const READ_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder, give a file',
  EACCES: 'you may not read it',
  ERR_STRING_TOO_LONG: 'it is too large',
}

/** Reads a user's JSON file; what is wrong with it is wrong usage, with line and column. */
export async function readUserJson(path: string, io: Io): Promise<JsonText> {
  const text = await readUserFile(path, io)
  return asUsage(path, () => {
    if (text.trim() === '') throw new AppError('invalid_json', 'The file is empty, it must hold JSON.')
    return parseJsonText(text)
  })
}

/** Runs what reads a user's document, and turns its refusal into wrong usage (exit code 2) that names the file. */
export function asUsage<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof AppError && error.status === 400) {
      throw new AppError('invalid_usage', `${path}: ${error.message}`, error.details, error)
    }
    throw error
  }
}
