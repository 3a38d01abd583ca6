import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { FileStore } from '../store/file-store.ts'
import { LocalFileStore } from '../store/local-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { type LockWorld, lockSet, removeLockRemains } from './lock.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-lock-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let count = 0
const stores: readonly [string, () => FileStore][] = [
  ['in memory', () => new MemoryFileStore()],
  ['on disk', () => new LocalFileStore(join(folder, String(count++)))],
]

describe('a backup directory that cannot be written', () => {
  it('is named, without the file that was to be written first', () => {
    const file = join(folder, 'file')
    const link = join(folder, 'link')
    writeFileSync(file, 'x')
    symlinkSync(join(folder, 'gone'), link)
    for (const [path, why] of [
      [file, 'is no folder: a file, or a link that leads nowhere, is in its way (ENOTDIR).'],
      [join(file, 'below'), 'is no folder: a file, or a link that leads nowhere, is in its way (ENOTDIR).'],
      [link, 'is no folder: a file, or a link that leads nowhere, is in its way (EEXIST).'],
    ])
      expect(() => lockSet(new LocalFileStore(path), 'backup', () => {})).toThrow(`The backup directory ${path} ${why}`)
    const long = join(folder, 'x'.repeat(300))
    expect(() => lockSet(new LocalFileStore(long), 'backup', () => {})).toThrow(
      `Cannot write to the backup directory ${long}: the name is too long for this file system (ENAMETOOLONG).`,
    )
  })
})

describe.each(stores)('the lock of a set %s', (_, open) => {
  const alive = new Set([1, 2])
  let nowMs = 0
  const world = (pid: number, over: Partial<LockWorld> = {}): LockWorld => ({
    host: 'here',
    pid,
    processStartMs: pid * 1_000_000,
    now: () => nowMs,
    processExists: (p) => alive.has(p),
    ...over,
  })
  const notes: string[] = []
  const take = (store: FileStore, w: LockWorld) => lockSet(store, 'backup of dfs://x', (t) => notes.push(t), w)

  it('is held by one', () => {
    const store = open()
    const lock = take(store, world(1))
    expect(() => take(store, world(2))).toThrow(
      /Another backup is writing to .*: backup of dfs:\/\/x, process 1 on here/,
    )
    expect(() => take(store, world(1))).toThrow(/Another backup/)
    lock.assertHeld()
    lock.release()
    expect(store.list('')).toEqual([])
    take(store, world(2)).release()
  })

  it('of a dead process is taken over with a note', () => {
    const store = open()
    const dead = take(store, world(77))
    const lock = take(store, world(1))
    expect(notes.at(-1)).toMatch(/left by a run that is gone.*process 77/)
    expect(() => dead.assertHeld()).toThrow(/Another run took over/)
    dead.release()
    lock.assertHeld()
    lock.release()
  })

  it('of an earlier process with the same pid is taken over', () => {
    const store = open()
    take(store, world(1))
    take(store, world(1, { processStartMs: 5_000_000 })).release()
  })

  it('of a run of this process is taken over when its pin is gone', () => {
    const store = open()
    const pins = new Set([5, 6])
    const here = (pin: number, root = '/data'): LockWorld =>
      world(1, { pin: { store: root, pin }, isPinned: (p) => pins.has(p) })
    const dead = take(store, here(5))
    expect(() => take(store, here(6))).toThrow(/Another backup/)
    pins.delete(5)
    // The pins of another data directory say nothing about it.
    expect(() => take(store, here(6, '/elsewhere'))).toThrow(/Another backup/)
    const lock = take(store, here(6))
    expect(() => dead.assertHeld()).toThrow(/Another run took over/)
    lock.release()
  })

  it('of another machine is taken over after ten minutes without a sign', () => {
    const store = open()
    const lock = take(store, world(1, { host: 'there' }))
    nowMs += 9 * 60_000
    lock.sign()
    nowMs += 9 * 60_000
    expect(() => take(store, world(2))).toThrow(/on there/)
    nowMs += 2 * 60_000
    take(store, world(2)).release()
  })

  it('leaves no remains of processes that died over it', () => {
    const store = open()
    store.writeFileAtomic('backup.lock.stale-1/owner.json', '{}')
    const lock = take(store, world(1))
    removeLockRemains(store, world(1))
    expect(store.list('').map((e) => e.name)).toEqual(['backup.lock'])
    lock.release()
  })
})
