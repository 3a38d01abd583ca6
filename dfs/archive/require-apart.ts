/** Where an archive must not lie: in folders that the store, or a backup set, tidies. What they do not know there is removed. */
import { isAbsolute, relative, sep } from 'node:path'
import { HoldfastError } from '../../runtime/errors.ts'
import { holdsBackups, setAround } from '../set/own-folder.ts'
import type { FileStore } from '../store/file-store.ts'

const TIDIED = ['chunks', 'wal', 'checkpoint', 'archive', 'batchJobs', 'sysmgmt']

/** Throws `archivePlace` for an archive directory where the store keeps its own files, or that is the data directory. */
export function requireApart(dataDir: string, archiveDir: string | undefined): void {
  if (archiveDir === undefined) return
  const path = relative(dataDir, archiveDir)
  const isBelow = !isAbsolute(path) && path.split(sep)[0] !== '..'
  if (!isBelow || (path !== '' && !TIDIED.includes(path.split(sep)[0]!))) return
  throw new HoldfastError('input', `wal_archive_dir can't be ${archiveDir}: the store keeps files of its own there.`, {
    code: 'archivePlace',
    where: { file: archiveDir },
    hint: 'use a directory outside of the data directory, best on another disk',
  })
}

/** Throws `archivePlace` for an archive directory that holds backups, or that lies where a backup set tidies. */
export function requireNoBackups(archive: FileStore): void {
  if (holdsBackups(archive)) throw amongBackups(archive.root, 'it holds backups')
  const set = setAround(archive)
  if (set !== undefined) throw amongBackups(archive.root, `it lies in the backups in ${set}`)
}

const amongBackups = (dir: string, why: string): HoldfastError =>
  new HoldfastError(
    'input',
    `wal_archive_dir can't be ${dir}: ${why}, and a backup removes files there that it does not know.`,
    {
      code: 'archivePlace',
      where: { file: dir },
      hint: 'name a directory of its own',
    },
  )
