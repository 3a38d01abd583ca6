import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { restoreBackupFolder } from '../node-backup/index.ts'
import { silentProgress } from '../progress.ts'
import { planFolder, type RecoveryChoice, recoverFolder } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-pitr-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const at = (name: string): string => join(folder, name)
mkdirSync(at('set'))

const attempt = (choice: Partial<RecoveryChoice>, data: string): (() => unknown) => {
  const whole = { target: 'latest', backup: at('set'), ...choice }
  return () => recoverFolder(whole, at(data), () => {}, silentProgress)
}

describe('a recovery into a folder', () => {
  it.each([
    ['a target without a zone', { target: '2026-01-15T14:30:00' }, /has no time zone/],
    ['a set without backups', {}, /There is no node backup/],
    ['an archive that is not there', { archiveDir: at('nowhere') }, /There is no archive directory/],
    [
      'a configured archive that is not there',
      { archive: { enabled: true, dir: at('nowhere') } },
      /no archive directory/,
    ],
    ['a command for archiving only', { archive: { enabled: true, command: 'cp %f /x/%n' } }, /no wal_restore_command/],
    ['a key that is not there', { keyFile: at('no.key') }, /no\.key/],
  ])('with %s is refused and makes no folder', (_, choice, message) => {
    expect(attempt(choice, 'new')).toThrow(message)
    expect(existsSync(at('new'))).toBe(false)
    mkdirSync(at('empty'))
    expect(attempt(choice, 'empty')).toThrow(message)
    expect(readdirSync(at('empty'))).toEqual([])
    rmSync(at('empty'), { recursive: true })
    const plan = { target: 'latest', backup: at('set'), ...choice }
    expect(() => planFolder(plan, at('new'), () => {}, silentProgress)).toThrow(message)
    expect(existsSync(at('new'))).toBe(false)
  })

  it('into the set, or into the archive, is refused: both are tidied', () => {
    mkdirSync(at('archive'))
    for (const data of ['set/new', 'set', 'archive/a/b'])
      expect(attempt({ archiveDir: at('archive') }, data)).toThrow(/lies in the (backup|archive)/)
    const intoSet = () => restoreBackupFolder({ folder: at('set') }, at('set/new'), silentProgress)
    expect(intoSet).toThrow(`The new data directory ${at('set/new')} lies in the backup ${at('set')}.`)
    expect(readdirSync(at('set'))).toEqual([])
    expect(readdirSync(at('archive'))).toEqual([])
  })

  it("leaves somebody's store alone, the lock that tells of its end included", () => {
    mkdirSync(at('store'))
    const lock = JSON.stringify({
      pid: 999_999_999,
      processStart: 'ended',
      host: 'elsewhere',
      since: '',
      folder: '0:0',
    })
    writeFileSync(join(at('store'), 'holdfast.lock'), lock)
    writeFileSync(join(at('store'), 'catalog.mdb'), 'records')
    expect(attempt({}, 'store')).toThrow(/is not empty/)
    expect(readdirSync(at('store')).sort()).toEqual(['catalog.mdb', 'holdfast.lock'])
    expect(readFileSync(join(at('store'), 'holdfast.lock'), 'utf8')).toBe(lock)
  })
})
