/** Backups that keep out of the way: the rate of real threads on a real disk, pauses, and what getBackupStatus says meanwhile. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BackupRun, EngineCommand } from '../engine/commands.ts'
import { LocalFileStore } from '../store/local-store.ts'
import { connect, newWorld, type TestSession, type TestWorld } from '../write/testing.ts'

const MB = 1_000_000

let folder: string
let world: TestWorld
let s: TestSession
let other: TestSession
let onCommand: (command: EngineCommand) => void = () => {}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-pace-'))
  world = newWorld()
  for (const name of ['a', 'b', 'c', 'd', 'e']) world.backups.set(`/${name}`, new LocalFileStore(join(folder, name)))
  const files = new LocalFileStore(join(folder, 'data'))
  s = connect(world, { files, before: (command) => onCommand(command) })
  other = connect(world, { files })
  s.run(`
    db = database("dfs://p", VALUE, 0..19)
    pt = db.createPartitionedTable(table(1:0, \`k\`x, [INT, LONG]), "pt", "k")
    for (k in 0..19) pt.append!(table(take(k, 100000) as k, rand(1000000000l, 100000) as x))`)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function secondsOf(script: string): number {
  const begin = performance.now()
  s.run(script)
  return (performance.now() - begin) / 1000
}

/** Of all segments: 20 files of 1.2 MB. */
const BYTES = 24 * MB

describe('the byte rate', () => {
  it.each([
    ['backup("/a", "dfs://p", maxBytesPerSecond=12000000)'],
    ['backupNode("/b", includeWal=false, maxBytesPerSecond="12000000")'],
    ['backupNode("/c", includeWal=false, compress=true, maxBytesPerSecond=12000000)'],
  ])('is held by %s', (script) => {
    const seconds = secondsOf(script)
    expect(BYTES / seconds).toBeLessThan(1.2 * 12 * MB)
    // Not much slower either, on whatever machine.
    expect(seconds).toBeLessThan(20)
  })

  it('comes from the settings when a call gives none', () => {
    s.run('set cluster setting backup.max_bytes_per_second = 16MB')
    expect(BYTES / secondsOf('backup("/d", "dfs://p")')).toBeLessThan(1.2 * 16 * 1024 ** 2)
    s.run('set cluster setting backup.max_bytes_per_second = DEFAULT')
  })

  it.each([
    ['backup("/a", "dfs://p", maxBytesPerSecond=-1)', /maxBytesPerSecond must be a number/],
    ['backup("/a", "dfs://p", maxBytesPerSecond="fast")', /maxBytesPerSecond must be a size/],
    ['backupDB("/a", "dfs://p", maxCommitMillis="x")', /maxCommitMillis must be a number/],
  ])('refuses %s', (script, message) => {
    expect(s.fails(script)).toMatch(message)
  })
})

describe('a backup that is paused', () => {
  const runsSeen: BackupRun[] = []
  const pausedOnce = (whenPaused: (run: BackupRun) => void): void => {
    runsSeen.length = 0
    let isAsked = false
    onCommand = (command) => {
      if (command.kind !== 'putRun') return
      runsSeen.push(command.run)
      if (command.run.pausedSinceMs !== undefined) whenPaused(command.run)
      else if (!isAsked && command.run.completedPartitions > 0 && command.run.state === 'running') {
        isAsked = true
        other.run(`pauseBackup("${command.run.id}")`)
      }
    }
  }

  it('waits, says so, and goes on when it is resumed', () => {
    let shown = ''
    // The record is put before the engine has it: the next look shows it.
    pausedOnce((run) => {
      world.engine.request({ kind: 'putRun', run })
      shown = other.show(
        `exec string(state) + " " + string(isNull(endTime)) from getBackupStatus() where id = "${run.id}"`,
      )
      other.run(`resumeBackup("${run.id}")`)
    })
    // Records of a run are written once a second.
    s.run('backup("/e", "dfs://p", maxBytesPerSecond=10000000)')
    onCommand = () => {}
    expect(shown).toMatch(/paused (1|true)/)
    const states = runsSeen.map((r) => (r.pausedSinceMs === undefined ? r.state : 'paused'))
    expect(states.filter((state, k) => state !== states[k - 1])).toEqual(['running', 'paused', 'running', 'completed'])
    expect(runsSeen.at(-1)).toMatchObject({ completedPartitions: 20, pausedMs: expect.any(Number) })
    expect(s.show('checkBackup("/e", "dfs://p").size()')).toBe('0')
  })

  it('can be paused by who called it and administrators, while it runs', () => {
    s.run('createUser("eve", "secret123")')
    const eve = connect(world, { files: new LocalFileStore(join(folder, 'data')) })
    eve.session.user = 'eve'
    const id = JSON.parse(s.show('exec id from getBackupStatus()'))[0] as string
    expect(eve.fails(`pauseBackup("${id}")`)).toMatch(/There is no backup/)
    expect(s.fails(`pauseBackup("${id}")`)).toMatch(/is not running: it is completed/)
    expect(s.fails('resumeBackup("nothing")')).toMatch(/There is no backup nothing/)
  })
})
