import { beforeEach, describe, expect, it } from 'vitest'
import { createInterpreter, createRegistry, type Interpreter, Scalar, T, type Value } from '../../runtime/index.ts'
import { MemoryCatalogStore } from '../catalog/memory-store.ts'
import { Engine } from '../engine/engine.ts'
import { connectDfs, dfsBuiltins } from '../index.ts'
import { progressService, silentProgress } from '../progress.ts'
import { SETTINGS } from '../settings/index.ts'
import { MemoryFileStore } from '../store/memory-store.ts'

const catalog = new MemoryCatalogStore()
const files = new MemoryFileStore()
const settings = { environment: { 'ts.wal.group_files': 5 }, file: { 'ts.wal.group_files': 4, 'ts.wal.wal_level': 1 } }
const engine = new Engine({ catalog, files, settings })
engine.recover(false)
const registry = createRegistry(dfsBuiltins)

let session: Interpreter
let notes: string[]

beforeEach(() => {
  for (const { name } of SETTINGS) engine.request({ kind: 'removeSetting', name })
  session = createInterpreter({ registry, print: () => {} })
  connectDfs({
    session,
    home: '/data',
    link: { open: () => engine.openSession('test'), request: (command) => engine.request(command) },
    config: { settings },
    catalog,
    files,
  })
  notes = []
  session.provide(progressService, { ...silentProgress, note: (text) => void notes.push(text) })
  session.user = 'admin'
})

const cell = (name: string, column: string): string =>
  session.display(session.run(`exec ${column} from getClusterSettings("${name}")`)).replace(/^\["?|"?\]$/g, '')
const shownValue = (name: string): string => cell(name, 'value')
const fails = (script: string): string => {
  try {
    session.run(script)
  } catch (error) {
    return (error as Error).message
  }
  return 'no error'
}

