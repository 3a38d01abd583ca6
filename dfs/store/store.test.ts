import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { HoldfastError } from '../../runtime/errors.ts'
import { Checksum, checksumOf } from './checksum.ts'
import { FaultyFileStore, StoreDied } from './faulty-store.ts'
import type { FileStore } from './file-store.ts'
import { LocalFileStore } from './local-store.ts'
import { MemoryFileStore } from './memory-store.ts'

const folders: string[] = []
const tempFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-store-'))
  folders.push(folder)
  return folder
}
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (content: Uint8Array) => new TextDecoder().decode(content)
const put = (store: FileStore, path: string, content: string) => {
  const writer = store.openWrite(path)
  writer.write(bytes(content))
  writer.sync()
  writer.close()
}

const kinds: readonly [string, () => FileStore][] = [
  ['local store', () => new LocalFileStore(tempFolder())],
  ['memory store', () => new MemoryFileStore()],
  ['faulty store without faults', () => new FaultyFileStore(new MemoryFileStore())],
]

describe.each(kinds)('%s', (_, make) => {
  it('gives back what was written, whole and in ranges', () => {
    const store = make()
    const writer = store.openWrite('a/b/c.bin')
    writer.write(bytes('hello '))
    writer.write(bytes('world'))
    expect(writer.bytesWritten).toBe(11)
    writer.sync()
    writer.close()
    expect(text(store.readFile('a/b/c.bin'))).toBe('hello world')
    const reader = store.openRead('a/b/c.bin')
    expect(reader.bytes).toBe(11)
    const into = new Uint8Array(5)
    expect(reader.read(into, 6)).toBe(5)
    expect(text(into)).toBe('world')
    expect(reader.read(into, 9)).toBe(2)
    expect(reader.read(into, 20)).toBe(0)
    reader.close()
  })
  it('truncates an existing file that is opened for writing', () => {
    const store = make()
    put(store, 'x', 'long content')
    put(store, 'x', 'short')
    expect(text(store.readFile('x'))).toBe('short')
  })
  it('lists names sorted, and a missing folder as empty', () => {
    const store = make()
    put(store, 'd/b', '')
    put(store, 'd/a', '1')
    store.makeDirectory('d/c/e')
    expect(store.list('d')).toEqual([
      { name: 'a', kind: 'file' },
      { name: 'b', kind: 'file' },
      { name: 'c', kind: 'directory' },
    ])
    expect(store.list('nothing')).toEqual([])
    expect(store.list('')).toEqual([{ name: 'd', kind: 'directory' }])
  })
  it('answers undefined for the state of a missing path', () => {
    const store = make()
    put(store, 'f', 'abc')
    expect(store.stat('f')).toMatchObject({ kind: 'file', bytes: 3 })
    expect(store.stat('g')).toBeUndefined()
    expect(store.stat('f/g')).toBeUndefined()
  })
  it('replaces a file atomically', () => {
    const store = make()
    store.writeFileAtomic('m/manifest.json', 'one')
    store.writeFileAtomic('m/manifest.json', bytes('two'))
    expect(text(store.readFile('m/manifest.json'))).toBe('two')
    expect(store.list('m').map((e) => e.name)).toEqual(['manifest.json'])
  })
  it('renames over an existing file and into a new folder', () => {
    const store = make()
    put(store, 'a', '1')
    put(store, 'b', '2')
    store.rename('a', 'b')
    expect(text(store.readFile('b'))).toBe('1')
    store.rename('b', 'deep/down/c')
    expect(text(store.readFile('deep/down/c'))).toBe('1')
    expect(() => store.rename('b', 'x')).toThrow(expect.objectContaining({ code: 'ENOENT' }))
  })
  it('removes what is there and accepts what is not', () => {
    const store = make()
    put(store, 'd/a', '1')
    store.remove('d/a')
    store.remove('d/a')
    store.remove('none/such')
    store.removeEmptyDirectory('d')
    store.removeEmptyDirectory('d')
    put(store, 'e/f/g', '1')
    store.removeEmptyDirectory('e')
    expect(store.stat('e')?.kind).toBe('directory')
    store.removeTree('e')
    store.removeTree('e')
    expect(store.list('')).toEqual([])
  })
  it('names a missing file in an io error', () => {
    const error = caught(() => make().openRead('no/such'))
    expect(error).toMatchObject({ kind: 'io', code: 'ENOENT' })
    expect(error.message).toMatch(/Cannot open .*no\/such: there is no such file or folder \(ENOENT\)\./)
  })
  it.each(['../x', 'a/../../x', '/etc/passwd', 'a//b', 'a/./b', 'a\\..\\b', 'a\0b', 'C:/x', '..'])(
    'refuses the path %j',
    (path) => {
      const store = make()
      for (const call of [
        () => store.openWrite(path),
        () => store.openRead(path),
        () => store.stat(path),
        () => store.removeTree(path),
        () => store.rename(path, 'x'),
      ])
        expect(call).toThrow(expect.objectContaining({ code: 'pathEscape' }))
    },
  )
})

