/** Every function on databases, their tables and partitions, and on users. */
import type { Builtin } from '../../runtime/registry.ts'
import { accessTableFunctions } from './access-tables.ts'
import { catalogFunctions } from './catalogs.ts'
import { checkStoreFunctions } from './check-store.ts'
import { databaseFunctions } from './databases.ts'
import { exchangeFunctions } from './exchange.ts'
import { functionViewFunctions } from './function-views.ts'
import { grantFunctions } from './grants.ts'
import { introspectionFunctions } from './introspection.ts'
import { loadTextFunctions } from './load-text.ts'
import { partitionFunctions } from './partitions.ts'
import { sessionFunctions } from './session.ts'
import { settingFunctions } from './settings.ts'
import { settingsBackupFunctions } from './settings-backup.ts'
import { storageFunctions } from './storage.ts'
import { tableFunctions } from './tables.ts'
import { userFunctions } from './users.ts'

export const databaseBuiltins: readonly Builtin[] = [
  ...databaseFunctions,
  ...tableFunctions,
  ...loadTextFunctions,
  ...exchangeFunctions,
  ...partitionFunctions,
  ...introspectionFunctions,
  ...sessionFunctions,
  ...userFunctions,
  ...grantFunctions,
  ...functionViewFunctions,
  ...catalogFunctions,
  ...accessTableFunctions,
  ...settingsBackupFunctions,
  ...settingFunctions,
  ...storageFunctions,
  ...checkStoreFunctions,
]
