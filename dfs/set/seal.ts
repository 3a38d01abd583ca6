/**
 * What encrypts a set: everything that is made from its key. Keys for different uses are derived from it (HKDF-SHA-256), so that none is used for two things.
 *
 * - Pieces of a file: AES-256-GCM with a key of the file, derived with a random salt; see sealed-file.ts.
 * - Small records (the inner part of a manifest, entries of a log): 12 random bytes (nonce), the record in AES-256-GCM, 16 bytes (tag).
 * - Names in paths: the first 16 bytes of HMAC-SHA-256 over the folder and the name, and the name in AES-256-CTR with these as counter, together in base64url. The same name
 *   in the same folder is always the same, so that a path leads somewhere; in another folder it is another one.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { inputError } from '../../runtime/errors.ts'
import type { BackupKey } from './key.ts'

export const CIPHER = 'AES-256-GCM'
export const GCM = 'aes-256-gcm'
const CTR = 'aes-256-ctr'
const KEY_BYTES = 32
const NONCE_BYTES = 12
export const TAG_BYTES = 16
const IV_BYTES = 16
/** A file system takes 255 bytes; sealing makes four of three, and adds the counter. */
const NAME_BYTES_MAX = 175

export class Seal {
  readonly key: BackupKey
  readonly #records: Uint8Array
  readonly #nameMac: Uint8Array
  readonly #names: Uint8Array

  constructor(key: BackupKey) {
    this.key = key
    this.#records = this.derive('holdfast records')
    this.#nameMac = this.derive('holdfast name check')
    this.#names = this.derive('holdfast names')
  }

  /** A key for one use. */
  derive(use: string, salt: Uint8Array = new Uint8Array(0)): Uint8Array {
    return new Uint8Array(hkdfSync('sha256', this.key.bytes, salt, use, KEY_BYTES))
  }

  /** `context` is authenticated with it: a record cannot stand for another. */
  sealRecord(record: Uint8Array, context: string): Buffer {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(GCM, this.#records, nonce)
    cipher.setAAD(Buffer.from(context))
    return Buffer.concat([nonce, cipher.update(record), cipher.final(), cipher.getAuthTag()])
  }

  /** undefined: it is not what was sealed with this key and context. */
  openRecord(sealed: Uint8Array, context: string): Buffer | undefined {
    if (sealed.length < NONCE_BYTES + TAG_BYTES) return undefined
    const end = sealed.length - TAG_BYTES
    const decipher = createDecipheriv(GCM, this.#records, sealed.subarray(0, NONCE_BYTES))
    decipher.setAAD(Buffer.from(context))
    decipher.setAuthTag(sealed.subarray(end))
    try {
      return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, end)), decipher.final()])
    } catch {
      // The one thing that final says: the tag is not that of key, context and content.
      return undefined
    }
  }

  /** The name under which `name` lies in the folder. Throws for one that is too long to be sealed. */
  sealName(folder: string, name: string): string {
    const bytes = Buffer.from(name)
    if (bytes.length > NAME_BYTES_MAX)
      throw inputError(
        `The name "${name}" has ${bytes.length} bytes; names in an encrypted backup have at most ${NAME_BYTES_MAX}.`,
        {
          code: 'sealedName',
          hint: 'back up without keyPath, or rename it',
        },
      )
    const iv = this.#nameIv(folder, bytes)
    return Buffer.concat([iv, createCipheriv(CTR, this.#names, iv).update(bytes)]).toString('base64url')
  }

  /** undefined: it is no name that was sealed for this folder. */
  openName(folder: string, sealed: string): string | undefined {
    if (!/^[A-Za-z0-9_-]+$/.test(sealed)) return undefined
    const bytes = Buffer.from(sealed, 'base64url')
    if (bytes.length <= IV_BYTES || bytes.toString('base64url') !== sealed) return undefined
    const iv = bytes.subarray(0, IV_BYTES)
    const name = createDecipheriv(CTR, this.#names, iv).update(bytes.subarray(IV_BYTES))
    return this.#nameIv(folder, name).equals(iv) ? name.toString('utf8') : undefined
  }

  /** A short name for something that must not be named: the same for the same, and nothing else can be learned from it. */
  pseudonym(text: string): string {
    return createHmac('sha256', this.#nameMac).update('pseudonym\0').update(text).digest('hex').slice(0, 8)
  }

  #nameIv(folder: string, name: Uint8Array): Buffer {
    const mac = createHmac('sha256', this.#nameMac).update(`${folder}\0`).update(name).digest()
    return mac.subarray(0, IV_BYTES)
  }
}
