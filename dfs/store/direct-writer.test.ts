import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DIRECT_BYTES_MIN } from './direct-writer.ts'
import { openCopy } from './file-store.ts'
import { LocalFileStore } from './local-store.ts'
import { MemoryFileStore } from './memory-store.ts'

let folder = ''
let store: LocalFileStore
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-direct-'))
  store = new LocalFileStore(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const MIB = 1 << 20
const contentOf = (bytes: number): Uint8Array => {
  const content = new Uint8Array(bytes)
  for (let k = 0; k < bytes; k++) content[k] = (k * 31 + (k >> 12) * 7) & 255
  return content
}

/** Announced, written, and in pieces of which sizes. */
const cases: readonly [what: string, announced: number, bytes: number, pieces: readonly number[]][] = [
  ['nothing at all', DIRECT_BYTES_MIN, 0, [1]],
  ['less than a block', DIRECT_BYTES_MIN, 100, [7]],
  ['whole blocks', DIRECT_BYTES_MIN, 2 * MIB, [1 << 17]],
  ['a buffer exactly', DIRECT_BYTES_MIN, 4 * MIB, [1 << 17]],
  ['a byte more than a buffer', DIRECT_BYTES_MIN, 4 * MIB + 1, [1 << 17]],
  ['several buffers and the end of a block', 9 * MIB, 9 * MIB + 4095, [1 << 17]],
  ['pieces of any size', 9 * MIB, 9 * MIB + 17, [1, 5000, 1 << 17, 3, 5 * MIB]],
  ['more than was announced', DIRECT_BYTES_MIN, 13 * MIB + 5, [6 * MIB]],
  ['a small file', 10, 10, [3]],
]

describe('a copy that is written past the cache', () => {
  it.each(cases)('holds %s', (_, announced, bytes, pieces) => {
    const content = contentOf(bytes)
    const writer = openCopy(store, 'a/copy', announced)
    for (let at = 0, k = 0; at < bytes; k++) {
      const piece = content.subarray(at, at + pieces[k % pieces.length])
      writer.write(piece)
      at += piece.length
      expect(writer.bytesWritten).toBe(at)
    }
    writer.startWriteback()
    writer.sync()
    writer.close()
    expect(writer.bytesWritten).toBe(bytes)
    expect(Buffer.from(store.readFile('a/copy')).equals(content)).toBe(true)
  })
  it('replaces what was there, and is whole after a sync without a hint', () => {
    const old = openCopy(store, 'b', 6 * MIB)
    old.write(contentOf(6 * MIB))
    old.sync()
    old.close()
    const content = contentOf(5 * MIB + 1)
    const writer = openCopy(store, 'b', content.length)
    writer.write(content)
    writer.sync()
    expect(Buffer.from(store.readFile('b')).equals(content)).toBe(true)
    writer.close()
  })
  it('keeps two files apart that are written in turn', () => {
    const writers = ['c1', 'c2'].map((name) => openCopy(store, name, 5 * MIB))
    const contents = [contentOf(5 * MIB + 3), contentOf(5 * MIB + 9).reverse()]
    for (let at = 0; at < 5 * MIB + 9; at += 1 << 17)
      for (const [k, writer] of writers.entries()) writer.write(contents[k].subarray(at, at + (1 << 17)))
    for (const writer of writers) writer.sync()
    for (const writer of writers) writer.close()
    for (const [k, name] of ['c1', 'c2'].entries())
      expect(Buffer.from(store.readFile(name)).equals(contents[k])).toBe(true)
  })
  it('refuses to write where a folder stands, and names the file', () => {
    store.makeDirectory('d')
    expect(() => openCopy(store, 'd', 5 * MIB)).toThrow(/Cannot create .*\/d: it is a folder/)
  })
  it('is an ordinary file in a store that has no cache to pass', () => {
    const memory = new MemoryFileStore()
    const writer = openCopy(memory, 'x', 5 * MIB)
    writer.write(contentOf(3))
    writer.close()
    expect(memory.stat('x')).toMatchObject({ bytes: 3 })
  })
})