describe('checksum', () => {
  it.each([
    ['', 'ef46db3751d8e999'],
    ['a', 'd24ec4f1a98c6e5b'],
    ['abc', '44bc2cf5ad770999'],
  ])('of %j is the published XXH64 value', (input, expected) => {
    expect(checksumOf(bytes(input))).toBe(expected)
    expect(new Checksum().update(bytes(input)).hex()).toBe(expected)
  })
  it('does not depend on how the bytes are cut or on the kind of memory', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(1_000_003))
    for (let k = 0; k < shared.length; k++) shared[k] = (k * 31) >> 3
    const whole = checksumOf(shared)
    const cut = new Checksum()
    for (let at = 0; at < shared.length; at += 77_777) cut.update(shared.subarray(at, at + 77_777))
    expect(cut.hex()).toBe(whole)
    expect(cut.bytes).toBe(shared.length)
  })
})

describe('power loss in the memory store', () => {
  it('keeps synced bytes of a file whose folders are synced', () => {
    const store = new MemoryFileStore()
    put(store, 'a/f', 'kept')
    store.syncDirectory('a')
    store.syncDirectory('')
    store.losePower(() => 0)
    expect(text(store.readFile('a/f'))).toBe('kept')
  })
  it('loses a file whose folder was not synced', () => {
    const store = new MemoryFileStore()
    put(store, 'f', 'lost')
    store.losePower(() => 0)
    expect(store.list('')).toEqual([])
  })
  it('tears bytes that were not synced', () => {
    const store = new MemoryFileStore()
    const writer = store.openWrite('f')
    writer.write(bytes('abcd'))
    writer.sync()
    store.syncDirectory('')
    writer.write(bytes('efgh'))
    store.losePower(() => 0.5)
    expect(text(store.readFile('f'))).toBe('abcdef')
  })
  it('shows the old or the new file after an atomic replacement that was not synced', () => {
    for (const luck of [0, 0.99]) {
      const store = new MemoryFileStore()
      store.writeFileAtomic('f', 'old')
      put(store, 'g', 'new')
      store.rename('g', 'f')
      store.losePower(() => luck)
      expect(text(store.readFile('f'))).toBe(luck === 0 ? 'old' : 'new')
    }
  })
})

describe('faulty store', () => {
  it('fails the call it was told to fail, and goes on', () => {
    const store = new FaultyFileStore(new MemoryFileStore(), { failCall: 2, code: 'ENOSPC' })
    const writer = store.openWrite('f')
    expect(() => writer.write(bytes('abcd'))).toThrow(/no space is left on the device \(ENOSPC\)/)
    expect(text(store.readFile('f'))).toBe('ab')
    writer.write(bytes('x'))
  })
  it('is dead from the fatal call on', () => {
    const store = new FaultyFileStore(new MemoryFileStore(), { dieAtCall: 1 })
    expect(() => store.openWrite('f')).toThrow(StoreDied)
    expect(() => store.list('')).toThrow(StoreDied)
  })
  it('runs out of space', () => {
    const store = new FaultyFileStore(new MemoryFileStore(), { bytesMax: 5 })
    put(store, 'f', 'abc')
    expect(() => put(store, 'g', 'defg')).toThrow(expect.objectContaining({ code: 'ENOSPC' }))
    expect(text(store.readFile('g'))).toBe('de')
  })
})

describe('local store', () => {
  it('says who must act when permission is missing', () => {
    if (process.getuid?.() === 0) return
    const error = caught(() => new LocalFileStore('/').openWrite('holdfast-cannot-be-here'))
    expect(error).toMatchObject({ kind: 'io', code: 'EACCES' })
  })
  it('removes a link without following it', () => {
    const outside = tempFolder()
    put(new LocalFileStore(outside), 'precious', 'x')
    const store = new LocalFileStore(tempFolder())
    symlinkSync(outside, join(store.root, 'link'))
    store.removeTree('link')
    expect(new LocalFileStore(outside).stat('precious')?.bytes).toBe(1)
  })
})

function caught(body: () => unknown): HoldfastError {
  try {
    body()
  } catch (error) {
    expect(error).toBeInstanceOf(HoldfastError)
    return error as HoldfastError
  }
  throw new Error('nothing was thrown')
}