describe('a cluster setting', () => {
  it.each([
    ['ts.wal.wal_level', '0', '0'],
    ['ts.wal.wal_level', '"1"', '1'],
    ['ts.wal.checkpoint_interval', "'5m'", '5m'],
    ['ts.wal.checkpoint_interval', '90s', '90s'],
    ['ts.wal.checkpoint_interval', '2H', '2h'],
    ['ts.wal.rotation', '"group"', 'group'],
    ['ts.wal.group_file_size', '134217728', '128MiB'],
    ['ts.wal.group_file_size', '134217728l', '128MiB'],
    ['ts.wal.group_file_size', '"1.5GB"', '1536MiB'],
    ['ts.compaction.enabled', 'false', 'false'],
    ['ts.append.small_rows', '0', '0'],
  ])('%s is set to %s by the function', (name, value, shown) => {
    session.run(`setClusterSetting("${name}", ${value})`)
    expect(shownValue(name)).toBe(shown)
    expect(cell(name, 'source')).toBe('statement')
  })

  it.each([
    ['ts.wal.wal_level = 1', 'ts.wal.wal_level', '1'],
    ['ts.wal.wal_level = 0; x = 1', 'ts.wal.wal_level', '0'],
    ["ts.wal.checkpoint_interval = '5m'", 'ts.wal.checkpoint_interval', '5m'],
    ['ts.wal.checkpoint_interval = 5m', 'ts.wal.checkpoint_interval', '5m'],
    ['ts.wal.rotation = group', 'ts.wal.rotation', 'group'],
    ["ts.wal.group_files = '7'", 'ts.wal.group_files', '7'],
    ['ts.wal.group_file_size = 64M', 'ts.wal.group_file_size', '64MiB'],
    ['ts.delta.max_bytes = 1GiB', 'ts.delta.max_bytes', '1GiB'],
    ['ts.compaction.enabled = false', 'ts.compaction.enabled', 'false'],
  ])('is set by SET CLUSTER SETTING %s', (assignment, name, shown) => {
    session.run(`SET CLUSTER SETTING ${assignment}`)
    expect(shownValue(name)).toBe(shown)
  })

  it('comes from a statement, else the environment, the file, the default', () => {
    expect([shownValue('ts.wal.group_files'), cell('ts.wal.group_files', 'source')]).toEqual(['5', 'environment'])
    expect([shownValue('ts.wal.wal_level'), cell('ts.wal.wal_level', 'source')]).toEqual(['1', 'file'])
    expect([shownValue('ts.wal.rotation'), cell('ts.wal.rotation', 'source')]).toEqual(['dual', 'default'])
    session.run('SET CLUSTER SETTING ts.wal.group_files = 6')
    expect([shownValue('ts.wal.group_files'), cell('ts.wal.group_files', 'source')]).toEqual(['6', 'statement'])
    expect(engine.settings.walGroupFiles).toBe(6)
    expect(cell('ts.wal.group_files', 'defaultValue')).toBe('3')
  })

  it.each([
    'SET CLUSTER SETTING ts.wal.wal_level = DEFAULT',
    'setClusterSetting("ts.wal.wal_level", NULL)',
    'setClusterSetting("ts.wal.wal_level", "default")',
  ])('is given back by %s', (script) => {
    session.run('SET CLUSTER SETTING ts.wal.wal_level = 0')
    session.run(script)
    expect([shownValue('ts.wal.wal_level'), cell('ts.wal.wal_level', 'source')]).toEqual(['1', 'file'])
  })

  it('keeps the value of a statement over restarts, whatever the file says then', () => {
    session.run('SET CLUSTER SETTING ts.wal.checkpoint_interval = 30s')
    const again = new Engine({
      catalog,
      files,
      settings: { environment: {}, file: { 'ts.wal.checkpoint_interval': 1000 } },
    })
    again.recover(false)
    expect(again.settings.checkpointIntervalMs).toBe(30_000)
  })

  it('that is not dynamic says when it takes effect', () => {
    session.run('SET CLUSTER SETTING ts.wal.wal_level = 0')
    expect(notes).toEqual([])
    session.run('SET CLUSTER SETTING ts.wal.rotation = group')
    expect(notes).toEqual(['ts.wal.rotation takes effect at the next start.'])
    expect(cell('ts.wal.rotation', 'dynamic')).toBe('false')
  })

  it.each([
    ['ts.wal.wal_level = 7', 'The cluster setting [ts.wal.wal_level] must be 0, 1 or 2, not 7.'],
    [
      'ts.wal.wal_level = 3',
      "can't be 3: level 3 takes its commits from a replicated log, which needs the scaled-out mode",
    ],
    ['ts.wal.rotation = single', "must be dual or group, not 'single'."],
    ['ts.wal.group_files = 1', 'must be a whole number from 2 to 64, not 1.'],
    ['ts.wal.group_files = -3', "not '-3'"],
    ['ts.wal.group_files = 2.5', 'not 2.5'],
    ['ts.wal.checkpoint_interval = 60', 'must be a duration from 1s to 1d'],
    ['ts.wal.checkpoint_interval = 5M', "not '5M'"],
    ["ts.wal.checkpoint_interval = '10ms'", "not '10ms'"],
    ['ts.wal.group_file_size = 1k', 'must be a size from 1MiB to 16GiB, such as 64MiB or 1GiB'],
    ["ts.wal.group_file_size = ''", "not ''"],
    ['ts.compaction.enabled = maybe', "must be true or false, not 'maybe'"],
    ['ts.wal.wal_levle = 1', 'There is no cluster setting [ts.wal.wal_levle].'],
  ])('refuses %s', (assignment, message) => {
    expect(fails(`SET CLUSTER SETTING ${assignment}`)).toContain(message)
    expect(shownValue('ts.wal.group_files')).toBe('5')
  })

  it('hints at a name like the unknown one', () => {
    let hint: unknown
    try {
      session.run('SHOW CLUSTER SETTING ts.wal.wal_levle')
    } catch (error) {
      hint = (error as { hint?: string }).hint
    }
    expect(hint).toBe('did you mean ts.wal.wal_level?')
  })

  it('is changed by administrators only; everybody may look', () => {
    session.user = 'guest'
    expect(fails('SET CLUSTER SETTING ts.wal.wal_level = 1')).toContain('<NoPrivilege>')
    expect(shownValue('ts.wal.wal_level')).toBe('1')
  })
})

describe('SHOW', () => {
  it('gives a table with a row for each setting, in which DEFAULT is of the right type', () => {
    const table = session.run('SHOW CLUSTER SETTINGS')
    if (table.kind !== 'table') throw new Error('no table')
    expect(table.names).toEqual(['name', 'value', 'defaultValue', 'unit', 'dynamic', 'source', 'description'])
    expect(table.rows).toBe(SETTINGS.length)
    expect(table.columns[4].type).toBe(T.BOOL)
    const one = session.run('SHOW CLUSTER SETTING ts.wal.rotation')
    expect(one.kind === 'table' && one.rows).toBe(1)
  })

  it('is shown as the value of an expression is; SET shows nothing', () => {
    const shown: Value[] = []
    session.run('SET CLUSTER SETTING ts.wal.wal_level = 0; SHOW CLUSTER SETTINGS; CHECKPOINT = 1', {
      onExpression: (value) => void shown.push(value),
    })
    expect(shown.map((v) => v.kind)).toEqual(['table'])
    session.run('def f(){ SHOW CLUSTER SETTINGS\n return 5 }')
    expect(session.display(session.run('f()'))).toBe('5')
    expect(session.run('SET CLUSTER SETTING ts.wal.wal_level = 0')).toBe(Scalar.VOID)
  })
})
