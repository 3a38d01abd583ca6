/** Files that one thread makes and another writes. The thread is a real one. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checksumOf } from './checksum.ts'
import { LocalFileStore } from './local-store.ts'
import { type HashingWriter, WriteBehind } from './write-behind.ts'
import { SLOT_BYTES, SLOTS } from './write-ring.ts'

const LARGE = 1 << 30

let folder = ''
let store: LocalFileStore
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-behind-'))
  store = new LocalFileStore(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Opens a file as soon as the thread is up. */
async function openBehind(behind: WriteBehind, open: () => HashingWriter | undefined): Promise<HashingWriter> {
  for (let attempt = 0; attempt < 500; attempt++) {
    behind.expect(LARGE)
    const writer = open()
    if (writer !== undefined) return writer
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('the thread did not come up')
}

const openFile = (behind: WriteBehind, path: string): Promise<HashingWriter> =>
  openBehind(behind, () => {
    const file = join(folder, path)
    const descriptor = openSync(file, 'w')
    const writer = behind.open(descriptor, file)
    if (writer === undefined) closeSync(descriptor)
    return writer
  })

const pattern = (bytes: number, seed: number): Uint8Array =>
  Uint8Array.from({ length: bytes }, (_, k) => (k * seed) ^ (k >> 9))

describe('writing behind', () => {
  it('hashes what it writes, up to the moment in which the checksum was asked for', async () => {
    const behind = new WriteBehind()
    const writer = await openFile(behind, 'hashed')
    const nothing = writer.checksumLater()
    const content = pattern(3 * SLOT_BYTES + 5, 7)
    writer.write(content.subarray(0, 1000))
    const first = writer.checksumLater()
    writer.write(content.subarray(1000))
    const whole = writer.checksumLater()
    writer.startWriteback()
    expect([whole(), first(), nothing()]).toEqual([
      checksumOf(content),
      checksumOf(content.subarray(0, 1000)),
      checksumOf(new Uint8Array(0)),
    ])
    writer.sync()
    writer.close()
  })

  it('writes more than the ring holds, in pieces of any size, of several files at once', async () => {
    const behind = new WriteBehind()
    const a = await openFile(behind, 'a')
    const b = await openFile(behind, 'b')
    const pieces = [3, SLOT_BYTES, SLOT_BYTES + 1, 0, 5 * SLOT_BYTES + 17, 1].map((bytes, k) =>
      pattern(bytes, 2 * k + 3),
    )
    const rounds = Math.ceil((2 * SLOTS) / 8)
    for (let round = 0; round < rounds; round++)
      for (const piece of pieces) {
        a.write(piece)
        b.write(piece.subarray(piece.length >> 1))
      }
    a.startWriteback()
    a.sync()
    a.close()
    b.close()
    const whole = (of: (piece: Uint8Array) => Uint8Array): Buffer =>
      Buffer.concat(Array.from({ length: rounds }, () => pieces.map(of)).flat())
    expect(readFileSync(join(folder, 'a')).equals(whole((p) => p))).toBe(true)
    expect(readFileSync(join(folder, 'b')).equals(whole((p) => p.subarray(p.length >> 1)))).toBe(true)
    expect(a.bytesWritten).toBe(whole((p) => p).length)
  })

  it('writes what was built in regions of any size, between copied pieces, and hashes it in place', async () => {
    const behind = new WriteBehind()
    const writers = [await openFile(behind, 'region0'), await openFile(behind, 'region1')]
    const whole: Uint8Array[][] = [[], []]
    for (let round = 0; round < 24; round++) {
      const which = round % 2
      const writer = writers[which]
      const content = pattern(((round * 37) % 11) * SLOT_BYTES + round, round + 3)
      const unused = writer.regions.take(1)!
      const region = writer.regions.take(content.length)!
      expect(region.bytes).toBeGreaterThanOrEqual(content.length)
      expect(region.at).not.toBe(unused.at)
      writer.regions.giveBack(unused)
      const place = new Uint8Array(region.buffer, region.at, content.length)
      place.set(content)
      expect(writer.regions.checksum(region.at, content.length)).toBe(checksumOf(content))
      const small = pattern(9, round)
      writer.write(small)
      writer.writeRegion(region, content.length)
      whole[which].push(small, content)
    }
    const sums = writers.map((writer) => writer.checksumLater())
    writers.forEach((writer, k) => {
      writer.sync()
      writer.close()
      const content = Buffer.concat(whole[k])
      expect(readFileSync(join(folder, `region${k}`)).equals(content)).toBe(true)
      expect(sums[k]()).toBe(checksumOf(content))
      expect(writer.bytesWritten).toBe(content.length)
    })
  })

  it('has no region for what is better built elsewhere', async () => {
    const writer = await openFile(new WriteBehind(), 'no region')
    expect(writer.regions.take(2 ** 26)).toBeUndefined()
    writer.close()
  })

  it('tells the error of the system when a region could not be written', async () => {
    const behind = new WriteBehind()
    const full = await openBehind(behind, () => behind.open(openSync('/dev/full', 'r+'), '/dev/full'))
    full.writeRegion(full.regions.take(SLOT_BYTES * 3)!, SLOT_BYTES * 3)
    expect(() => full.sync()).toThrow(/Cannot write \/dev\/full: no space is left on the device \(ENOSPC\)/)
    full.close()
  })

  it('is used by a store on request, and writes directly as long as there is no thread', async () => {
    const behind = new WriteBehind()
    const direct = store.openWrite('direct', behind)
    direct.write(pattern(10, 3))
    direct.sync()
    direct.close()
    expect(readFileSync(join(folder, 'direct'))).toHaveLength(10)
    await openBehind(behind, () => behind.open(openSync('/dev/null', 'r+'), '/dev/null')).then((w) => w.close())
    const writer = store.openWrite('sub/behind', behind)
    expect(writer.constructor.name).toBe('BehindWriter')
    writer.write(pattern(1000, 7))
    writer.sync()
    writer.close()
    expect(readFileSync(join(folder, 'sub/behind')).equals(pattern(1000, 7))).toBe(true)
  })

  it('tells the error of the system at the latest with the sync, and the next file is written again', async () => {
    const behind = new WriteBehind()
    const full = await openBehind(behind, () => behind.open(openSync('/dev/full', 'r+'), '/dev/full'))
    full.write(pattern(100, 3))
    expect(() => full.sync()).toThrow(/Cannot write \/dev\/full: no space is left on the device \(ENOSPC\)/)
    full.close()
    const next = await openFile(behind, 'after')
    next.write(pattern(100, 3))
    next.sync()
    next.close()
    expect(readFileSync(join(folder, 'after'))).toHaveLength(100)
  })

  it('tells a writer that goes on of the failure', async () => {
    const behind = new WriteBehind()
    const full = await openBehind(behind, () => behind.open(openSync('/dev/full', 'r+'), '/dev/full'))
    expect(() => {
      for (let k = 0; k < 3 * SLOTS; k++) full.write(pattern(SLOT_BYTES, 3))
    }).toThrow(/ENOSPC/)
    full.close()
  })

  it('loses no file to a thread that ends: the sync fails, and another thread takes the next files', async () => {
    const entry = join(folder, 'dies.mjs')
    writeFileSync(
      entry,
      `import { workerData } from 'node:worker_threads'
       const words = new Int32Array(workerData.memory.control)
       Atomics.store(words, 2, 1)
       Atomics.wait(words, 0, 0)
       Atomics.store(words, 2, 3)`,
    )
    const behind = new WriteBehind({ entry: pathToFileURL(entry) })
    const writer = await openFile(behind, 'lost')
    writer.write(pattern(1000, 3))
    expect(() => writer.sync()).toThrow(/Cannot write .*lost: the thread that writes it ended before its time/)
    writer.close()
    const next = await openFile(behind, 'lost')
    next.close()
  })

  it('ends when nothing comes, and starts again', async () => {
    const behind = new WriteBehind({ idleMs: 60 })
    for (let round = 0; round < 3; round++) {
      const writer = await openFile(behind, `idle${round}`)
      writer.write(pattern(SLOT_BYTES, 3))
      await new Promise((resolve) => setTimeout(resolve, 150))
      writer.write(pattern(10, 3))
      writer.sync()
      writer.close()
      expect(readFileSync(join(folder, `idle${round}`))).toHaveLength(SLOT_BYTES + 10)
      await new Promise((resolve) => setTimeout(resolve, 150))
    }
  })
})
