/** keyPath of the backup functions. */
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { type Arg, textArg } from '../../runtime/builtins/args.ts'
import { usageError } from '../../runtime/errors.ts'
import { type BackupKey, parseKey } from '../set/key.ts'
import { type BackupHost, isMissing } from './backup-host.ts'

/** What `keyPath` is, for the documentation of the functions that read a backup. */
export const KEY_DOC = 'keyPath is the key file of an encrypted backup.'

/** The key in a file, which is absolute or in the data directory; undefined if none is named. */
export function keyArg(host: BackupHost, keyPath: Arg, signature: string): BackupKey | undefined {
  if (isMissing(keyPath)) return undefined
  const text = textArg(keyPath, signature, 'keyPath')
  if (text === '' || text.includes('\0')) throw usageError(signature, 'keyPath must be the path of a file.')
  const path = isAbsolute(text) ? resolve(text) : join(host.home, text)
  return parseKey(host.openSet(dirname(path)).readFile(basename(path)), path)
}
