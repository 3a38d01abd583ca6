/** The keys of holdfast.toml besides those of the store's settings (dfs/settings/definitions.ts). Also the source of docs/configuration.md. */
import type { ValueType } from '../dfs/settings/index.ts'

export const WORKERS_MAX = 256

/** What a key takes: a value as settings have them, a path, or a command line. */
export type KeyType = ValueType | { readonly type: 'path' } | { readonly type: 'command' }

export interface ConfigKey {
  /** Empty: at the head of the file, before any section. */
  readonly section: string
  readonly key: string
  readonly type: KeyType
  /** As shown. */
  readonly default: string
  readonly environment?: string
  readonly option?: string
  readonly description: string
}

const MIB = 1024 ** 2
const TIB = 1024 ** 4
const MINUTE = 60_000
const DAY = 1440 * MINUTE

export const MEMORY_LIMIT_TYPE: ValueType = { type: 'size', min: MIB, max: 64 * TIB }
export const NEW_VALUE_PARTITIONS = ['add', 'skip', 'fail'] as const
export const DECIMALS = [6, 15] as const

export const PROCESS_KEYS: readonly ConfigKey[] = [
  {
    section: '',
    key: 'data',
    type: { type: 'path' },
    default: './holdfast-data',
    environment: 'HOLDFAST_DATA',
    option: '--data DIR',
    description: 'The data directory. Only in a file that is given with `--config`.',
  },
  {
    section: 'session',
    key: 'memory_limit',
    type: MEMORY_LIMIT_TYPE,
    default: '60% of the machine',
    environment: 'HOLDFAST_MEMORY_LIMIT',
    option: '--memory-limit SIZE',
    description:
      'Memory for the columns of one session (prompt, script or job). Texts, tuples and dictionaries may take as much again, at least 512 MiB and at most 32 GiB. A statement that needs more fails; the session goes on.',
  },
  {
    section: 'session',
    key: 'new_value_partitions',
    type: { type: 'choice', choices: NEW_VALUE_PARTITIONS },
    default: 'skip',
    environment: 'HOLDFAST_NEW_VALUE_PARTITIONS',
    option: '--new-value-partitions P',
    description: 'Rows outside a VALUE scheme at an append: add a partition, skip the rows, or fail.',
  },
  {
    section: 'session',
    key: 'allow_missing_partitions',
    type: { type: 'boolean' },
    default: 'true',
    environment: 'HOLDFAST_ALLOW_MISSING_PARTITIONS',
    description:
      'Whether an append leaves out rows that belong to no partition (true) or is refused as a whole (false).',
  },
  {
    section: 'session',
    key: 'enable_insert_statement',
    type: { type: 'boolean' },
    default: 'false',
    environment: 'HOLDFAST_ENABLE_INSERT_STATEMENT',
    description:
      'Whether the statement `insert into` may append to stored tables (enableInsertStatementForDFSTable). The functions append! and tableInsert always may.',
  },
  {
    section: 'session',
    key: 'decimals',
    type: { type: 'choice', choices: DECIMALS },
    default: '6',
    environment: 'HOLDFAST_DECIMALS',
    description:
      'Digits after the point that FLOAT and DOUBLE values show at most. With 6, numbers of a million and more show an exponent; with 15, those of 1e15 and more.',
  },
  {
    section: 'session',
    key: 'boolean_digits',
    type: { type: 'boolean' },
    default: 'false',
    environment: 'HOLDFAST_BOOLEAN_DIGITS',
    description: 'Whether BOOL values show as 1 and 0 rather than true and false.',
  },
  {
    section: 'jobs',
    key: 'workers',
    type: { type: 'integer', min: 1, max: WORKERS_MAX },
    default: 'number of processors',
    environment: 'HOLDFAST_WORKERS',
    option: '--workers N',
    description: 'Background jobs that run at once.',
  },
]

export const EXCHANGE_KEYS: readonly ConfigKey[] = [
  {
    section: 'storage',
    key: 'export_dir',
    type: { type: 'path' },
    default: '`export` in the data directory',
    description: 'The folder that `nodelocal://1/...` stands for in EXPORT and IMPORT (docs/export-import.md).',
  },
]

export const ARCHIVE_KEYS: readonly ConfigKey[] = [
  {
    section: 'storage',
    key: 'wal_archive_enabled',
    type: { type: 'boolean' },
    default: 'false',
    description: 'Whether sealed pieces of the log, and the data that they name, are archived (docs/operations.md).',
  },
  {
    section: 'storage',
    key: 'wal_archive_dir',
    type: { type: 'path' },
    default: '',
    description: 'Directory that they are copied to. Either this or the command.',
  },
  {
    section: 'storage',
    key: 'wal_archive_command',
    type: { type: 'command' },
    default: '',
    description:
      'Command that archives one: `%f` is its full path, `%n` its name, `%%` a percent sign. Started without a shell; exit code 0 means done. See docs/operations.md.',
  },
  {
    section: 'storage',
    key: 'wal_restore_command',
    type: { type: 'command' },
    default: '',
    description: 'Command that brings one back: `%n` is its name, `%f` the path to write.',
  },
  {
    section: 'storage',
    key: 'wal_archive_retention',
    type: { type: 'duration', min: MINUTE, max: 36_500 * DAY },
    default: '',
    description: 'How long archived pieces are kept in the directory; without it, for ever.',
  },
  {
    section: 'storage',
    key: 'wal_archive_timeout',
    type: { type: 'duration', min: 1000, max: 30 * DAY },
    default: '5m',
    description: 'A partly full log is sealed and archived after this long.',
  },
]
