/** The files of a set, a copy or an archive by path, which can be changed so that every checksum that covers a change is made right. */
import { checksumOf } from '../../dfs/store/checksum.ts'
import { MemoryFileStore } from '../../dfs/store/memory-store.ts'
import { signedOf } from './signed.ts'

export type Files = ReadonlyMap<string, Uint8Array>

export function filesOf(store: MemoryFileStore): Map<string, Uint8Array> {
  return new Map([...store.files().keys()].map((path) => [path, store.readFile(path)]))
}

export function storeOf(files: Files): MemoryFileStore {
  const store = new MemoryFileStore()
  for (const [path, bytes] of files) put(store, path, bytes)
  return store
}

export function put(store: MemoryFileStore, path: string, bytes: Uint8Array): void {
  const writer = store.openWrite(path)
  writer.write(bytes)
  writer.sync()
  writer.close()
}

/** Sizes and checksums of `path` in all other files become those of `bytes`, and so on upwards. */
export function replaceSigned(files: Map<string, Uint8Array>, path: string, bytes: Uint8Array): void {
  const before = files.get(path)!
  files.set(path, bytes)
  for (const [other, content] of files) if (other !== path && same(content, before)) files.set(other, bytes)
  const from = { digest: checksumOf(before), bytes: before.length }
  const to = { digest: checksumOf(bytes), bytes: bytes.length }
  if (from.digest === to.digest) return
  for (const [other, content] of [...files]) {
    if (other === path || !Buffer.from(content).includes(from.digest)) continue
    const signed = signedOf(other, content)
    if (signed === undefined || !isSubstituted(signed.value, from, to)) continue
    replaceSigned(files, other, signed.encode(signed.value))
  }
}

const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && Buffer.from(a).equals(b)

interface Print {
  readonly digest: string
  readonly bytes: number
}

/** A value that was nested beyond any stack before is left as it is. */
function isSubstituted(value: unknown, from: Print, to: Print): boolean {
  try {
    return substitute(value, from, to)
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

/** Whether anything was found. */
function substitute(value: unknown, from: Print, to: Print): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false
  const fields = value as Record<string, unknown>
  let found = false
  const isNamed = Object.values(fields).includes(from.digest)
  for (const [key, item] of Object.entries(fields))
    if (item === from.digest) {
      fields[key] = to.digest
      found = true
    } else if (isNamed && item === from.bytes) fields[key] = to.bytes
    else if (substitute(item, from, to)) found = true
  return found
}
