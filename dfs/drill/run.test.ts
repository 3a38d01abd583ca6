/** What a drill does around the restore, with a restore that the test plays. */
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { HoldfastError } from '../../runtime/errors.ts'
import { Ledger } from '../ledger/ledger.ts'
import { contextOf, TestEngine } from '../set/fixture.ts'
import { FaultyFileStore } from '../store/faulty-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import type { Comparison } from './databases.ts'
import { listDrills } from './evidence.ts'
import { type DrillSubject, runDrill } from './run.ts'

let parent: string
let set: MemoryFileStore
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'holdfast-test-'))
  set = new MemoryFileStore()
})
afterEach(() => rmSync(parent, { recursive: true }))

const table = { db: 'dfs://d', table: 't', partitions: 2, rows: 7, bytes: 100, detail: '' }
const passes = (): Comparison => ({ tables: [table], conflicts: [] })
const subject = (facts: Partial<DrillSubject> = {}): DrillSubject => ({
  kind: 'databases',
  state: '20240101T000000000Z-000000',
  stateTakenAt: '2024-01-01T00:00:00.000Z',
  db: '',
  partitions: 2,
  partitionsTotal: 2,
  bytes: 100,
  restore: (store) => store.start(false),
  compare: passes,
  ...facts,
})
const run = (facts: Partial<DrillSubject> = {}, store = set as ConstructorParameters<typeof Ledger>[0]) =>
  runDrill(contextOf(new TestEngine(new MemoryFileStore())), store, new Ledger(store, () => {}), subject(facts), {
    parent,
    isKept: false,
  })
const evidence = (): unknown[] => listDrills(set).map((d) => [d.drill?.result, d.drill?.error])

describe('a drill', () => {
  it('works in a folder that only its owner can look into, and removes it', () => {
    let mode = 0
    const drill = run({
      compare: (store) => {
        mode = statSync(store.folder).mode & 0o777
        expect(evidence()).toEqual([['running', '']])
        return passes()
      },
    })
    expect(mode).toBe(0o700)
    expect(readdirSync(parent)).toEqual([])
    expect(drill).toMatchObject({ result: 'passed', rows: 7, partitions: 2, tables: [table], product: 'holdfast test' })
    expect(evidence()).toEqual([['passed', '']])
  })
  it('does not begin without room for the data', () => {
    expect(() => run({ bytes: 2 ** 60 })).toThrow(/A drill needs \d+ bytes in .*, where \d+ are free/)
    expect(readdirSync(parent)).toEqual([])
    expect(evidence()).toEqual([])
  })
  it('that finds differences is an error, with all of them in the evidence', () => {
    const conflicts = ['/a: it has 6 rows instead of 7', '/b: the values of x are others']
    expect(() => run({ compare: () => ({ tables: [table], conflicts }) })).toThrow(
      /failed: what was restored is not what the backup holds\. \/a: it has 6 rows instead of 7/,
    )
    expect(evidence()).toEqual([['failed', conflicts.join('\n')]])
    expect(readdirSync(parent)).toEqual([])
  })
  it.each<[string, Partial<DrillSubject>]>([
    ['restore', { restore: fail }],
    ['comparison', { compare: fail }],
  ])('that is stopped in its %s leaves evidence and no folder', (_, facts) => {
    expect(() => run(facts)).toThrow('the disk is gone')
    expect(evidence()).toEqual([['failed', 'the disk is gone']])
    expect(readdirSync(parent)).toEqual([])
  })
  it('of a set that cannot be written does not begin', () => {
    const readOnly = new FaultyFileStore(set, { bytesMax: 0 })
    expect(() => run({ restore: unreachable }, readOnly)).toThrow(/The evidence of a drill cannot be written/)
    expect(existsSync(parent) && readdirSync(parent)).toEqual([])
  })
})

function fail(): never {
  throw new HoldfastError('io', 'the disk is gone', { code: 'EIO' })
}

function unreachable(): never {
  throw new Error('the drill began')
}
