/**
 * Looks at the file of an LMDB environment before it is mapped into memory: reading behind the end of a mapped file ends the process without a word.
 *
 * The file begins with two pages that each describe a state (the newer one counts): magic 0xBEEFC0DE at byte 24, 24 bytes behind it two records of 48 bytes for the tree
 * of free pages and the tree of entries (page size in the first four bytes of the first one, root page in the last eight of each), then the number of the last page.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { HoldfastError } from '../../runtime/errors.ts'
import { storeError } from '../store/store-error.ts'

const MAGIC = 0xbeefc0de
const MAGIC_AT = 24
const TREES_AT = 48
const TREE_BYTES = 48
const ROOT_AT = 40
const LAST_AT = TREES_AT + 2 * TREE_BYTES
const STATE_AT = LAST_AT + 8
const HEAD_BYTES = STATE_AT + 8
const PAGE_BYTES_MAX = 65_536
/** Pages at the end that were given out and not needed after all are not written: a few. */
const unwrittenMax = (last: bigint): bigint => (last < 128n ? 16n : last / 8n)

/**
 * Throws `catalogDamaged` if the file is cut off. A few pages at its end may lack in a whole one, so a cut there is not noticed. A file that is no LMDB
 * environment at all is for LMDB to refuse.
 */
export function requireWholeFile(file: string, mayBeEmpty: boolean): void {
  let descriptor: number
  try {
    descriptor = openSync(file, 'r')
  } catch (error) {
    // To be made, or missing: opening it says so. Why it can not be read LMDB would say in words of its own.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw storeError('read', file, error)
  }
  try {
    const bytes = fstatSync(descriptor).size
    const needed = bytes === 0 && mayBeEmpty ? 0n : bytesNeeded(descriptor, bytes)
    if (BigInt(bytes) >= needed) return
    throw new HoldfastError('data', `The catalog ${file} is cut off: it has ${bytes} bytes and needs ${needed}.`, {
      code: 'catalogDamaged',
      where: { file, offset: bytes },
      hint: 'nothing was changed; put an intact copy of the file back, or restore the databases from a backup',
    })
  } finally {
    closeSync(descriptor)
  }
}

function bytesNeeded(descriptor: number, bytes: number): bigint {
  if (bytes < 2 * HEAD_BYTES) return BigInt(2 * HEAD_BYTES)
  const head = Buffer.alloc(HEAD_BYTES)
  const states: { readonly number: bigint; readonly bytes: bigint }[] = []
  let pageBytes = 0
  // The second description stands in the second page.
  for (const page of [0, 1]) {
    if (page === 1 && pageBytes === 0) break
    const read = readSync(descriptor, head, 0, HEAD_BYTES, page * pageBytes)
    if (read < HEAD_BYTES || head.readUInt32LE(MAGIC_AT) !== MAGIC) continue
    pageBytes = head.readUInt32LE(TREES_AT)
    if (pageBytes < 512 || pageBytes > PAGE_BYTES_MAX) return 0n
    const roots = [0, 1].map((tree) => head.readBigInt64LE(TREES_AT + tree * TREE_BYTES + ROOT_AT))
    const last = head.readBigInt64LE(LAST_AT)
    const highest = [...roots, last - unwrittenMax(last)].reduce((a, b) => (a > b ? a : b), 1n)
    states.push({ number: head.readBigInt64LE(STATE_AT), bytes: (highest + 1n) * BigInt(pageBytes) })
  }
  return states.reduce((newest, s) => (s.number >= newest.number ? s : newest), { number: -1n, bytes: 0n }).bytes
}
