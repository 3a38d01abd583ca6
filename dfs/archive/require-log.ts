/** An archive of a log in which data is missing would restore a store that never was: level 0 and archiving exclude each other. */
import { HoldfastError } from '../../runtime/errors.ts'
import type { CatalogCommand } from '../engine/apply.ts'
import { type StartSettings, settingNamed } from '../settings/index.ts'

const LEVEL = 'ts.wal.wal_level'

/** What the level is once the command is done; undefined if it does not change it. */
export function walLevelAfter(command: CatalogCommand, { environment, file }: StartSettings): unknown {
  if (command.kind === 'putSetting' && command.name === LEVEL) return command.value
  if (command.kind === 'removeSetting' && command.name === LEVEL)
    return environment[LEVEL] ?? file[LEVEL] ?? settingNamed(LEVEL)?.default
  return undefined
}

/** Throws `archiveLevel` for level 0. Only to be asked when archiving is on. */
export function requireLoggedData(walLevel: unknown): void {
  if (walLevel !== 0) return
  throw new HoldfastError(
    'input',
    `${LEVEL} can't be 0 while wal_archive_enabled is true: data would not be in the archive.`,
    {
      code: 'archiveLevel',
      where: { setting: LEVEL },
      hint: 'use level 1 or 2, or set wal_archive_enabled = false in holdfast.toml',
    },
  )
}
