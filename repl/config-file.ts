/**
 * holdfast.toml. Loaded only when there is one: the libraries take longer than the rest of the start. Anything that is not understood stops the start with
 * one message: file, line, column, what was found, what is allowed.
 */
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parse, TomlError } from 'smol-toml'
// The small variant: of the other all parts load, whatever is used.
import * as z from 'zod/mini'
import {
  type ArchiveSettings,
  allowedValues,
  readValue,
  SETTINGS,
  type SettingInput,
  type SettingValue,
  type SettingValues,
  splitCommand,
  type ValueType,
} from '../dfs/settings/index.ts'
import { storeError } from '../dfs/store/store-error.ts'
import { nearNames } from '../runtime/compile/suggest.ts'
import { ARCHIVE_KEYS, EXCHANGE_KEYS, type KeyType, PROCESS_KEYS } from './config-keys.ts'
import { TomlPlaces } from './toml-places.ts'

export interface FileConfig {
  /** Absolute. */
  readonly data?: string
  readonly memoryLimitBytes?: number
  readonly newValuePartitions?: 'add' | 'skip' | 'fail'
  readonly allowMissingPartitions?: boolean
  readonly enableInsertStatement?: boolean
  readonly decimals?: 6 | 15
  readonly booleanDigits?: boolean
  readonly workers?: number
  readonly settings: SettingValues
  readonly archive?: ArchiveSettings
  /** Absolute. */
  readonly exportDir?: string
}

/** A fault in the file. The message begins with file, line and column. */
export class ConfigFileError extends Error {}

/** Reads the file. `isOfData`: it lies in the data directory, which it can't name then. */
export function readConfigFile(file: string, isOfData: boolean): FileConfig {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigFileError(storeError('read the configuration file', file, error).message)
  }
  return parseConfig(text, file, isOfData)
}

export function parseConfig(text: string, file: string, isOfData: boolean): FileConfig {
  const fail = ({ line, column }: { line: number; column: number }, message: string): ConfigFileError =>
    new ConfigFileError(`${file}:${line}:${column}: ${message}`)
  let document: unknown
  try {
    document = parse(text, { unsafeKeyBehaviour: 'throw', integersAsBigInt: 'asNeeded' })
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    throw fail(error, error.message.split('\n')[0])
  }
  const read = schema(dirname(file), isOfData).safeParse(document)
  if (read.success) return configOf(read.data)
  const places = new TomlPlaces(text)
  const faults = read.error.issues.map((issue) => {
    const path = issue.path.map(String)
    return issue.code === 'unrecognized_keys'
      ? { place: places.of([...path, issue.keys[0]]), message: unknownKey(path, issue.keys[0]) }
      : { place: places.of(path), message: `${path.at(-1) ?? 'the file'} ${issue.message}` }
  })
  faults.sort((a, b) => a.place.line - b.place.line || a.place.column - b.place.column)
  throw fail(faults[0].place, faults[0].message)
}

// ---------------------------------------------------------------------------------------------------------------------
// Schema

/** Keys of each section, '' being the head of the file. */
const KEYS: ReadonlyMap<string, readonly string[]> = new Map([
  ['', PROCESS_KEYS.filter((k) => k.section === '').map((k) => k.key)],
  ...[...new Set(PROCESS_KEYS.map((k) => k.section))]
    .filter((section) => section !== '')
    .map((section) => [section, PROCESS_KEYS.filter((k) => k.section === section).map((k) => k.key)] as const),
  ['storage', [...SETTINGS.map((s) => s.tomlKey), ...[...EXCHANGE_KEYS, ...ARCHIVE_KEYS].map((k) => k.key)]],
])

function unknownKey(path: readonly string[], key: string): string {
  const section = path.join('.')
  if (section !== '') {
    const known = KEYS.get(section) ?? []
    return `[${section}] has no key '${key}'; ${near(key, known) ?? `its keys are ${known.join(', ')}`}`
  }
  const sections = [...KEYS.keys()].filter((s) => s !== '')
  const home = sections.find((s) => KEYS.get(s)?.includes(key))
  if (home !== undefined) return `'${key}' stands outside of its section [${home}]`
  const known = [...(KEYS.get('') ?? []), ...sections]
  return `there is no section or key '${key}'; ${near(key, known) ?? `the sections are ${sections.join(', ')}`}`
}

function near(key: string, known: readonly string[]): string | undefined {
  const names = nearNames(key, known)
  return names.length === 0 ? undefined : `did you mean ${names.join(' or ')}?`
}

/** Only the type checker needs to know that keys and types belong together; the tables say so. */
type Section = Readonly<Record<string, SettingValue | undefined>>

const NOT_A_SECTION = {
  error: ({ code, input }: { code?: string; input?: unknown }) =>
    code === 'invalid_type' ? `must be a section, not ${shown(input)}` : undefined,
}

function schema(folder: string, isOfData: boolean) {
  const fields = (keys: readonly { readonly key: string; readonly type: KeyType }[]) =>
    z.strictObject(
      Object.fromEntries(keys.map(({ key, type }) => [key, z.optional(field(type, folder))])),
      NOT_A_SECTION,
    )
  const section = (name: string) => z.optional(fields(PROCESS_KEYS.filter((k) => k.section === name)))
  const data = field({ type: 'path' }, folder).check(
    z.refine(() => !isOfData, {
      error: "can't be set by the file that lies in the data directory; give the file with --config, or use --data",
    }),
  )
  return z.strictObject({
    data: z.optional(data),
    session: section('session'),
    jobs: section('jobs'),
    storage: z.optional(
      fields([...SETTINGS.map((s) => ({ key: s.tomlKey, type: s })), ...EXCHANGE_KEYS, ...ARCHIVE_KEYS]).check(
        checkArchive,
      ),
    ),
  })
}

