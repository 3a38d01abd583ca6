/** Settings of the store: their definitions, their values at the start, and what is in force. Loads nothing heavy: the main thread starts with it. */
export { type CommandWords, fillCommand, splitCommand } from './command-words.ts'
export {
  environmentVariable,
  SETTINGS,
  type SettingDefinition,
  type SettingProperty,
  type StoreSettings,
  settingNamed,
} from './definitions.ts'
export {
  type EffectiveSettings,
  readSetting,
  requireKeptSetting,
  requireSetting,
  type SettingRecord,
  type SettingSource,
  settingsOf,
} from './effective.ts'
export {
  ARCHIVE_TIMEOUT_MS,
  type ArchiveSettings,
  environmentSettings,
  NO_START_SETTINGS,
  type SettingValues,
  type StartSettings,
} from './start.ts'
export {
  allowedValues,
  durationOf,
  formatDuration,
  formatSize,
  formatValue,
  readValue,
  type SettingInput,
  type SettingValue,
  sizeOf,
  type ValueType,
} from './values.ts'
