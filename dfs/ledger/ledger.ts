/**
 * What is known of a set beyond what its states say: when each data file was last read to its end and found whole, where, and what the rows of its chunks are. It lies in
 * the set, so that it outlives the store and serves every machine that verifies the set.
 *
 * Nobody takes a lock for it. A run writes files of its own (file.ts), and merges the files that it has read into one when there are many; what it did not read it
 * does not remove. A set that cannot be written is verified all the same; only nobody will remember.
 */
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { HoldfastError } from '../../runtime/errors.ts'
import type { RowsDigest } from '../digest/rows-digest.ts'
import type { TableIndex } from '../set/meta.ts'
import type { ExpectedFile } from '../set/pipeline.ts'
import { checksumOf } from '../store/checksum.ts'
import type { FileStore } from '../store/file-store.ts'
import { PART_SUFFIX, replaceFile } from '../store/replace-file.ts'
import { decodeProofs, encodeProofs, type FileProof, type Proofs, type RowsProof } from './file.ts'

export const LEDGER_FOLDER = 'ledger'
const SUFFIX = '.proofs'
const NAME = /^[0-9]{8}T[0-9]{9}Z-[0-9a-f]{6}\.proofs$/
/** More files than this are merged into one: every run reads them all. */
const FILES_MAX = 4
/** Of a partition: versions whose rows are remembered. */
const VERSIONS_MAX = 8
/** A file that nobody completed in a day is nobody's. */
const PART_STALE_MS = 86_400_000

/** The machine, and the folder under which it sees the set. */
export const placeOf = (store: FileStore): string => `${hostname()}:${store.root}`

/** Stands for the rows of a chunk: which files, read in which way. */
export function contentOf({ table, query }: TableIndex, chunk: TableIndex['chunks'][number]): string {
  const { columns, sortColumns, primaryKey, keepDuplicates } = table
  const way =
    query === undefined
      ? [columns.map((c) => [c.name, c.stored, c.type, c.scale]), sortColumns, primaryKey, keepDuplicates]
      : query.columns.map((c) => [c.name, c.type, c.scale])
  const files = chunk.files.map((f) => [f.bytes, f.checksum, f.cid])
  return checksumOf(Buffer.from(JSON.stringify([way, files])))
}

export class Ledger {
  readonly #store: FileStore
  readonly #note: (text: string) => void
  readonly #files = new Map<string, FileProof>()
  readonly #rows = new Map<string, RowsProof>()
  /** Names of the files that are in `#files` and `#rows`. */
  #read: string[] = []
  #newFiles: FileProof[] = []
  #newRows: RowsProof[] = []
  #isWritable = true

  /** Reads what there is. `note` is told of files that are damaged, which are left alone, and when the ledger cannot be written. */
  constructor(store: FileStore, note: (text: string) => void) {
    this.#store = store
    this.#note = note
    for (const { name, kind } of store.list(LEDGER_FOLDER)) {
      if (kind !== 'file' || !NAME.test(name)) continue
      const proofs = this.#readFile(name)
      if (proofs === undefined) continue
      for (const file of proofs.files) this.#put(file)
      for (const rows of proofs.rows) this.#putRows(rows)
      this.#read.push(name)
    }
  }

  /** What is known of a file with this content under this path. */
  file(path: string, { bytes, checksum }: ExpectedFile): FileProof | undefined {
    const found = this.#files.get(path)
    return found?.checksum === checksum && found.bytes === bytes ? found : undefined
  }

  rows(index: TableIndex, chunk: TableIndex['chunks'][number]): RowsDigest | undefined {
    const place = { url: index.database.url, table: index.table.name, path: chunk.path }
    return this.rowsOf(place, contentOf(index, chunk))
  }

  rowsOf(place: Pick<RowsProof, 'url' | 'table' | 'path'>, content: string): RowsDigest | undefined {
    return this.#rows.get(`${rowsKey(place)}\n${content}`)?.digest
  }

  addFile(proof: FileProof): void {
    this.#put(proof)
    this.#newFiles.push(proof)
  }

  addRows(proof: RowsProof): void {
    this.#putRows(proof)
    this.#newRows.push(proof)
  }

  /** Makes durable what was added. A run calls it now and then, so that an interrupted one has not read in vain. */
  flush(nowMs: number): void {
    if (!this.#isWritable || this.#newFiles.length + this.#newRows.length === 0) return
    try {
      const name = this.#write({ files: this.#newFiles, rows: this.#newRows }, nowMs)
      this.#newFiles = []
      this.#newRows = []
      this.#read.push(name)
      if (this.#read.length > FILES_MAX) this.#merge(nowMs)
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.kind !== 'io') throw error
      this.#isWritable = false
      this.#note(
        `The ledger of the backup cannot be written, so this verification will not be remembered: ${error.message}`,
      )
    }
  }

  #readFile(name: string): Proofs | undefined {
    const file = `${LEDGER_FOLDER}/${name}`
    try {
      return decodeProofs(this.#store.readFile(file), file)
    } catch (error) {
      if (!(error instanceof HoldfastError) || (error.kind !== 'data' && error.kind !== 'io')) throw error
      // Another run has merged it, or somebody looks without the right to.
      if (error.code !== 'ENOENT') this.#note(`${error.message} What it proved will be proven again.`)
      return undefined
    }
  }

  #put(proof: FileProof): void {
    const known = this.#files.get(proof.path)
    if (known === undefined || known.provenMs <= proof.provenMs) this.#files.set(proof.path, proof)
  }

  #putRows(proof: RowsProof): void {
    this.#rows.set(`${rowsKey(proof)}\n${proof.content}`, proof)
  }

  #write(proofs: Proofs, nowMs: number): string {
    const stamp = new Date(nowMs).toISOString().replace(/[-:.]/g, '')
    const name = `${stamp}-${randomBytes(3).toString('hex')}${SUFFIX}`
    replaceFile(this.#store, `${LEDGER_FOLDER}/${name}`, encodeProofs(proofs))
    return name
  }

  #merge(nowMs: number): void {
    const files = [...this.#files.values()].filter(({ path }) => this.#store.stat(path) !== undefined)
    const name = this.#write({ files, rows: newestVersions(this.#rows.values()) }, nowMs)
    for (const merged of this.#read) this.#store.remove(`${LEDGER_FOLDER}/${merged}`)
    this.#read = [name]
    for (const { name: left } of this.#store.list(LEDGER_FOLDER)) {
      const file = `${LEDGER_FOLDER}/${left}`
      if (left.endsWith(PART_SUFFIX) && (this.#store.stat(file)?.modifiedMs ?? nowMs) < nowMs - PART_STALE_MS)
        this.#store.remove(file)
    }
  }
}

const rowsKey = ({ url, table, path }: Pick<RowsProof, 'url' | 'table' | 'path'>): string => `${url}\n${table}\n${path}`

function newestVersions(rows: Iterable<RowsProof>): RowsProof[] {
  const byPartition = Map.groupBy(rows, rowsKey)
  return [...byPartition.values()].flatMap((versions) =>
    versions.sort((a, b) => b.computedMs - a.computedMs).slice(0, VERSIONS_MAX),
  )
}
