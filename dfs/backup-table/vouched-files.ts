/**
 * The data files of one table of a state, for reading in any order, with proof that they are what the state names.
 *
 * A state names size and XXH64 of whole files; a query reads parts of them. What ties a part to the state is the footer: it holds the XXH64 of each column buffer, which
 * is compared at each read, and of itself. So it is enough to know that the footer is the right one, and that takes the whole file once: when a file is opened for
 * the first time, it is read to its end and hashed. From then on its footer is known by its own checksum, and a file with another footer is refused, whoever
 * put it there. Footers that a verification saw, in a file that it proved, are known from the start (`knownFooter`).
 *
 * Parts are read through the file that was compared, not through its name: a file that is replaced or removed meanwhile changes nothing in an open one.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import { checkInterrupt } from '../../runtime/interrupt.ts'
import { footerChecksum } from '../segment/footer.ts'
import type { BackupSet } from '../set/open.ts'
import { type ExpectedFile, explain, type FileCheck } from '../set/pipeline.ts'
import { Checksum } from '../store/checksum.ts'
import type { FileReader, FileSource } from '../store/file-store.ts'

export type KnownFooter = (path: string, file: ExpectedFile) => string | undefined

/** Stays in the processor's cache between read and hash. */
const PIECE_BYTES = 1 << 17

export class VouchedFiles implements FileSource {
  readonly #set: BackupSet
  readonly #expected: ReadonlyMap<string, ExpectedFile>
  readonly #knownFooter: KnownFooter
  /** Checksums of the footers of files that were found to be whole. */
  readonly #footers = new Map<string, string>()
  #piece: Uint8Array | undefined

  /** `expected`: what the state says of each file, by path. */
  constructor(set: BackupSet, expected: ReadonlyMap<string, ExpectedFile>, knownFooter: KnownFooter = () => undefined) {
    this.#set = set
    this.#expected = expected
    this.#knownFooter = knownFooter
  }

  openRead(path: string): FileReader {
    try {
      return this.#open(path)
    } catch (error) {
      throw this.#set.explainFailure(error)
    }
  }

  #open(path: string): FileReader {
    const expected = this.#expected.get(path)
    if (expected === undefined) throw new HoldfastError('bug', `${path} is no file of this state`)
    const reader = this.#set.store.openRead(path)
    try {
      if (reader.bytes !== expected.bytes)
        throw damagedFile(path, { kind: 'sizeMismatch', expected: expected.bytes, found: reader.bytes })
      const known = this.#footers.get(path) ?? this.#knownFooter(path, expected)
      if (known === undefined) this.#readWhole(reader, path, expected)
      else if (footerChecksum(reader, path) !== known)
        throw damagedFile(path, undefined, 'its footer is not the one that it had when it was found to be whole')
      else this.#footers.set(path, known)
      return reader
    } catch (error) {
      reader.close()
      throw error
    }
  }

  #readWhole(reader: FileReader, path: string, expected: ExpectedFile): void {
    this.#piece ??= new Uint8Array(PIECE_BYTES)
    const checksum = new Checksum()
    for (let at = 0; at < reader.bytes; ) {
      checkInterrupt()
      const bytes = reader.read(this.#piece, at)
      // The file was cut while it was read: the hash of what there was cannot match.
      if (bytes === 0) break
      checksum.update(this.#piece.subarray(0, bytes))
      at += bytes
    }
    const found = checksum.hex()
    if (found !== expected.checksum)
      throw damagedFile(path, { kind: 'checksumMismatch', expected: expected.checksum, found })
    this.#footers.set(path, footerChecksum(reader, path))
  }
}

function damagedFile(path: string, check: FileCheck | undefined, what = ''): HoldfastError {
  return new HoldfastError(
    'data',
    `The file ${path} is damaged in the backup: ${check === undefined ? what : explain(check)}.`,
    {
      code: 'chunkChecksum',
      where: { file: path },
      hint: 'checkBackup lists all damage, and mends what it can with repair=true',
    },
  )
}
