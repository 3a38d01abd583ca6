/**
 * Every setting of the store: the one table behind SET CLUSTER SETTING, getClusterSettings, the [storage] section of holdfast.toml, the environment and
 * docs/configuration.md. `property` names stand in code, `name` is what people type.
 *
 * A value comes from, strongest first: a statement (kept in the catalog until `= DEFAULT`), the environment, the file, the default.
 */
import type { BooleanType, ChoiceType, DurationType, IntegerType, SettingValue, SizeType, ValueType } from './values.ts'

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB
const TIB = 1024 * GIB
const SECOND = 1000
const DAY = 86_400 * SECOND

/** The settings as the store works with them: sizes in bytes, durations in milliseconds. */
export interface StoreSettings {
  readonly walLevel: 0 | 1 | 2
  readonly checkpointIntervalMs: number
  readonly checkpointWalBytesMax: number
  readonly walRotation: 'dual' | 'group'
  readonly walGroupFiles: number
  readonly walGroupFileBytes: number
  readonly deltaBytesMax: number
  readonly deltaChunkRows: number
  readonly deltaChunkBytes: number
  readonly appendSmallRows: number
  readonly compactionEnabled: boolean
  readonly compactionSegmentsMin: number
  readonly compactionBytesPerSecond: number
  readonly backupBytesPerSecondMax: number
  readonly backupCommitMsMax: number
}

export type SettingProperty = keyof StoreSettings

export interface SettingText {
  /** As in statements. */
  readonly name: string
  /** In the section [storage] of holdfast.toml. The environment variable is `HOLDFAST_` and this in capitals. */
  readonly tomlKey: string
  readonly unit: string
  /** A change takes effect at once; otherwise at the next start. */
  readonly dynamic: boolean
  readonly description: string
}

type TypeFor<V> = V extends boolean
  ? BooleanType
  : V extends string
    ? ChoiceType
    : IntegerType | SizeType | DurationType | ChoiceType
type DefinitionFor<V> = SettingText & TypeFor<V> & { readonly default: V }

