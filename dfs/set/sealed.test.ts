import { describe, expect, it } from 'vitest'
import fc from '../../test/properties.ts'
import type { FileStore } from '../store/file-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { parseKey } from './key.ts'
import { Seal } from './seal.ts'
import { SealedFileStore } from './sealed-store.ts'

const keyOf = (digit: string) => parseKey(Buffer.from(`holdfast-key-1\n${digit.repeat(64)}\n`), 'key')
const PIECE = 1 << 17

function start() {
  const disk = new MemoryFileStore()
  return { disk, store: new SealedFileStore(disk, keyOf('1'), 'sealed') }
}

/** Bytes that tell where they are from. */
const content = (length: number): Uint8Array => Uint8Array.from({ length }, (_, k) => (k * 31 + (k >> 9)) & 255)

function write(store: FileStore, path: string, bytes: Uint8Array, pieces: readonly number[] = []): void {
  const writer = store.openWrite(path)
  let at = 0
  for (const length of pieces) {
    writer.write(bytes.subarray(at, at + length))
    at += length
  }
  writer.write(bytes.subarray(at))
  writer.startWriteback()
  writer.sync()
  writer.close()
}

describe('an encrypted file', () => {
  it.each([0, 1, 100, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 77])(
    'of %i bytes is read as it was written, by whatever pieces',
    (length) => {
      const { store } = start()
      const bytes = content(length)
      write(store, 'data/db/x', bytes, [7, 0, 1000, PIECE])
      expect(store.stat('data/db/x')?.bytes).toBe(length)
      expect(store.readFile('data/db/x')).toEqual(bytes)
      const reader = store.openRead('data/db/x')
      expect(reader.bytes).toBe(length)
      const into = new Uint8Array(50)
      for (const offset of [0, 1, length - 50, PIECE - 20, length - 1, length, length + 5].filter((o) => o >= 0)) {
        const read = reader.read(into, offset)
        expect(into.subarray(0, read)).toEqual(bytes.subarray(offset, Math.min(length, offset + 50)))
      }
      reader.close()
    },
  )

  it('can be read anywhere in any order', () => {
    const { store } = start()
    const bytes = content(3 * PIECE + 1234)
    write(store, 'data/db/x', bytes)
    const reader = store.openRead('data/db/x')
    const place = fc.record({ offset: fc.nat(bytes.length), length: fc.nat(PIECE + 5000) })
    fc.assert(
      fc.property(place, ({ offset, length }) => {
        const into = new Uint8Array(length)
        const read = reader.read(into, offset)
        expect(read).toBe(Math.min(length, bytes.length - offset))
        expect(Buffer.from(into.subarray(0, read)).equals(bytes.subarray(offset, offset + read))).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('that was changed anywhere, cut, made longer, or put in the place of another is not read', () => {
    const { disk, store } = start()
    write(store, 'data/db/x', content(PIECE + 300))
    write(store, 'data/db/y', content(PIECE + 300))
    const [x, y] = [...disk.files().keys()]
    const sealed = Uint8Array.from(disk.readFile(x))
    const isRefused = (bytes: Uint8Array, what: string): void => {
      write(disk, x, bytes)
      expect(() => store.readFile('data/db/x'), what).toThrow(/is not what was encrypted under this name/)
    }
    for (const at of [
      0,
      7,
      8,
      23,
      24,
      5000,
      24 + PIECE,
      24 + PIECE + 15,
      24 + PIECE + 16,
      sealed.length - 17,
      sealed.length - 1,
    ]) {
      const flipped = Uint8Array.from(sealed)
      flipped[at] ^= 4
      isRefused(flipped, `byte ${at}`)
    }
    for (const length of [0, 8, 23, 24, 39, 40, 24 + PIECE + 16, sealed.length - 16, sealed.length - 1])
      isRefused(sealed.subarray(0, length), `cut to ${length}`)
    // Cut where a piece ends, with the end put behind it.
    isRefused(Buffer.concat([sealed.subarray(0, 24 + PIECE + 16), sealed.subarray(sealed.length - 16)]), 'a piece less')
    isRefused(Buffer.concat([sealed, new Uint8Array(16)]), 'longer')
    isRefused(disk.readFile(y), 'another file')
    write(disk, x, sealed)
    expect(store.readFile('data/db/x')).toEqual(content(PIECE + 300))
    expect(() => new SealedFileStore(disk, keyOf('2'), 'plain').readFile(x)).toThrow(/is not what was encrypted/)
  })

  it('keeps its bytes when it gets its name, and is encrypted anew for another', () => {
    const { disk, store } = start()
    write(store, 'data/db/x.new', content(10))
    const only = (): Uint8Array => disk.readFile([...disk.files().keys()][0])
    const made = Uint8Array.from(only())
    store.rename('data/db/x.new', 'data/db/x')
    expect(only()).toEqual(made)
    store.rename('data/db/x', 'data/db/z')
    expect(only()).not.toEqual(made)
    expect(store.readFile('data/db/z')).toEqual(content(10))
    expect(disk.files().size).toBe(1)
  })

  it('that is replaced in place is the old one or the new one', () => {
    const { store } = start()
    store.writeFileAtomic('states/a/plan.json', 'one')
    store.writeFileAtomic('states/a/plan.json', 'another')
    expect(Buffer.from(store.readFile('states/a/plan.json')).toString()).toBe('another')
    expect(store.list('states/a').map((e) => e.name)).toEqual(['plan.json'])
  })
})

describe('an encrypted name', () => {
  const names = fc
    .string({ minLength: 1, maxLength: 40, unit: 'binary' })
    .filter((s) => ['/', '\\', '\0', '\u0001'].every((c) => !s.includes(c)) && s !== '.' && s !== '..')

  it('comes back, is another one in another folder, and is made of letters that every file system takes', () => {
    const seal = new Seal(keyOf('1'))
    fc.assert(
      fc.property(names, (name) => {
        const sealed = seal.sealName('data/db', name)
        expect(sealed).toMatch(/^[A-Za-z0-9_-]+$/)
        expect(seal.sealName('data/db', name)).toBe(sealed)
        expect(seal.openName('data/db', sealed)).toBe(name)
        expect(seal.openName('data/other', sealed)).toBeUndefined()
        expect(new Seal(keyOf('2')).openName('data/db', sealed)).toBeUndefined()
      }),
    )
  })

  it('is listed as it was given; names that others made are listed too, and can be removed', () => {
    const { disk, store } = start()
    write(store, 'data/db/20240101/pt/a.arrow', content(5))
    write(store, 'data/db/20240101/pt/b.arrow', content(5))
    write(disk, 'data/db/plain.arrow', content(5))
    expect(store.list('data/db/20240101/pt').map((e) => e.name)).toEqual(['a.arrow', 'b.arrow'])
    const foreign = store.list('data').find((e) => e.name !== 'db')!
    expect(foreign.kind).toBe('directory')
    const [file] = store.list(`data/${foreign.name}`)
    store.remove(`data/${foreign.name}/${file.name}`)
    expect(disk.stat('data/db/plain.arrow')).toBeUndefined()
    expect([...disk.files().keys()].some((f) => /db|20240101|pt|arrow/.test(f.slice('data/'.length)))).toBe(false)
  })

  it('of the folder of a run is that of its state', () => {
    const { disk, store } = start()
    write(store, 'states/s.partial/db/pt.meta', content(9))
    disk.rename('states/s.partial', 'states/s')
    expect(store.readFile('states/s/db/pt.meta')).toEqual(content(9))
    disk.rename('states/s', 'states/s.dropped')
    expect(store.list('states/s.dropped').map((e) => e.name)).toEqual(['db'])
  })

  it('that is too long is refused', () => {
    const { store } = start()
    write(store, `data/${'x'.repeat(175)}/y`, content(1))
    expect(() => store.openWrite(`data/${'é'.repeat(88)}`)).toThrow(
      /has 176 bytes; names in an encrypted backup have at most 175/,
    )
  })
})

describe('a sealed record', () => {
  it('is opened with its key and context only', () => {
    const seal = new Seal(keyOf('1'))
    const record = content(100)
    const sealed = seal.sealRecord(record, 'here')
    expect(new Uint8Array(seal.openRecord(sealed, 'here')!)).toEqual(record)
    expect(seal.openRecord(sealed, 'there')).toBeUndefined()
    expect(new Seal(keyOf('2')).openRecord(sealed, 'here')).toBeUndefined()
    for (let at = 0; at < sealed.length; at++) {
      const flipped = Uint8Array.from(sealed)
      flipped[at] ^= 1
      expect(seal.openRecord(flipped, 'here')).toBeUndefined()
    }
    for (const length of [0, 27, 28, sealed.length - 1])
      expect(seal.openRecord(sealed.subarray(0, length), 'here')).toBeUndefined()
  })
})
