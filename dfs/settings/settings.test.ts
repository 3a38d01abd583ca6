import { describe, expect, it } from 'vitest'
import fc from '../../test/properties.ts'
import { MemoryCatalogStore } from '../catalog/memory-store.ts'
import { keys } from '../catalog/records.ts'
import {
  durationOf,
  environmentSettings,
  environmentVariable,
  formatDuration,
  formatSize,
  formatValue,
  NO_START_SETTINGS,
  readSetting,
  readValue,
  requireKeptSetting,
  SETTINGS,
  settingNamed,
  settingsOf,
  sizeOf,
} from './index.ts'

describe('the table of definitions', () => {
  it('gives every setting a name, a key and a variable of its own', () => {
    for (const of of [(d) => d.name, (d) => d.tomlKey, environmentVariable] as ((
      d: (typeof SETTINGS)[number],
    ) => string)[])
      expect(new Set(SETTINGS.map(of)).size).toBe(SETTINGS.length)
    expect(environmentVariable(SETTINGS[0])).toBe('HOLDFAST_WAL_LEVEL')
    expect(settingNamed('ts.wal.nothing')).toBeUndefined()
  })

  it.each(SETTINGS.map((d) => [d.name, d] as const))('%s has a default that may be written down', (_, definition) => {
    requireKeptSetting(definition.name, definition.default)
    expect(readValue(definition, formatValue(definition, definition.default))).toEqual({
      ok: true,
      value: definition.default,
    })
    expect(definition.description).toMatch(/^[\s\S]{20,}[.]$/)
  })

  it('keeps the defaults that are documented', () => {
    const catalog = new MemoryCatalogStore()
    expect(settingsOf(catalog).values).toEqual({
      walLevel: 2,
      checkpointIntervalMs: 60_000,
      checkpointWalBytesMax: 512 * 2 ** 20,
      walRotation: 'dual',
      walGroupFiles: 3,
      walGroupFileBytes: 64 * 2 ** 20,
      deltaBytesMax: 256 * 2 ** 20,
      deltaChunkRows: 65_536,
      deltaChunkBytes: 8 * 2 ** 20,
      appendSmallRows: 1000,
      compactionEnabled: true,
      compactionSegmentsMin: 8,
      compactionBytesPerSecond: 32 * 2 ** 20,
      backupBytesPerSecondMax: 0,
      backupCommitMsMax: 0,
    })
  })
})

describe('sizes and durations', () => {
  it.each([
    ['0', 0],
    ['1048576', 2 ** 20],
    ['64MiB', 64 * 2 ** 20],
    ['64 MB', 64 * 2 ** 20],
    ['64m', 64 * 2 ** 20],
    ['1.5GiB', 1.5 * 2 ** 30],
    ['2T', 2 ** 41],
    ['100b', 100],
    ['', undefined],
    ['-1', undefined],
    ['5 min', undefined],
    ['1e3', undefined],
    ['1,5GB', undefined],
  ])('size %j', (text, bytes) => expect(sizeOf(text)).toBe(bytes))

  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['1m', 60_000],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
    ['2H', 7_200_000],
    ['7d', 604_800_000],
    ['1w', 604_800_000],
    ['30', undefined],
    ['1M', undefined],
    ['1y', undefined],
    ['-1s', undefined],
    ['s', undefined],
  ])('duration %j', (text, ms) => expect(durationOf(text)).toBe(ms))

  it('read back as they are shown', () => {
    fc.assert(
      fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (n) => {
        expect(sizeOf(formatSize(n))).toBe(n)
        expect(durationOf(formatDuration(n))).toBe(n)
      }),
    )
  })
})

describe('effective settings', () => {
  it('take the strongest of statement, environment, file and default, one by one', () => {
    const catalog = new MemoryCatalogStore()
    const start = {
      environment: { 'ts.wal.group_files': 5, 'ts.wal.wal_level': 1 },
      file: { 'ts.wal.group_files': 6, 'ts.wal.wal_level': 0, 'ts.append.small_rows': 7 },
    }
    catalog.transaction((w) => w.put(keys.setting('ts.wal.wal_level'), { value: 2 }))
    const { values, sources } = settingsOf(catalog, start)
    expect(values).toMatchObject({ walLevel: 2, walGroupFiles: 5, appendSmallRows: 7, walRotation: 'dual' })
    expect(sources).toMatchObject({
      walLevel: 'statement',
      walGroupFiles: 'environment',
      appendSmallRows: 'file',
      walRotation: 'default',
    })
  })

  it('leave aside records that this release would not have written, and name them', () => {
    const catalog = new MemoryCatalogStore()
    catalog.transaction((w) => {
      w.put(keys.setting('ts.wal.wal_level'), { value: 3 })
      w.put(keys.setting('ts.future.thing'), { value: 'x' })
      w.put(keys.setting('ts.wal.checkpoint_interval'), { value: '5m' })
    })
    const { values, unusable } = settingsOf(catalog, NO_START_SETTINGS)
    expect(values).toMatchObject({ walLevel: 2, checkpointIntervalMs: 60_000 })
    expect(unusable).toEqual([
      { name: 'ts.future.thing', value: 'x' },
      { name: 'ts.wal.checkpoint_interval', value: '5m' },
      { name: 'ts.wal.wal_level', value: 3 },
    ])
  })

  it('accept only values that were read', () => {
    expect(readSetting('ts.wal.checkpoint_interval', '5m')).toBe(300_000)
    expect(() => requireKeptSetting('ts.wal.checkpoint_interval', '5m')).toThrow('must be a duration')
    expect(() => requireKeptSetting('ts.wal.wal_level', '1')).toThrow('must be 0, 1 or 2')
    expect(() => requireKeptSetting('ts.wal.wal_level', 3)).toThrow('must be 0, 1 or 2')
    expect(() => requireKeptSetting('nonsense', 3)).toThrow('There is no cluster setting [nonsense].')
    expect(() => readSetting('ts.wal.wal_level', 3)).toThrow("[ts.wal.wal_level] can't be 3: level 3 takes")
    expect(() => readSetting('ts.wal.wal_level', 9n)).toThrow('must be 0, 1 or 2, not 9.')
  })

  it('come from variables of the environment that are not empty', () => {
    expect(
      environmentSettings({
        HOLDFAST_WAL_LEVEL: '1',
        HOLDFAST_COMPACTION_ENABLED: 'off',
        HOLDFAST_MAX_WAL_SIZE: '',
        PATH: 'x',
      }),
    ).toEqual({
      'ts.wal.wal_level': 1,
      'ts.compaction.enabled': false,
    })
    expect(() => environmentSettings({ HOLDFAST_MAX_WAL_SIZE: '12 parsecs' })).toThrow(
      "The environment variable HOLDFAST_MAX_WAL_SIZE must be a size from 1MiB to 1TiB, such as 64MiB or 1GiB, not '12 parsecs'.",
    )
  })
})
