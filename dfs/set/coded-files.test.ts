import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { HoldfastError } from '../../runtime/errors.ts'
import { checksumOf } from '../store/checksum.ts'
import { FaultyFileStore } from '../store/faulty-store.ts'
import type { FileStore } from '../store/file-store.ts'
import { LocalFileStore } from '../store/local-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { FileHelpers } from './file-helpers.ts'
import { FileWork } from './file-work.ts'
import type { ExpectedFile } from './pipeline.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-coded-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let stores = 0
const local = (): FileStore => new LocalFileStore(join(folder, `store${++stores}`))
const memory = (): FileStore => new MemoryFileStore()

interface Content {
  readonly name: string
  readonly expected: ExpectedFile
}

/** Sizes around those of a frame, and enough files that helpers are woken. */
const SIZES: readonly number[] = [0, 1, 5000, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, (3 << 20) + 17]

function fill(store: FileStore, count: number): Content[] {
  return Array.from({ length: count }, (_, k) => {
    const content = new Uint8Array(k < SIZES.length ? SIZES[k] : 3000 + k)
    for (let i = 0; i < content.length; i++) content[i] = (i * (k + 3)) >> 5
    const name = `d${k % 3}/f${k}`
    const writer = store.openWrite(name)
    writer.write(content)
    writer.close()
    return { name, expected: { bytes: content.length, checksum: checksumOf(content) } }
  })
}

/** The zstd frames of a file, each behind its skippable frame. */
function framesOf(file: Uint8Array): Uint8Array[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const frames: Uint8Array[] = []
  for (let at = 0; at < file.length; at += 16 + view.getUint32(at + 8, true)) {
    expect([view.getUint32(at, true), view.getUint32(at + 4, true)]).toEqual([0x184d2a5e, 8])
    frames.push(file.subarray(at + 16, at + 16 + view.getUint32(at + 8, true)))
  }
  return frames
}

const helpers = new FileHelpers({ count: 2 })
const alone = new FileHelpers({ count: 0 })

const refused = (check: { readonly kind: string }): never => {
  throw new HoldfastError('data', `refused: ${check.kind}`)
}

function working(parts: ConstructorParameters<typeof FileWork>[0], body: (work: FileWork) => void): void {
  const work = new FileWork(parts)
  try {
    body(work)
    work.flush()
  } finally {
    work.end()
  }
}

/** Compresses all files; answers what lies in the set, in the order in which it was told. */
function compressAll(source: FileStore, target: FileStore, files: readonly Content[], by: FileHelpers) {
  const told: { readonly name: string; readonly stored: ExpectedFile }[] = []
  let bytes = 0
  working({ source, target, helpers: by, onBytes: (n) => (bytes += n) }, (work) => {
    for (const { name, expected } of files)
      work.copy(name, `${name}.zst`, expected, refused, {
        coding: { kind: 'compress' },
        onStored: (stored) => told.push({ name, stored }),
      })
  })
  return { told, bytes }
}

const kinds: readonly [string, () => FileStore, FileHelpers][] = [
  ['alone', local, alone],
  ['with helpers', local, helpers],
  ['in memory', memory, helpers],
]

