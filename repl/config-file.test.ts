import { describe, expect, it } from 'vitest'
import { ConfigFileError, parseConfig } from './config-file.ts'

const FILE = '/etc/holdfast.toml'
const errorOf = (text: string, isOfData = false): string => {
  try {
    parseConfig(text, FILE, isOfData)
  } catch (error) {
    if (error instanceof ConfigFileError) return error.message
    throw error
  }
  return 'no error'
}

describe('a configuration file', () => {
  it('sets what it names and leaves the rest', () => {
    const text = `
data = "ticks"
[session]
memory_limit = "4GB"
new_value_partitions = "add"
allow_missing_partitions = false
[jobs]
workers = 3
[storage]
checkpoint_interval = "30s"
max_wal_size = "1GiB"
wal_level = 1
wal_rotation = "group"
wal_group_files = 4
wal_group_file_size = "64MiB"
delta_max_size = 134217728
delta_chunk_rows = 1000
delta_chunk_size = "1.5M"
append_small_rows = 0
compaction_enabled = false
compaction_min_segments = 4
compaction_bytes_per_second = "8MB"
`
    expect(parseConfig(text, FILE, false)).toEqual({
      data: '/etc/ticks',
      memoryLimitBytes: 4 * 2 ** 30,
      newValuePartitions: 'add',
      allowMissingPartitions: false,
      workers: 3,
      settings: {
        'ts.wal.checkpoint_interval': 30_000,
        'ts.checkpoint.max_wal_size': 2 ** 30,
        'ts.wal.wal_level': 1,
        'ts.wal.rotation': 'group',
        'ts.wal.group_files': 4,
        'ts.wal.group_file_size': 64 * 2 ** 20,
        'ts.delta.max_bytes': 2 ** 27,
        'ts.delta.chunk_rows': 1000,
        'ts.delta.chunk_bytes': 1.5 * 2 ** 20,
        'ts.append.small_rows': 0,
        'ts.compaction.enabled': false,
        'ts.compaction.min_segments': 4,
        'ts.compaction.bytes_per_second': 8 * 2 ** 20,
      },
    })
    for (const empty of ['', '# nothing\n', '[storage]\n', '[session]\n[jobs]\n'])
      expect(parseConfig(empty, FILE, true)).toEqual({ settings: {} })
  })

  it('may say where exports go, relative to its folder', () => {
    expect(parseConfig('[storage]\nexport_dir = "exports"', FILE, true).exportDir).toBe('/etc/exports')
  })

  it('may say where the log is archived', () => {
    const text = `[storage]
wal_archive_enabled = false
wal_archive_dir = "archive"
wal_restore_command = "cp /archive/%n %f"
wal_archive_retention = "7d"
wal_archive_timeout = "5m"
`
    expect(parseConfig(text, FILE, true).archive).toEqual({
      enabled: false,
      dir: '/etc/archive',
      restoreCommand: 'cp /archive/%n %f',
      retentionMs: 7 * 86_400_000,
      timeoutMs: 300_000,
    })
    const command = 'aws s3 cp %f s3://bucket/wal/%n --storage-class STANDARD_IA'
    const on = '[storage]\nwal_archive_enabled = true\nwal_archive_dir = "/a"'
    expect(parseConfig(on, FILE, true).archive).toMatchObject({ enabled: true, dir: '/a' })
    expect(parseConfig(`storage.wal_archive_command = "${command}"`, FILE, true).archive).toMatchObject({ command })
  })
})