/** A value of the type, as it is kept; or the issue `must be ..., not ...`. */
const field = (type: KeyType, folder: string) =>
  z.pipe(
    z.unknown(),
    z.transform((value, context): SettingValue => {
      const read = readKey(type, value, folder)
      if (read.ok) return read.value
      context.issues.push({ code: 'custom', message: read.reason, input: value })
      return z.NEVER
    }),
  )

function readKey(type: KeyType, value: unknown, folder: string): ReturnType<typeof readValue> {
  if (type.type === 'path') {
    if (typeof value === 'string' && (value === '~' || value.startsWith('~/')))
      return { ok: false, reason: `must be a path in full: only a shell turns ~ into the home directory` }
    if (typeof value === 'string' && value !== '') return { ok: true, value: resolve(folder, value) }
    return { ok: false, reason: `must be a path in quotes, not ${shown(value)}` }
  }
  if (type.type === 'command') return readCommand(value)
  // Statements and the environment have texts only, the file has types.
  const isWordFor = typeof value === 'string' && takesNoText(type)
  if (isWordFor || !['string', 'number', 'bigint', 'boolean'].includes(typeof value))
    return { ok: false, reason: `must be ${allowedValues(type)}, not ${shown(value)}` }
  return readValue(type, value as SettingInput)
}

const takesNoText = (type: ValueType): boolean =>
  type.type === 'integer' ||
  type.type === 'boolean' ||
  (type.type === 'choice' && type.choices.every((choice) => typeof choice === 'number'))

function readCommand(value: unknown): ReturnType<typeof readValue> {
  if (typeof value !== 'string' || value.trim() === '')
    return { ok: false, reason: `must be a command in quotes, not ${shown(value)}` }
  const placeholders: readonly string[] = value.match(/%[\s\S]?/g) ?? []
  const wrong = placeholders.find((p) => p !== '%f' && p !== '%n' && p !== '%%')
  if (wrong !== undefined)
    return { ok: false, reason: `knows %f (full path), %n (name) and %% (a percent sign), not '${wrong}'` }
  if (!placeholders.includes('%f')) return { ok: false, reason: 'must name the file, as %f' }
  // Without it each file would be put over the one before.
  if (!placeholders.includes('%n')) return { ok: false, reason: 'must have the name in the archive, as %n' }
  const split = splitCommand(value)
  if (!split.ok) return split
  return { ok: true, value }
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `the text '${value}'`
  if (Array.isArray(value)) return 'a list'
  if (value instanceof Date) return 'a date'
  return typeof value === 'object' ? 'a section' : String(value)
}

/** Pairs of keys that can't stand together. */
function checkArchive(context: z.core.ParsePayload<Section>): void {
  const storage = context.value
  const refuse = (key: string, message: string): void =>
    void context.issues.push({ code: 'custom', path: [key], message, input: storage })
  const hasDir = storage['wal_archive_dir'] !== undefined
  const hasCommand = storage['wal_archive_command'] !== undefined
  if (hasDir && hasCommand)
    refuse('wal_archive_command', "can't stand beside wal_archive_dir: exactly one of the two is used")
  if (storage['wal_archive_enabled'] !== true) return
  if (!hasDir && !hasCommand) refuse('wal_archive_enabled', 'needs wal_archive_dir or wal_archive_command')
  if (hasCommand && storage['wal_archive_retention'] !== undefined)
    refuse(
      'wal_archive_retention',
      "can't stand beside wal_archive_command: where the command puts the pieces they must be removed",
    )
  if (storage['wal_level'] === 0)
    refuse('wal_level', "can't be 0 while wal_archive_enabled is true: data would not be in the archive")
}

// ---------------------------------------------------------------------------------------------------------------------
// Result

type Parsed = z.infer<ReturnType<typeof schema>>

function configOf(parsed: Parsed): FileConfig {
  const session: Section = parsed.session ?? {}
  const storage: Section = parsed.storage ?? {}
  const settings: Record<string, SettingValue> = {}
  for (const { name, tomlKey } of SETTINGS) {
    const value = storage[tomlKey]
    if (value !== undefined) settings[name] = value
  }
  return {
    data: parsed.data as string | undefined,
    memoryLimitBytes: session['memory_limit'] as number | undefined,
    newValuePartitions: session['new_value_partitions'] as FileConfig['newValuePartitions'],
    allowMissingPartitions: session['allow_missing_partitions'] as boolean | undefined,
    enableInsertStatement: session['enable_insert_statement'] as boolean | undefined,
    decimals: session['decimals'] as FileConfig['decimals'],
    booleanDigits: session['boolean_digits'] as boolean | undefined,
    workers: (parsed.jobs as Section | undefined)?.['workers'] as number | undefined,
    settings,
    archive: archiveOf(storage),
    exportDir: storage['export_dir'] as string | undefined,
  }
}

function archiveOf(storage: Section): ArchiveSettings | undefined {
  if (!ARCHIVE_KEYS.some(({ key }) => storage[key] !== undefined)) return undefined
  return {
    enabled: storage['wal_archive_enabled'] === true,
    dir: storage['wal_archive_dir'] as string | undefined,
    command: storage['wal_archive_command'] as string | undefined,
    restoreCommand: storage['wal_restore_command'] as string | undefined,
    retentionMs: storage['wal_archive_retention'] as number | undefined,
    timeoutMs: storage['wal_archive_timeout'] as number | undefined,
  }
}
