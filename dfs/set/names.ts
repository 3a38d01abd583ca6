/**
 * Names in a backup set and in the arguments that speak about one. A name from a set is used as part of a path only after `checkName`, so nothing in a set can point
 * outside it or outside the data directory.
 */
import { inputError } from '../../runtime/errors.ts'
import { damagedMetadata, type Place } from './checked.ts'

const encoder = new TextEncoder()

/** True if the text may be one name of a path: not empty, not `.` or `..`, no separators, no control characters, short enough for a file system. */
export function isSafeName(name: string): boolean {
  if (name === '' || name === '.' || name === '..') return false
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  if (/[/\\\u0000-\u001f\u007f]/.test(name) || /^[A-Za-z]:$/.test(name)) return false
  return name.length <= 255 && (name.length < 64 || encoder.encode(name).length <= 255)
}

export function checkName(name: string, place: Place): string {
  if (!isSafeName(name))
    throw damagedMetadata(place.file, `${place.field} holds the name "${printable(name)}", which is not allowed`)
  return name
}

/** A partition path below the database: `/20170807/0_50`. Each level is a safe name. */
export function checkPartitionPath(path: string, place: Place): string {
  if (!path.startsWith('/'))
    throw damagedMetadata(place.file, `${place.field} "${printable(path)}" is not a partition path`)
  for (const name of path.slice(1).split('/')) checkName(name, place)
  return path
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: a name from outside must not reach a terminal raw.
const printable = (text: string): string => text.slice(0, 200).replace(/[\u0000-\u001f\u007f]/g, '?')

/** `dfs://compoDB` -> `compoDB`; `dfs://a/b` -> `a/b`. */
export function dbNameOf(url: string): string {
  return url.slice('dfs://'.length)
}

/** `dfs://x/` as people type it -> `dfs://x`, the form of the catalog. Throws if it is no url of a database. */
export function databaseUrl(text: string): string {
  const url = text.replace(/\/+$/, '')
  if (!/^dfs:\/\/[^/]/.test(url))
    throw inputError(
      `"${text}" is not the path of a distributed database; it must begin with "dfs://", followed by a name.`,
      { code: 'databaseUrl' },
    )
  return url
}

/** A database's name as one folder name: the `/` of a deep name would mix its files with those of a database above it. */
export function folderOfDatabase(url: string): string {
  return dbNameOf(url).replace(/[%/\\]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
}

/** The last element of the chunk paths of a table; empty where a chunk is of the whole database. */
export const pathIndexOf = (of: {
  readonly database: { readonly chunkGranularity: 'TABLE' | 'DATABASE' }
  readonly table: { readonly physicalIndex: string }
}): string => (of.database.chunkGranularity === 'TABLE' ? of.table.physicalIndex : '')

/** `dfs://compoDB/20170807/0_50/6F`; without a physical index the path ends at the partition. */
export function chunkPathOf(url: string, path: string, physicalIndex: string): string {
  return `${url}${path}${physicalIndex === '' ? '' : `/${physicalIndex}`}`
}
