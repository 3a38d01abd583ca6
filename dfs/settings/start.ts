/** What a process starts with: values from the file and the environment, checked. Plain data, so that it can go to other threads. */
import { HoldfastError } from '../../runtime/errors.ts'
import { environmentVariable, SETTINGS } from './definitions.ts'
import { readValue, type SettingValue } from './values.ts'

/** Values by the name of the setting. */
export type SettingValues = Readonly<Record<string, SettingValue>>

/** Where sealed pieces of the log go. */
export interface ArchiveSettings {
  readonly enabled: boolean
  /** Absolute. Exactly one of directory and command is there when archiving is on. */
  readonly dir?: string
  /** `%f` is the full path, `%n` the name, `%%` a percent sign. */
  readonly command?: string
  readonly restoreCommand?: string
  readonly retentionMs?: number
  /** A partly full log is sealed and archived after this long; default ARCHIVE_TIMEOUT_MS. */
  readonly timeoutMs?: number
}

/** Until the log is archived, files that it names stay; so it is never left to fill up by itself. */
export const ARCHIVE_TIMEOUT_MS = 5 * 60_000

export interface StartSettings {
  readonly environment: SettingValues
  readonly file: SettingValues
  readonly archive?: ArchiveSettings
}

/** Everything at its default. */
export const NO_START_SETTINGS: StartSettings = { environment: {}, file: {} }

/** Values of the environment. An empty variable counts as absent. Throws for a value that is none, naming the variable. */
export function environmentSettings(env: Readonly<Record<string, string | undefined>>): SettingValues {
  const values: Record<string, SettingValue> = {}
  for (const definition of SETTINGS) {
    const variable = environmentVariable(definition)
    const text = env[variable]
    if (text === undefined || text === '') continue
    const read = readValue(definition, text)
    if (!read.ok)
      throw new HoldfastError('input', `The environment variable ${variable} ${read.reason}.`, {
        code: 'settingValue',
        where: { setting: definition.name },
      })
    values[definition.name] = read.value
  }
  return values
}
