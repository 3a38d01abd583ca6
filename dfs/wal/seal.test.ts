import { describe, expect, it } from 'vitest'
import { FaultyFileStore, StoreDied } from '../store/faulty-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { GROUP, newRecord, OPTIONS, opened, seeded } from './fixture.ts'
import { parsePieceName, pieceName } from './piece-name.ts'

describe.each([
  ['dual', OPTIONS],
  ['group', GROUP],
] as const)('sealing with the rotation %s', (_, options) => {
  it('ends the current file if it has records and another one can follow', () => {
    const store = new MemoryFileStore()
    const { log } = opened(store, options)
    expect(log.seal()).toBe(false)
    log.append([newRecord(1)])
    expect(log.seal()).toBe(true)
    expect(log.durable).toBe(log.end)
    expect(log.seal()).toBe(false)
    log.append([newRecord(2)])
    const isSealed = log.seal()
    // Dual has one file beside the current one; the ring of this test has three.
    expect(isSealed).toBe(options === GROUP)
    expect(log.files().map((f) => f.sequence)).toEqual(isSealed ? [1, 2, 3] : [1, 2])
    log.append([newRecord(3)])
    expect(log.seal()).toBe(false)
    log.endCheckpoint(log.durable)
    log.sync()
    log.endCheckpoint(log.end)
    log.append([newRecord(4)])
    expect(log.seal()).toBe(true)
    log.close()
    expect(opened(store, { ...options, from: log.oldest }).ids).toContain(4)
  })

  it('loses no record if the process dies in it and the power goes', () => {
    for (let dieAtCall = 1; ; dieAtCall++) {
      const disk = new MemoryFileStore()
      const store = new FaultyFileStore(disk)
      const { log } = opened(store, options)
      log.append([newRecord(1), newRecord(2)])
      log.sync()
      store.faults = { dieAtCall: store.calls + dieAtCall }
      let hasDied = false
      try {
        log.seal()
      } catch (error) {
        expect(error).toBeInstanceOf(StoreDied)
        hasDied = true
      }
      disk.losePower(seeded(dieAtCall))
      expect(opened(disk, { ...options, bootId: 'boot-b' }).ids).toEqual([1, 2])
      if (!hasDied) break
    }
  })
})

describe('the name of a piece', () => {
  it('has timeline and number in hex', () => {
    expect(pieceName(1, 0x42)).toBe('000000010000000000000042')
    expect(pieceName(0xabc, 2 ** 40)).toBe('00000ABC0000010000000000')
    expect(parsePieceName('00000ABC0000010000000000')).toEqual({ timeline: 0xabc, sequence: 2 ** 40 })
    for (const name of ['', '00000001000000000000004', '000000010000000000000042.segments', '00000001FFFFFFFFFFFFFFFF'])
      expect(parsePieceName(name)).toBeUndefined()
  })
})
