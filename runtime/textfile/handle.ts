/**
 * An open file of a script. Reads go through a buffer of one chunk, so the position that the script sees is not that of the descriptor;
 * writes are gathered until a chunk is full, the handle is flushed or closed, or a read or seek comes between.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { HoldfastError, inputError } from '../errors.ts'
import { requireUnprotected } from '../protected-files.ts'
import { writeAll } from './save.ts'

const CHUNK_BYTES = 64 * 1024
const MODES = ['r', 'r+', 'w', 'w+', 'a', 'a+']

export class FileHandle {
  readonly path: string
  readonly #fd: number
  readonly #append: boolean
  #open = true
  /** Position in the file of the next byte to read or write. */
  #position = 0
  #buffer = Buffer.alloc(0)
  #bufferStart = 0
  #pending: Buffer[] = []
  #pendingBytes = 0

  constructor(path: string, mode: string) {
    if (!MODES.includes(mode))
      throw inputError(`Invalid file mode [${mode}]: it must be one of ${MODES.join(' ')}.`, { code: 'fileMode' })
    requireUnprotected(path)
    this.path = path
    this.#append = mode.startsWith('a')
    try {
      this.#fd = openSync(path, mode)
    } catch (cause) {
      throw inputError(`Failed to open file [${path}]: ${(cause as Error).message}`, { code: 'fileOpen', cause })
    }
    if (this.#append) this.#position = fstatSync(this.#fd).size
  }

  /** Up to `count` bytes from the current position; fewer at the end of the file. */
  read(count: number): Buffer {
    this.flush()
    const parts: Buffer[] = []
    let left = count
    while (left > 0) {
      const chunk = this.#available()
      if (chunk.length === 0) break
      const part = chunk.subarray(0, left)
      parts.push(part)
      this.#position += part.length
      left -= part.length
    }
    return parts.length === 1 ? Buffer.from(parts[0]) : Buffer.concat(parts)
  }

  /** The next line without its end (LF or CRLF); undefined at the end of the file. */
  readLine(): string | undefined {
    this.flush()
    const parts: Buffer[] = []
    for (;;) {
      const chunk = this.#available()
      if (chunk.length === 0) break
      const end = chunk.indexOf(10)
      const part = end < 0 ? chunk : chunk.subarray(0, end)
      parts.push(Buffer.from(part))
      this.#position += end < 0 ? chunk.length : end + 1
      if (end >= 0) return withoutReturn(Buffer.concat(parts))
    }
    return parts.length === 0 ? undefined : withoutReturn(Buffer.concat(parts))
  }

  write(bytes: Buffer): void {
    this.#check()
    this.#pending.push(bytes)
    this.#pendingBytes += bytes.length
    if (this.#pendingBytes >= CHUNK_BYTES) this.flush()
  }

  /** Hands pending writes to the operating system. */
  flush(): void {
    this.#check()
    if (this.#pendingBytes === 0) return
    const bytes = Buffer.concat(this.#pending)
    this.#pending = []
    this.#pendingBytes = 0
    writeAll(this.#fd, bytes, this.#append ? null : this.#position)
    this.#position += bytes.length
    this.#buffer = Buffer.alloc(0)
  }

  /** Moves the position; returns the new one. */
  seek(offset: number, from: 'HEAD' | 'CURRENT' | 'TAIL'): number {
    this.flush()
    const base = from === 'HEAD' ? 0 : from === 'CURRENT' ? this.#position : fstatSync(this.#fd).size
    if (base + offset < 0)
      throw inputError('The position must not be before the start of the file.', { code: 'fileSeek' })
    this.#position = base + offset
    return this.#position
  }

  close(): void {
    if (!this.#open) return
    try {
      this.flush()
    } finally {
      this.#open = false
      closeSync(this.#fd)
    }
  }

  /** Buffered bytes from the position on, refilled when used up. Empty at the end of the file. */
  #available(): Buffer {
    let at = this.#position - this.#bufferStart
    if (at < 0 || at >= this.#buffer.length) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
      const got = readSync(this.#fd, chunk, 0, CHUNK_BYTES, this.#position)
      this.#buffer = chunk.subarray(0, got)
      this.#bufferStart = this.#position
      at = 0
    }
    return this.#buffer.subarray(at)
  }

  #check(): void {
    if (!this.#open) throw new HoldfastError('input', `The file [${this.path}] is closed.`, { code: 'fileClosed' })
  }
}

function withoutReturn(line: Buffer): string {
  const end = line.length > 0 && line[line.length - 1] === 13 ? line.length - 1 : line.length
  return line.toString('utf8', 0, end)
}