describe.each(kinds)('compressed copies %s', (_, make, by) => {
  it('hold what their zstd frames say, and tell what lies in the set in the order of the list', () => {
    const source = make()
    const target = make()
    const files = fill(source, 80)
    const { told, bytes } = compressAll(source, target, files, by)
    expect(told.map((t) => t.name)).toEqual(files.map((f) => f.name))
    expect(bytes).toBe(files.reduce((sum, f) => sum + f.expected.bytes, 0))
    for (const [k, { name, expected }] of files.entries()) {
      const stored = target.readFile(`${name}.zst`)
      expect(told[k].stored).toEqual({ bytes: stored.length, checksum: checksumOf(stored) })
      const frames = framesOf(stored)
      expect(frames).toHaveLength(Math.ceil(expected.bytes / (1 << 20)))
      expect(checksumOf(Buffer.concat(frames.map((f) => zstdDecompressSync(f))))).toBe(expected.checksum)
    }
  })

  it('are expanded, checked with or without knowing what lies there, and the bytes that are told are those of the originals', () => {
    const source = make()
    const set = make()
    const back = make()
    const files = fill(source, 80)
    const { told } = compressAll(source, set, files, by)
    const total = files.reduce((sum, f) => sum + f.expected.bytes, 0)
    let bytes = 0
    working({ source: set, target: back, helpers: by, onBytes: (n) => (bytes += n) }, (work) => {
      for (const [k, { name, expected }] of files.entries())
        work.copy(`${name}.zst`, name, expected, refused, { coding: { kind: 'expand', stored: told[k].stored } })
    })
    expect(bytes).toBe(total)
    for (const { name, expected } of files) expect(checksumOf(back.readFile(name))).toBe(expected.checksum)
    const found: ExpectedFile[] = []
    working({ source: set, helpers: by, onBytes: () => {} }, (work) => {
      for (const { name, expected } of files)
        work.check(`${name}.zst`, expected, refused, {
          coding: { kind: 'expand', stored: undefined },
          onStored: (stored) => found.push(stored),
        })
    })
    expect(found).toEqual(told.map((t) => t.stored))
  })

  it('that are damaged are found, whatever is damaged', () => {
    const source = make()
    const set = make()
    const files = fill(source, 80)
    const { told } = compressAll(source, set, files, by)
    const change = (k: number, how: (bytes: Uint8Array) => Uint8Array): void => {
      const path = `${files[k].name}.zst`
      const bytes = how(Uint8Array.from(set.readFile(path)))
      const writer = set.openWrite(path)
      writer.write(bytes)
      writer.close()
    }
    const flip = (at: number) => (bytes: Uint8Array) => {
      bytes[at < 0 ? bytes.length + at : at] ^= 1
      return bytes
    }
    change(2, flip(0))
    change(3, flip(9))
    change(4, flip(13))
    change(5, flip(40))
    change(6, (bytes) => bytes.subarray(0, bytes.length - 1))
    set.remove(`${files[10].name}.zst`)
    const wrong = told.map((t) => t.stored)
    wrong[20] = { ...wrong[20], checksum: '0123456789abcdef' }
    const originals = files.map((f) => f.expected)
    originals[30] = { ...originals[30], checksum: '0123456789abcdef' }
    originals[31] = { ...originals[31], bytes: originals[31].bytes + 1 }
    originals[32] = { ...originals[32], bytes: originals[32].bytes - 1 }
    const found = new Map<number, string>()
    working({ source: set, helpers: by, onBytes: () => {} }, (work) => {
      for (const [k, { name }] of files.entries())
        work.check(`${name}.zst`, originals[k], (check) => void found.set(k, check.kind), {
          coding: { kind: 'expand', stored: wrong[k] },
        })
    })
    expect([...found]).toEqual([
      [2, 'unreadable'],
      [3, 'unreadable'],
      [4, 'unreadable'],
      [5, expect.stringMatching(/unreadable|checksumMismatch/)],
      [6, 'sizeMismatch'],
      [10, 'missing'],
      [20, 'checksumMismatch'],
      [30, 'checksumMismatch'],
      [31, 'sizeMismatch'],
      [32, 'unreadable'],
    ])
  })

  it('of a source that is not as expected are not made', () => {
    const source = make()
    const target = make()
    const files = fill(source, 80)
    const wrong = { ...files[40].expected, checksum: '0123456789abcdef' }
    expect(() =>
      working({ source, target, helpers: by, onBytes: () => {} }, (work) => {
        for (const [k, { name, expected }] of files.entries())
          work.copy(name, name, k === 40 ? wrong : expected, refused, { coding: { kind: 'compress' } })
      }),
    ).toThrow('refused: checksumMismatch')
    expect(target.stat(files[40].name)).toBeUndefined()
  })
})

describe('a source that fails while it is compressed', () => {
  it('is an answer about the source, and a target that fails is an error', () => {
    const files = fill(new MemoryFileStore(), 1)
    for (const [source, target, message] of [
      [{ failReads: 2 }, {}, /refused: unreadable/],
      [{}, { failCall: 2, code: 'ENOSPC' }, /no space is left/],
    ] as const) {
      const inner = new MemoryFileStore()
      fill(inner, 3)
      const from = new FaultyFileStore(inner, source)
      const to = new FaultyFileStore(new MemoryFileStore(), target)
      const name = 'd2/f2'
      const expected = { bytes: 5000, checksum: checksumOf(inner.readFile(name)) }
      expect(() =>
        working({ source: from, target: to, onBytes: () => {} }, (work) =>
          work.copy(name, 'x', expected, refused, { coding: { kind: 'compress' } }),
        ),
      ).toThrow(message)
      expect(files).toHaveLength(1)
    }
  })
})