describe('a mistake in it', () => {
  it.each([
    ['[storage]\nwal_levle = 1', "2:1: [storage] has no key 'wal_levle'; did you mean wal_level?"],
    [
      '[storage]\n\n  frobnicate = 1',
      "3:3: [storage] has no key 'frobnicate'; its keys are wal_level, checkpoint_interval,",
    ],
    ['[storge]\nwal_level = 1', "1:2: there is no section or key 'storge'; did you mean storage?"],
    ['[network]\nport = 1', "1:2: there is no section or key 'network'; the sections are session, jobs, storage"],
    ['wal_level = 1', "1:1: 'wal_level' stands outside of its section [storage]"],
    ['storage = 1', '1:1: storage must be a section, not 1'],
    ['storage = [1]', '1:1: storage must be a section, not a list'],
    ['[storage]\nwal_level = 7', '2:1: wal_level must be 0, 1 or 2, not 7'],
    ['[storage]\nwal_level = "2"', "2:1: wal_level must be 0, 1 or 2, not the text '2'"],
    [
      '[storage]\nwal_level = 3',
      "2:1: wal_level can't be 3: level 3 takes its commits from a replicated log, which needs the scaled-out mode",
    ],
    [
      '[storage]\ncheckpoint_interval = 60',
      "2:1: checkpoint_interval must be a duration from 1s to 1d, such as '30s', '1m' or '5m', not 60",
    ],
    ['[storage]\ncheckpoint_interval = "10MB"', "not '10MB'"],
    ['[storage]\ncheckpoint_interval = "0.5s"', "not '0.5s'"],
    [
      '[storage]\nmax_wal_size = "5m in"',
      "2:1: max_wal_size must be a size from 1MiB to 1TiB, such as 64MiB or 1GiB, not '5m in'",
    ],
    ['[storage]\nmax_wal_size = 1.5', 'not 1.5'],
    ['[storage]\nmax_wal_size = 99999999999999999999', 'not 99999999999999999999'],
    ['[storage]\nmax_wal_size = [1]', 'not a list'],
    ['[storage]\nwal_group_files = 1', '2:1: wal_group_files must be a whole number from 2 to 64, not 1'],
    ['[storage]\nwal_rotation = "single"', "2:1: wal_rotation must be dual or group, not 'single'"],
    ['[storage]\nwal_rotation = 1979-05-27', 'not a date'],
    ['[storage]\ncompaction_enabled = "yes"', "compaction_enabled must be true or false, not the text 'yes'"],
    ['[jobs]\nworkers = 0', '2:1: workers must be a whole number from 1 to 256, not 0'],
    ['[session]\ndecimals = 7', '2:1: decimals must be 6 or 15, not 7'],
    ['[session]\nnew_value_partitions = "maybe"', "must be add, skip or fail, not 'maybe'"],
    ['data = 3', '1:1: data must be a path in quotes, not 3'],
    ['data = "~/ticks"', '1:1: data must be a path in full: only a shell turns ~ into the home directory'],
    [
      '[storage]\nwal_archive_dir = "/a"\nwal_archive_command = "cp %f /b/%n"',
      "3:1: wal_archive_command can't stand beside wal_archive_dir: exactly one of the two is used",
    ],
    ['[storage]\nwal_archive_enabled = true', '2:1: wal_archive_enabled needs wal_archive_dir or wal_archive_command'],
    [
      '[storage]\nwal_archive_dir = "/a"\nwal_archive_enabled = true\nwal_level = 0',
      "4:1: wal_level can't be 0 while wal_archive_enabled is true",
    ],
    [
      '[storage]\nwal_archive_command = "cp %f /a/%n"\nwal_archive_enabled = true\nwal_archive_retention = "7d"',
      "4:1: wal_archive_retention can't stand beside wal_archive_command",
    ],
    ['[storage]\nwal_archive_command = "cp %f /a/%n && sync"', 'wal_archive_command uses &, which is for shells'],
    [
      '[storage]\nwal_archive_command = "cp %p /a"',
      "knows %f (full path), %n (name) and %% (a percent sign), not '%p'",
    ],
    ['[storage]\nwal_archive_command = "true"', 'must name the file, as %f'],
    ['[storage]\nwal_archive_command = "cp %f /a/"', 'must have the name in the archive, as %n'],
    ['[storage]\nwal_restore_command = "cp /a/x %f"', 'must have the name in the archive, as %n'],
    [
      '[storage]\nwal_archive_retention = 7',
      "must be a duration from 1m to 36500d, such as '30s', '1m' or '5m', not 7",
    ],
    ['[storage\nwal_level = 1', '1:'],
    ['[storage]\nwal_level = ', '2:13: Invalid TOML document'],
    ['[storage]\nwal_level = 1\nwal_level = 2', '3:'],
    ['__proto__ = 1', '1:'],
  ])('%j', (text, message) => {
    const error = errorOf(text)
    expect(error).toContain(message)
    expect(error).toMatch(/^\/etc\/holdfast\.toml:\d+:\d+: [^\n]+$/)
  })

  it('is told one at a time, the first in the file', () => {
    expect(errorOf('[storage]\nwal_level = 9\nnonsense = 1\n[jobs]\nworkers = -1')).toBe(
      `${FILE}:2:1: wal_level must be 0, 1 or 2, not 9`,
    )
    expect(errorOf('[jobs]\nnonsense = 1\nworkers = -1\n')).toContain(`${FILE}:2:1: [jobs] has no key 'nonsense'`)
  })

  it('is a data directory named from inside', () => {
    expect(errorOf('data = "/elsewhere"', true)).toContain(
      "1:1: data can't be set by the file that lies in the data directory",
    )
  })

  it('is a file that can not be read', async () => {
    const { readConfigFile } = await import('./config-file.ts')
    expect(() => readConfigFile('/no/such/file.toml', false)).toThrow(
      'Cannot read the configuration file /no/such/file.toml: there is no such file or folder (ENOENT).',
    )
  })
})
