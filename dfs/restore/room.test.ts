import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { LocalFileStore } from '../store/local-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { requireRoom } from './room.ts'

const root = mkdtempSync(join(tmpdir(), 'holdfast-room-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe('the room for a restore', () => {
  const data = new LocalFileStore(root)
  const tooMuch = Number.MAX_SAFE_INTEGER

  it('is looked for before anything is copied', () => {
    expect(() => requireRoom(data, tooMuch)).toThrow(expect.objectContaining({ kind: 'io', code: 'ENOSPC' }))
    expect(() => requireRoom(data, tooMuch)).toThrow(
      /The restore needs [0-9]+ bytes in .*chunks, where [0-9]+ are free/,
    )
    requireRoom(data, 1)
  })

  it('is not needed for what a restore before has copied, nor where nothing is to be copied', () => {
    requireRoom(data, tooMuch, { without: () => tooMuch - 1 })
    expect(() => requireRoom(data, tooMuch, { without: () => 1 << 20 })).toThrow(/are free/)
    requireRoom(data, 0)
    requireRoom(new MemoryFileStore(), tooMuch)
  })
})
