/**
 * Files that scripts must leave alone: those that the store keeps its data in. What may be read and changed of them, functions of the store decide; a script that
 * opened or removed them as files would get round all of it.
 */
import { realpathSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { inputError } from './errors.ts'

const protectedPaths = new Set<string>()

/** From now on no script of this thread opens, writes or removes these files and folders, or removes a folder that holds them. */
export function protectFiles(paths: Iterable<string>): void {
  for (const path of paths) protectedPaths.add(resolve(path))
}

/** Throws for a path that is protected, whatever it is called: links are followed. */
export function requireUnprotected(path: string): void {
  if (protectedPaths.size === 0) return
  const wanted = realPath(resolve(path))
  for (const kept of protectedPaths) {
    const real = realPath(kept)
    if (isWithin(wanted, real) || isWithin(real, wanted))
      throw inputError(`<NoPrivilege>The path [${path}] belongs to the store; scripts can't use its files.`, {
        code: 'protectedFile',
        where: { file: path },
      })
  }
}

function isWithin(inner: string, outer: string): boolean {
  const way = relative(outer, inner)
  return way === '' || (way !== '..' && !way.startsWith('../') && !isAbsolute(way))
}

/** The path without links, as far as it exists. */
function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const parent = dirname(path)
    return parent === path ? path : join(realPath(parent), basename(path))
  }
}
