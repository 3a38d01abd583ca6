/** keyPath of the backup functions. */
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { type Arg, textArg } from '../../runtime/builtins/args.ts'
import { usageError } from '../../runtime/errors.ts'
import { type BackupKey, parseKey } from '../set/key.ts'
import { SealedFileStore } from '../set/sealed-store.ts'
import type { FileStore } from '../store/file-store.ts'
import { type BackupHost, isMissing } from './backup-host.ts'

/** What `keyPath` is, for the documentation of the functions that read a backup. */
export const KEY_DOC = 'keyPath is the key file of an encrypted backup.'

/** The key that an argument names, undefined if none is given. */
export const keyArg = (host: BackupHost, keyPath: Arg, signature: string): BackupKey | undefined =>
  keyOfFile(host, isMissing(keyPath) ? undefined : textArg(keyPath, signature, 'keyPath'), signature)

/** The key in a file, which is absolute or in the data directory. */
export function keyOfFile(host: BackupHost, text: string | undefined, signature: string): BackupKey | undefined {
  if (text === undefined) return undefined
  if (text === '' || text.includes('\0')) throw usageError(signature, 'keyPath must be the path of a file.')
  const path = isAbsolute(text) ? resolve(text) : join(host.home, text)
  return parseKey(host.openSet(dirname(path)).readFile(basename(path)), path)
}

/** A set of databases as it is read with a key, or without. */
export const withKey = (set: FileStore, key: BackupKey | undefined): FileStore =>
  key === undefined ? set : new SealedFileStore(set, key, 'sealed')
