/** The settings in force: what statements left in the catalog, over the environment, over the file, over the defaults. */

import { suggestion } from '../../runtime/compile/suggest.ts'
import { HoldfastError } from '../../runtime/errors.ts'
import type { CatalogReader } from '../catalog/key-value.ts'
import { keys } from '../catalog/records.ts'
import {
  SETTINGS,
  type SettingDefinition,
  type SettingProperty,
  type StoreSettings,
  settingNamed,
} from './definitions.ts'
import { NO_START_SETTINGS, type StartSettings } from './start.ts'
import { allowedValues, isKeptValue, readValue, type SettingInput, type SettingValue } from './values.ts'

export type SettingSource = 'statement' | 'environment' | 'file' | 'default'

/** Kept under ['setting', name] from a SET until `= DEFAULT`. */
export interface SettingRecord {
  readonly value: SettingValue
}

export interface EffectiveSettings {
  readonly values: StoreSettings
  readonly sources: Readonly<Record<SettingProperty, SettingSource>>
  /** Records that this release can't use, such as values of a newer one: they stay in the catalog and count for nothing. */
  readonly unusable: readonly { readonly name: string; readonly value: unknown }[]
}

export function settingsOf(reader: CatalogReader, start: StartSettings = NO_START_SETTINGS): EffectiveSettings {
  const stated = new Map<string, SettingValue>()
  const unusable: { name: string; value: unknown }[] = []
  for (const [key, record] of reader.entries(keys.settings)) {
    const name = String(key[1])
    const { value } = record as SettingRecord
    const definition = settingNamed(name)
    if (definition !== undefined && isKeptValue(definition, value)) stated.set(name, value)
    else unusable.push({ name, value })
  }
  const values: Record<string, SettingValue> = {}
  const sources: Record<string, SettingSource> = {}
  for (const definition of SETTINGS) {
    const { name, property } = definition
    const found: readonly [SettingSource, SettingValue | undefined][] = [
      ['statement', stated.get(name)],
      ['environment', start.environment[name]],
      ['file', start.file[name]],
      ['default', definition.default],
    ]
    const [source, value] = found.find(([, v]) => v !== undefined) as [SettingSource, SettingValue]
    values[property] = value
    sources[property] = source
  }
  return {
    // The table of definitions ties each property to a definition of its type.
    values: values as unknown as StoreSettings,
    sources: sources as Readonly<Record<SettingProperty, SettingSource>>,
    unusable,
  }
}

/** The definition, or an error that offers names like it. */
export function requireSetting(name: string): SettingDefinition {
  const definition = settingNamed(name)
  if (definition !== undefined) return definition
  throw new HoldfastError('input', `There is no cluster setting [${name}].`, {
    code: 'settingMissing',
    where: { setting: name },
    hint:
      suggestion(
        name,
        SETTINGS.map((s) => s.name),
      ) ?? 'SHOW CLUSTER SETTINGS lists them',
  })
}

/** The value as it is kept. Throws what names the setting, the value and what is allowed. */
export function readSetting(name: string, input: SettingInput): SettingValue {
  const definition = requireSetting(name)
  const read = readValue(definition, input)
  if (read.ok) return read.value
  throw new HoldfastError('input', `The cluster setting [${name}] ${read.reason}.`, {
    code: 'settingValue',
    where: { setting: name },
  })
}

/** For the engine: throws unless the value is as `readSetting` gives it. */
export function requireKeptSetting(name: string, value: unknown): void {
  const definition = requireSetting(name)
  if (!isKeptValue(definition, value))
    throw new HoldfastError('input', `The cluster setting [${name}] must be ${allowedValues(definition)}.`, {
      code: 'settingValue',
      where: { setting: name },
    })
}
