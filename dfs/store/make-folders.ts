/**
 * A folder and those above it. Not `mkdirSync` with `recursive`: on file systems that refuse a new folder with ENOENT though its parent is there (/proc does, and
 * some network file systems) that one never returns.
 */
import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** Folders may come and go while others tidy up. */
const ATTEMPTS = 100

/** Throws what the system says; a folder that is there already is fine. */
export function makeFolders(folder: string): void {
  let wasRefused = false
  for (let attempt = 1; ; attempt++)
    try {
      mkdirSync(folder)
      return
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EEXIST' && isFolder(folder)) return
      const parent = dirname(folder)
      if (code !== 'ENOENT' || parent === folder || attempt === ATTEMPTS) throw error
      // Once may be because another thread has just made it.
      const isRefused = isFolder(parent)
      if (isRefused && wasRefused) throw error
      wasRefused = isRefused
      if (!isRefused) makeFolders(parent)
    }
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
