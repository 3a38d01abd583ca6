/** Every function on databases, their tables and partitions, and on users. */
import type { Builtin } from '../../runtime/registry.ts'
import { databaseFunctions } from './databases.ts'
import { introspectionFunctions } from './introspection.ts'
import { partitionFunctions } from './partitions.ts'
import { userFunctions } from './session.ts'
import { settingFunctions } from './settings.ts'
import { tableFunctions } from './tables.ts'

export const databaseBuiltins: readonly Builtin[] = [
  ...databaseFunctions,
  ...tableFunctions,
  ...partitionFunctions,
  ...introspectionFunctions,
  ...userFunctions,
  ...settingFunctions,
]
