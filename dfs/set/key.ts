/**
 * The key of an encrypted set. A key file is text of two lines: the version, `holdfast-key-1`, and 32 random bytes as 64 hex digits. Whoever has it can read the
 * backups; without it nobody can, so it must not lie beside them only.
 */
import { createHmac } from 'node:crypto'
import { inputError } from '../../runtime/errors.ts'

const VERSION = 'holdfast-key-1'
const FILE = /^holdfast-key-1\r?\n([0-9a-fA-F]{64})\s*$/

export interface BackupKey {
  readonly bytes: Uint8Array
  /** Tells keys apart, and nothing about them. */
  readonly id: string
}

/** `file` is for messages. Throws for anything that is no key. */
export function parseKey(content: Uint8Array, file: string): BackupKey {
  const text = Buffer.from(content.subarray(0, 1024)).toString('latin1')
  const digits = content.length <= 1024 ? FILE.exec(text)?.[1] : undefined
  if (digits === undefined)
    throw inputError(
      text.startsWith('holdfast-key-') && !text.startsWith(`${VERSION}\n`) && !text.startsWith(`${VERSION}\r`)
        ? `The key file ${file} is of a version that this release does not know.`
        : `${file} is not a key file: it must have the line ${VERSION} and a line of 64 hex digits.`,
      {
        code: 'keyFile',
        where: { file },
        hint: `(echo ${VERSION}; openssl rand -hex 32) > FILE makes one`,
      },
    )
  const bytes = Buffer.from(digits, 'hex')
  const id = createHmac('sha256', bytes).update('holdfast key id').digest('hex').slice(0, 16)
  return { bytes, id }
}

/** Throws unless `key` is the one that a set needs. `needed` undefined: it is not encrypted. */
export function requireKey(root: string, needed: string | undefined, key: { readonly id: string } | undefined): void {
  const where = { file: root }
  if (needed === undefined && key !== undefined)
    throw inputError(`The backups in ${root} are not encrypted, but a key was given.`, {
      code: 'keyNotNeeded',
      where,
      hint: 'leave the key out, or use another directory for encrypted backups',
    })
  if (needed !== undefined && key === undefined)
    throw inputError(`The backups in ${root} are encrypted; their key is needed.`, {
      code: 'keyMissing',
      where,
      hint: 'name its file as keyPath (--key on the command line)',
    })
  if (key !== undefined && needed !== key.id)
    throw inputError(`The backups in ${root} are encrypted with another key.`, {
      code: 'keyWrong',
      where,
      hint: `the key has the id ${key.id}, the backups need ${needed}`,
    })
}
