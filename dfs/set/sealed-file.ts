/**
 * The bytes of an encrypted file, in pieces, so that any part of it can be read and is authenticated before it is used:
 *
 *   0   8   "HFSEAL02"
 *   8   16  salt: the file's own key is HKDF-SHA-256 of the set's key with it and `holdfast file`
 *   24      pieces: of each 128 KiB of the content, and of what is left, that in AES-256-GCM and 16 bytes (tag)
 *           16 bytes: the tag of an empty piece, which is the end
 *
 * The nonce of a piece is its number, 0, 1, ..., in 11 bytes, big endian, and one byte: 1 for the end, 0 before. The additional data is the file's name in the set. So pieces
 * cannot change places, neither in the file nor between files, a file cannot be cut or made longer, and its size tells that of the content.
 *
 * Written once from start to end; read anywhere.
 */
import { type CipherGCM, createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { HoldfastError } from '../../runtime/errors.ts'
import type { FileReader, FileWriter } from '../store/file-store.ts'
import { GCM, type Seal, TAG_BYTES } from './seal.ts'

const MAGIC = Buffer.from('HFSEAL02')
const SALT_BYTES = 16
const HEAD_BYTES = MAGIC.length + SALT_BYTES
/** As much as is copied and hashed at a time. */
const PIECE_BYTES = 1 << 17
const SEALED_PIECE_BYTES = PIECE_BYTES + TAG_BYTES
const FILE_KEY = 'holdfast file'

/** Size of the content of a sealed file; of one that is too short to be one, nothing. */
export function contentBytes(sealedBytes: number): number {
  const pieces = sealedBytes - HEAD_BYTES - TAG_BYTES
  return Math.max(0, pieces - TAG_BYTES * Math.ceil(pieces / SEALED_PIECE_BYTES))
}

function nonceOf(piece: number, isEnd: boolean): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUIntBE(piece, 5, 6)
  nonce[11] = isEnd ? 1 : 0
  return nonce
}

/** The head of a new file, and what encrypts its pieces. */
export function sealedHead(seal: Seal): { readonly head: Buffer; readonly key: Uint8Array } {
  const salt = randomBytes(SALT_BYTES)
  return { head: Buffer.concat([MAGIC, salt]), key: seal.derive(FILE_KEY, salt) }
}

/** Takes over the writer, which has written the head. */
export class SealingWriter implements FileWriter {
  readonly #inner: FileWriter
  readonly #key: Uint8Array
  readonly #name: Buffer
  #cipher: CipherGCM | undefined
  #piece = 0
  /** Of the piece that is being written. */
  #bytes = 0
  #isFinished = false
  bytesWritten = 0

  constructor(inner: FileWriter, key: Uint8Array, name: Buffer) {
    this.#inner = inner
    this.#key = key
    this.#name = name
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + PIECE_BYTES - this.#bytes)
      this.#cipher ??= this.#newCipher(false)
      this.#inner.write(this.#cipher.update(part))
      this.#bytes += part.length
      at += part.length
      if (this.#bytes === PIECE_BYTES) this.#endPiece()
    }
    this.bytesWritten += bytes.length
  }

  startWriteback(): void {
    this.#finish()
    this.#inner.startWriteback()
  }

  sync(): void {
    this.#finish()
    this.#inner.sync()
  }

  close(): void {
    this.#inner.close()
  }

  #newCipher(isEnd: boolean): CipherGCM {
    const cipher = createCipheriv(GCM, this.#key, nonceOf(this.#piece, isEnd))
    cipher.setAAD(this.#name)
    return cipher
  }

  #endPiece(): void {
    const cipher = this.#cipher!
    cipher.final()
    this.#inner.write(cipher.getAuthTag())
    this.#cipher = undefined
    this.#bytes = 0
    this.#piece++
  }

  #finish(): void {
    if (this.#isFinished) return
    this.#isFinished = true
    if (this.#bytes > 0) this.#endPiece()
    this.#cipher = this.#newCipher(true)
    this.#endPiece()
  }
}

/** Shows the content of a sealed file. What is not what was sealed is an error of reading, `sealBroken`, like one of the disk. */
export class OpeningReader implements FileReader {
  readonly bytes: number
  readonly #inner: FileReader
  readonly #key: Uint8Array
  readonly #name: Buffer
  readonly #path: string
  /** The piece that was read last, opened: many reads are of a few bytes. */
  #open: Buffer = Buffer.alloc(0)
  #openPiece = -1

  /** Throws if it is no sealed file; the inner reader is still the caller's then. */
  constructor(inner: FileReader, seal: Seal, name: Buffer, path: string) {
    this.#inner = inner
    this.#name = name
    this.#path = path
    const head = Buffer.alloc(HEAD_BYTES)
    const isHeaded = inner.read(head, 0) === HEAD_BYTES && head.subarray(0, MAGIC.length).equals(MAGIC)
    this.bytes = contentBytes(inner.bytes)
    if (!isHeaded || sealedBytes(this.bytes) !== inner.bytes) throw sealBroken(path)
    this.#key = seal.derive(FILE_KEY, head.subarray(MAGIC.length))
    if (this.bytes === 0) this.#requireEnd()
  }

  read(into: Uint8Array, offset: number): number {
    const end = Math.min(this.bytes, offset + into.length)
    for (let at = offset; at < end; ) {
      const piece = Math.floor(at / PIECE_BYTES)
      const content = this.#pieceAt(piece)
      const from = at - piece * PIECE_BYTES
      const part = content.subarray(from, Math.min(content.length, from + end - at))
      into.set(part, at - offset)
      at += part.length
    }
    return Math.max(0, end - offset)
  }

  close(): void {
    this.#inner.close()
  }

  #pieceAt(piece: number): Buffer {
    if (piece === this.#openPiece) return this.#open
    const from = piece * PIECE_BYTES
    const bytes = Math.min(PIECE_BYTES, this.bytes - from)
    this.#open = this.#unseal(HEAD_BYTES + piece * SEALED_PIECE_BYTES, bytes, nonceOf(piece, false))
    this.#openPiece = piece
    if (from + bytes === this.bytes) this.#requireEnd()
    return this.#open
  }

  #requireEnd(): void {
    const pieces = Math.ceil(this.bytes / PIECE_BYTES)
    this.#unseal(this.#inner.bytes - TAG_BYTES, 0, nonceOf(pieces, true))
  }

  #unseal(offset: number, bytes: number, nonce: Buffer): Buffer {
    const sealed = scratch.subarray(0, bytes + TAG_BYTES)
    if (this.#inner.read(sealed, offset) < sealed.length) throw sealBroken(this.#path)
    const decipher = createDecipheriv(GCM, this.#key, nonce)
    decipher.setAAD(this.#name)
    decipher.setAuthTag(sealed.subarray(bytes))
    try {
      const content = decipher.update(sealed.subarray(0, bytes))
      decipher.final()
      return content
    } catch {
      // The one thing that final says: the tag is not that of key, name, place and content.
      throw sealBroken(this.#path)
    }
  }
}

const sealedBytes = (content: number): number =>
  HEAD_BYTES + content + TAG_BYTES * (Math.ceil(content / PIECE_BYTES) + 1)

/** Of this thread: what is read into it is opened before anything else is read. */
const scratch = Buffer.alloc(SEALED_PIECE_BYTES)

export const sealBroken = (path: string): HoldfastError =>
  new HoldfastError('io', `${path} is not what was encrypted under this name`, {
    code: 'sealBroken',
    where: { file: path },
  })