const DEFINITIONS: { readonly [P in SettingProperty]: DefinitionFor<StoreSettings[P]> } = {
  walLevel: {
    name: 'ts.wal.wal_level',
    tomlKey: 'wal_level',
    type: 'choice',
    choices: [0, 1, 2],
    refused: { 3: 'level 3 takes its commits from a replicated log, which needs the scaled-out mode' },
    default: 2,
    unit: '',
    dynamic: true,
    description:
      'What a commit of data waits for. 0: data is not logged; every append, however small, writes segments before it is committed. 1: the log is on the disk. 2: the log is with the operating system, so it survives the process, not a power failure. Changes of databases, tables, users and settings are always logged and on the disk.',
  },
  checkpointIntervalMs: {
    name: 'ts.wal.checkpoint_interval',
    tomlKey: 'checkpoint_interval',
    type: 'duration',
    min: SECOND,
    max: DAY,
    default: 60 * SECOND,
    unit: 'duration',
    dynamic: true,
    description: 'Time between checkpoints, which write rows in memory to segments and let go of the log before them.',
  },
  checkpointWalBytesMax: {
    name: 'ts.checkpoint.max_wal_size',
    tomlKey: 'max_wal_size',
    type: 'size',
    min: MIB,
    max: TIB,
    default: 512 * MIB,
    unit: 'bytes',
    dynamic: true,
    description: 'A checkpoint starts before its time when the log has grown by this much.',
  },
  walRotation: {
    name: 'ts.wal.rotation',
    tomlKey: 'wal_rotation',
    type: 'choice',
    choices: ['dual', 'group'],
    default: 'dual',
    unit: '',
    dynamic: false,
    description:
      'Files of the log. dual: a current file, and the one before it while a checkpoint runs. group: a ring of files of equal size.',
  },
  walGroupFiles: {
    name: 'ts.wal.group_files',
    tomlKey: 'wal_group_files',
    type: 'integer',
    min: 2,
    max: 64,
    default: 3,
    unit: 'files',
    dynamic: false,
    description: 'Files of the ring when `ts.wal.rotation` is group.',
  },
  walGroupFileBytes: {
    name: 'ts.wal.group_file_size',
    tomlKey: 'wal_group_file_size',
    type: 'size',
    min: MIB,
    max: 16 * GIB,
    default: 64 * MIB,
    unit: 'bytes',
    dynamic: false,
    description: 'Size of a file of the ring.',
  },
  deltaBytesMax: {
    name: 'ts.delta.max_bytes',
    tomlKey: 'delta_max_size',
    type: 'size',
    min: MIB,
    max: TIB,
    default: 256 * MIB,
    unit: 'bytes',
    dynamic: true,
    description: 'Memory for rows that are in the log but not in segments yet. Writers are slowed down above it.',
  },
  deltaChunkRows: {
    name: 'ts.delta.chunk_rows',
    tomlKey: 'delta_chunk_rows',
    type: 'integer',
    min: 1,
    max: 1_000_000_000,
    default: 65_536,
    unit: 'rows',
    dynamic: true,
    description: 'Rows in memory at which those of one chunk are written to a segment.',
  },
  deltaChunkBytes: {
    name: 'ts.delta.chunk_bytes',
    tomlKey: 'delta_chunk_size',
    type: 'size',
    min: KIB,
    max: 64 * GIB,
    default: 8 * MIB,
    unit: 'bytes',
    dynamic: true,
    description: 'Bytes in memory at which the rows of one chunk are written to a segment.',
  },
  appendSmallRows: {
    name: 'ts.append.small_rows',
    tomlKey: 'append_small_rows',
    type: 'integer',
    min: 0,
    max: 1_000_000,
    default: 1000,
    unit: 'rows',
    dynamic: true,
    description:
      'An append of at most this many rows goes through the log and stays in memory until a checkpoint; a larger one writes segments at once. 0: every append writes segments.',
  },
  compactionEnabled: {
    name: 'ts.compaction.enabled',
    tomlKey: 'compaction_enabled',
    type: 'boolean',
    default: true,
    unit: '',
    dynamic: true,
    description: 'Whether small segments of a chunk are merged in the background.',
  },
  compactionSegmentsMin: {
    name: 'ts.compaction.min_segments',
    tomlKey: 'compaction_min_segments',
    type: 'integer',
    min: 2,
    max: 10_000,
    default: 8,
    unit: 'segments',
    dynamic: true,
    description: 'A chunk is compacted when it has at least this many small segments.',
  },
  compactionBytesPerSecond: {
    name: 'ts.compaction.bytes_per_second',
    tomlKey: 'compaction_bytes_per_second',
    type: 'size',
    min: 64 * KIB,
    max: TIB,
    default: 32 * MIB,
    unit: 'bytes per second',
    dynamic: true,
    description: 'Rate at which compaction reads and writes, so that it does not get in the way.',
  },
  backupBytesPerSecondMax: {
    name: 'backup.max_bytes_per_second',
    tomlKey: 'backup_max_bytes_per_second',
    type: 'size',
    min: 0,
    max: TIB,
    default: 0,
    unit: 'bytes per second',
    dynamic: true,
    description:
      'Rate at which a backup reads the data, all its threads together, unless the call says otherwise. 0: as fast as it goes.',
  },
  backupCommitMsMax: {
    name: 'backup.max_commit_time',
    tomlKey: 'backup_max_commit_time',
    type: 'duration',
    min: 0,
    max: 60 * SECOND,
    default: 0,
    unit: 'duration',
    dynamic: true,
    description:
      'A backup slows down while more than 5 of 100 commits take longer than this, unless the call says otherwise. 0: it does not look.',
  },
}

export type SettingDefinition = SettingText &
  ValueType & { readonly property: SettingProperty; readonly default: SettingValue }

/** In the order of the documentation. */
export const SETTINGS: readonly SettingDefinition[] = Object.entries(DEFINITIONS).map(([property, definition]) => ({
  ...definition,
  property: property as SettingProperty,
}))

const BY_NAME = new Map(SETTINGS.map((definition) => [definition.name, definition]))

/** undefined if there is no setting of the name. Names are case-sensitive, as everywhere in scripts. */
export const settingNamed = (name: string): SettingDefinition | undefined => BY_NAME.get(name)

export const environmentVariable = (definition: SettingText): string => `HOLDFAST_${definition.tomlKey.toUpperCase()}`
