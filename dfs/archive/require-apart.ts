/** Folders of the data directory that the store tidies: what it does not know there is removed. */
import { isAbsolute, relative, sep } from 'node:path'
import { HoldfastError } from '../../runtime/errors.ts'

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
