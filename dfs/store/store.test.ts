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
  it('writes, cuts and reads a log file in place', () => {
    const store = make()
    const log = store.openLog('wal/new/file')
    expect(log.bytes).toBe(0)
    log.writeAt(bytes('hello world'), 0)
    log.writeAt(bytes('W'), 6)
    log.sync()
    log.truncate(8)
    log.writeAt(bytes('!'), 10)
    expect(log.bytes).toBe(11)
    log.sync()
    log.writeAt(bytes('H'), 0)
    log.sync()
    const into = new Uint8Array(20)
    expect(log.read(into, 0)).toBe(11)
    expect(text(into.subarray(0, 11))).toBe('Hello Wo\0\0!')
    expect(log.read(into, 9)).toBe(2)
    expect(log.read(into, 30)).toBe(0)
    log.close()
    const again = store.openLog('wal/new/file')
    expect(again.bytes).toBe(11)
    again.truncate(13)
    again.close()
    expect(text(store.readFile('wal/new/file'))).toBe('Hello Wo\0\0!\0\0')
    expect(() => store.openLog('wal/new')).toThrow(expect.objectContaining({ code: 'EISDIR' }))
  })
  it('goes on writing to a log file that was renamed', () => {
    const store = make()
    const log = store.openLog('a')
    log.writeAt(bytes('one'), 0)
    store.rename('a', 'b')
    log.writeAt(bytes('two'), 3)
    log.sync()
    log.close()
    expect(text(store.readFile('b'))).toBe('onetwo')
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
        () => store.openLog(path),
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

describe('power loss and a log file in the memory store', () => {
  /** A file with `aaaa` synced, then two writes and a cut that were not. */
  function afterLoss(random: () => number, sync: boolean): string {
    const store = new MemoryFileStore()
    const log = store.openLog('f')
    log.writeAt(bytes('aaaa'), 0)
    log.sync()
    store.syncDirectory('')
    log.writeAt(bytes('bb'), 1)
    log.writeAt(bytes('cccc'), 4)
    log.truncate(7)
    if (sync) log.sync()
    store.losePower(random)
    return text(store.readFile('f')).replaceAll('\0', '.')
  }
  it('keeps everything that was synced', () => {
    for (const luck of [0, 0.3, 0.6, 0.99]) expect(afterLoss(() => luck, true)).toBe('abbaccc')
  })
  it('loses, keeps or tears each write on its own, in any order', () => {
    const outcomes = new Set<string>()
    for (let seed = 1; seed <= 3000; seed++) {
      const random = fractions(seed)
      outcomes.add(afterLoss(random, false))
      expect(afterLoss(fractions(seed), false)).toBe(afterLoss(fractions(seed), false))
    }
    const expected = {
      'nothing landed': 'aaaa',
      'the first write alone': 'abba',
      'the second write alone': 'aaaacccc',
      all: 'abbaccc',
      'torn before its end': 'aaaacc',
      'torn, with the end alone': 'aaaa..cc',
      'the cut before the write that it followed': 'aaaacccc',
      'one byte of the first write': 'abaa',
      'the other byte of it': 'aaba',
    }
    for (const [what, outcome] of Object.entries(expected)) expect([what, outcomes.has(outcome)]).toEqual([what, true])
    for (const outcome of outcomes) expect(outcome).toMatch(/^a[ab][ab]a[c.]{0,4}$/)
  })
})

describe('faulty store', () => {
  it('counts and fails the calls of a log file', () => {
    const store = new FaultyFileStore(new MemoryFileStore(), { random: () => 0.5 })
    const log = store.openLog('f')
    log.writeAt(bytes('abcd'), 0)
    log.truncate(2)
    log.sync()
    expect(store.log).toEqual(['openLog f', 'write f', 'truncate f', 'sync f'])
    store.faults = { failCall: 5, random: () => 0.5 }
    expect(() => log.writeAt(bytes('wxyz'), 2)).toThrow(expect.objectContaining({ code: 'EIO' }))
    expect(text(store.readFile('f'))).toBe('abwx')
    store.faults = { failCall: 6 }
    expect(() => log.truncate(0)).toThrow(expect.objectContaining({ code: 'EIO' }))
    store.faults = { failCall: 7 }
    expect(() => log.sync()).toThrow(expect.objectContaining({ code: 'EIO' }))
    store.faults = { failReads: store.reads + 1 }
    expect(() => log.read(new Uint8Array(1), 0)).toThrow(expect.objectContaining({ code: 'EIO' }))
    store.faults = { dieAtCall: 8 }
    expect(() => log.sync()).toThrow(StoreDied)
  })
  it('needs no space for bytes that are written over others', () => {
    const store = new FaultyFileStore(new MemoryFileStore(), { bytesMax: 5 })
    const log = store.openLog('f')
    log.writeAt(bytes('abcd'), 0)
    log.writeAt(bytes('ABCD'), 0)
    expect(() => log.writeAt(bytes('xyz'), 3)).toThrow(expect.objectContaining({ code: 'ENOSPC' }))
    expect(text(store.readFile('f'))).toBe('ABCxy')
  })
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

/** Numbers in [0, 1), the same for the same seed. */
function fractions(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) >>> 0) / 4_294_967_296
  }
}

function caught(body: () => unknown): HoldfastError {
  try {
    body()
  } catch (error) {
    expect(error).toBeInstanceOf(HoldfastError)
    return error as HoldfastError
  }
  throw new Error('nothing was thrown')
}
