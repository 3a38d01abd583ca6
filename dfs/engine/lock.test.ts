import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { lockDirectory, lockForInspection } from './lock.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-lock-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const lockFile = (data: string): string => join(data, 'holdfast.lock')

describe('the lock of a directory', () => {
  it('holds off others while its process lives, but not from a copy of the directory', () => {
    const data = join(folder, 'original')
    const copy = join(folder, 'copy')
    const lock = lockDirectory(data)
    cpSync(data, copy, { recursive: true })
    expect(() => lockDirectory(data)).toThrow(new RegExp(`in use by process ${process.pid} since`))
    const ofCopy = lockDirectory(copy)
    // Its files may be of a moment when the original was written to.
    expect(ofCopy.wasUnclean).toBe(true)
    expect(() => lockDirectory(copy)).toThrow(/in use/)
    ofCopy.release()
    expect(existsSync(lockFile(copy))).toBe(false)
    lock.release()
    expect(lockDirectory(data).wasUnclean).toBe(false)
  })

  it('tells the next start when the directory was left as it was', () => {
    const data = join(folder, 'left')
    lockDirectory(data).leave()
    const next = lockDirectory(data)
    expect(next.wasUnclean).toBe(true)
    next.release()
  })

  it('is put back as it was found: by who only looks, and by a start that is refused', () => {
    const data = join(folder, 'looked-at')
    mkdirSync(data)
    lockForInspection(data).putBack()
    expect(readdirSync(data)).toEqual([])
    const gone = JSON.stringify({
      pid: 2 ** 22 + 1,
      processStart: '1',
      host: 'elsewhere',
      since: 'then',
      folder: '0:0',
    })
    writeFileSync(lockFile(data), gone)
    const lock = lockForInspection(data)
    expect(lock.wasUnclean).toBe(true)
    expect(() => lockDirectory(data)).toThrow(/in use/)
    lock.putBack()
    expect(readFileSync(lockFile(data), 'utf8')).toBe(gone)
    expect(() => lockForInspection(join(folder, 'nowhere'))).toThrow(/There is no data directory/)
    expect(existsSync(join(folder, 'nowhere'))).toBe(false)
  })

  it('of another machine is respected, and names the file to delete when that machine is gone', () => {
    const data = join(folder, 'shared')
    lockDirectory(data).leave()
    const holder = { ...JSON.parse(readFileSync(lockFile(data), 'utf8')), host: 'elsewhere', pid: 7 }
    writeFileSync(lockFile(data), JSON.stringify(holder))
    expect(() => lockDirectory(data)).toThrow(/in use by process 7 on elsewhere since/)
    try {
      lockDirectory(data)
    } catch (error) {
      expect(error).toMatchObject({
        code: 'directoryInUseElsewhere',
        hint: expect.stringContaining(`delete ${lockFile(data)}`),
      })
    }
    rmSync(lockFile(data))
    mkdirSync(lockFile(data))
    expect(() => lockDirectory(data)).toThrow(/Cannot read .*holdfast\.lock: it is a folder \(EISDIR\)/)
  })

  it('says which directory cannot be made', () => {
    writeFileSync(join(folder, 'a-file'), '')
    expect(() => lockDirectory(join(folder, 'a-file', 'below'))).toThrow(
      /^Cannot create the data directory .*a-file\/below: a part of the path is not a folder \(ENOTDIR\)\.$/,
    )
  })

  it('that was torn by a crash holds nobody off', () => {
    const data = join(folder, 'torn')
    mkdirSync(data)
    writeFileSync(lockFile(data), '{"pid":')
    expect(lockDirectory(data).wasUnclean).toBe(true)
  })
})
