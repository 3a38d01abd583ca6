import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { quickCommandLine } from './arguments.ts'
import { parseWithCommander } from './commands.ts'
import { loadConfigFile, OptionError, parseBytes, settingsOf } from './config.ts'

describe('settings', () => {
  it('come from options, then the environment, then defaults', () => {
    expect(settingsOf({ data: '/a' }, { HOLDFAST_DATA: '/b' }).config.dataDir).toBe('/a')
    expect(settingsOf({}, { HOLDFAST_DATA: '/b' }).config.dataDir).toBe('/b')
    expect(settingsOf({}, { HOLDFAST_DATA: '' }).config.dataDir).toMatch(/\/holdfast-data$/)
    expect(settingsOf({ workers: '3' }, { HOLDFAST_WORKERS: '7' }).workers).toBe(3)
    expect(settingsOf({}, {}).config).toMatchObject({ newValuePartitions: 'skip' })
    expect(settingsOf({}, {}).waitForJobs).toBe(true)
  })

  it('come from the file where neither option nor environment says anything', () => {
    const file = {
      data: '/c',
      workers: 5,
      memoryLimitBytes: 2 ** 30,
      newValuePartitions: 'add' as const,
      allowMissingPartitions: false,
      enableInsertStatement: true,
      decimals: 15 as const,
      settings: { 'ts.wal.wal_level': 1 },
    }
    const settings = settingsOf({}, {}, file)
    expect(settings.workers).toBe(5)
    expect(settings.config).toEqual({
      dataDir: '/c',
      configFile: '/c/holdfast.toml',
      memoryLimitBytes: 2 ** 30,
      newValuePartitions: 'add',
      allowMissingPartitions: false,
      enableInsertStatement: true,
      display: { decimals: 15, boolDigits: false },
      settings: { environment: {}, file: { 'ts.wal.wal_level': 1 }, archive: undefined },
    })
    const env = {
      HOLDFAST_DATA: '/b',
      HOLDFAST_WORKERS: '2',
      HOLDFAST_MEMORY_LIMIT: '2G',
      HOLDFAST_NEW_VALUE_PARTITIONS: 'fail',
      HOLDFAST_ALLOW_MISSING_PARTITIONS: 'true',
      HOLDFAST_ENABLE_INSERT_STATEMENT: 'false',
      HOLDFAST_DECIMALS: '6',
      HOLDFAST_BOOLEAN_DIGITS: 'true',
      HOLDFAST_WAL_LEVEL: '0',
      HOLDFAST_CHECKPOINT_INTERVAL: '',
    }
    const over = settingsOf({ data: '/a' }, env, file)
    expect(over.workers).toBe(2)
    expect(over.config).toMatchObject({
      dataDir: '/a',
      memoryLimitBytes: 2 ** 31,
      newValuePartitions: 'fail',
      allowMissingPartitions: true,
      enableInsertStatement: false,
      display: { decimals: 6, boolDigits: true },
      settings: { environment: { 'ts.wal.wal_level': 0 }, file: { 'ts.wal.wal_level': 1 } },
    })
  })

  it('are looked for in the file that is named, else in the data directory', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-config-'))
    try {
      expect(await loadConfigFile({ data: folder }, {})).toEqual({ settings: {} })
      writeFileSync(join(folder, 'holdfast.toml'), '[jobs]\nworkers = 7\n')
      writeFileSync(join(folder, 'other.toml'), 'data = "here"\n')
      expect((await loadConfigFile({ data: folder }, {})).workers).toBe(7)
      expect((await loadConfigFile({}, { HOLDFAST_DATA: folder })).workers).toBe(7)
      const other = join(folder, 'other.toml')
      for (const named of [
        await loadConfigFile({ config: other, data: folder }, {}),
        await loadConfigFile({}, { HOLDFAST_CONFIG: other }),
      ])
        expect(named).toEqual({ data: join(folder, 'here'), settings: {} })
      await expect(loadConfigFile({ config: join(folder, 'missing.toml') }, {})).rejects.toThrow('missing.toml')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('read sizes in binary multiples', () => {
    for (const [text, bytes] of [
      ['4G', 4 * 2 ** 30],
      ['512MB', 512 * 2 ** 20],
      ['1.5gib', 1.5 * 2 ** 30],
      ['2048k', 2 ** 21],
      ['1073741824', 2 ** 30],
    ] as const)
      expect(parseBytes(text)).toBe(bytes)
  })

  it('refuse what makes no sense', () => {
    for (const text of ['', 'x', '4X', '-1G', '1000', '0']) expect(() => parseBytes(text), text).toThrow(OptionError)
    for (const workers of ['0', '1.5', 'many', '1000']) expect(() => settingsOf({ workers }, {})).toThrow(OptionError)
    expect(() => settingsOf({}, { HOLDFAST_ALLOW_MISSING_PARTITIONS: 'perhaps' })).toThrow('must be true or false')
    expect(() => settingsOf({}, { HOLDFAST_DECIMALS: '7' })).toThrow("HOLDFAST_DECIMALS must be 6 or 15, not '7'")
    expect(() => settingsOf({}, { HOLDFAST_BOOLEAN_DIGITS: '1' })).toThrow('must be true or false')
    expect(() => settingsOf({}, { HOLDFAST_WAL_LEVEL: '9' })).toThrow(
      "The environment variable HOLDFAST_WAL_LEVEL must be 0, 1 or 2, not '9'.",
    )
    expect(() => settingsOf({ newValuePartitions: 'maybe' }, {})).toThrow('must be add, skip or fail')
  })
})

describe('the full command line', () => {
  it('takes the spellings of other servers for verifying and recovering', () => {
    expect(parseWithCommander(['--verify-backup', '/b', '--json'], true)).toMatchObject({
      invocation: { kind: 'verifyBackup', dir: '/b', json: true },
    })
    expect(
      parseWithCommander(
        ['--restore-pitr', 'latest', '--restore-backup', '/b', '--wal-archive-dir', '/w', '--config', '/c.toml'],
        true,
      ),
    ).toMatchObject({
      invocation: { kind: 'restorePitr', target: 'latest', backup: '/b', walArchiveDir: '/w' },
      options: { config: '/c.toml' },
    })
    expect(parseWithCommander(['--data', '/new', 'restore', '/b'], true)).toMatchObject({
      invocation: { kind: 'restore', dir: '/b' },
      options: { data: '/new' },
    })
  })
})

describe('the everyday command lines', () => {
  it('are read without the full parser', () => {
    expect(quickCommandLine([], true)).toEqual({ invocation: { kind: 'prompt' }, options: {} })
    expect(quickCommandLine([], false)?.invocation).toEqual({ kind: 'stdin' })
    expect(quickCommandLine(['--data', '/d', '--no-wait', '-e', '1+1'], true)).toEqual({
      invocation: { kind: 'evaluate', code: '1+1' },
      options: { data: '/d', wait: false },
    })
  })

  it.each([
    [['x', '--echo'], { args: ['x', '--echo'], options: {} }],
    [['x', '--data', '/d', '-v'], { args: ['x', '-v'], options: { data: '/d' } }],
    [['--data=/a=b', '--no-wait'], { args: [], options: { data: '/a=b', wait: false } }],
    [['--datum', '--', '--data', '/d', '--'], { args: ['--datum', '--data', '/d', '--'], options: {} }],
  ])('find options among the arguments of a script, up to --: %j', (words, { args, options }) => {
    for (const parse of [quickCommandLine, parseWithCommander])
      expect(parse(['run', 'a.dos', ...words], true)).toMatchObject({
        invocation: { kind: 'run', file: 'a.dos', args, echo: false },
        options,
      })
  })

  it('refuse an option without its value', () => {
    expect(() => quickCommandLine(['run', 'a.dos', 'x', '--data'], true)).toThrow('--data needs a value')
  })

  it('leave everything else to it', () => {
    for (const argv of [
      ['--help'],
      ['run'],
      ['run', '--echo', 'f'],
      ['-e'],
      ['--data'],
      ['jobs'],
      ['nonsense'],
      ['-e', '1', '2'],
    ])
      expect(quickCommandLine(argv, true), argv.join(' ')).toBeUndefined()
  })
})
