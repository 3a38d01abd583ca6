/**
 * What a session may need is several times what a short script does need. A thread starts with the language and the functions over operators and kernels; the library, and
 * the session's side of store and jobs, are known by name (late-names.ts) and loaded when a script first names one of their functions. That may be in the middle of a
 * statement, hence by `require`: nothing behind these entries awaits while it is loaded.
 */
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { createFirstRegistry, type Registry } from '../runtime/index.ts'
import { FILE_WORK_NAMES, LIBRARY_NAMES, STORE_NAMES } from './late-names.ts'
import { threadFile } from './thread-file.ts'

const entries = new Map<string, unknown>()

function late(entry: string): unknown {
  let loaded = entries.get(entry)
  if (loaded === undefined) {
    loaded = createRequire(import.meta.url)(fileURLToPath(threadFile(entry)))
    entries.set(entry, loaded)
  }
  return loaded
}

/** The session's side of store and jobs. */
export const storeSide = (): typeof import('./store-session.ts') =>
  late('store-session') as typeof import('./store-session.ts')

const library = (): typeof import('./late-library.ts') => late('late-library') as typeof import('./late-library.ts')

/** All builtins, loaded or known by name. */
export function sessionRegistry(): Registry {
  const registry = createFirstRegistry()
  registry.addLater(LIBRARY_NAMES, () => library().libraryBuiltins)
  registry.addLater(STORE_NAMES, () => storeSide().storeBuiltins)
  // Named when the script is parsed: while it logs in and looks around, the threads that will help it start.
  registry.addLater(FILE_WORK_NAMES, () => {
    storeSide().startFileHelpers()
    return storeSide().fileWorkBuiltins
  })
  return registry
}
