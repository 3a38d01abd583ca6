/** backupSettings, restoreSettings: users, groups, privileges and function views in a file (specification of the store, section 13). */
import { isAbsolute, join, resolve } from 'node:path'
import { type Arg, boolArg, textArg } from '../../runtime/builtins/args.ts'
import { usageError } from '../../runtime/errors.ts'
import { topicTable } from '../../runtime/registry.ts'
import type { Session } from '../../runtime/session.ts'
import { Dict, T, type Value } from '../../runtime/values/index.ts'
import { accessSettingsOf, GUEST, namesToRestore, readSettings, writeSettings } from '../access/index.ts'
import { touchesStore } from '../store/data-directory.ts'
import type { FileStore } from '../store/file-store.ts'
import { backupHostService } from './backup-host.ts'
import { dfsOf, requireAdministrator, stringVector } from './store-args.ts'

const { entries, define } = topicTable('Users')
export const settingsBackupFunctions = entries

interface NamedFile {
  readonly folder: FileStore
  readonly name: string
  readonly path: string
}

/** A file by its path, absolute or in the data directory. */
function fileArg(session: Session, v: Arg, signature: string): NamedFile {
  const host = session.service(backupHostService)
  const text = textArg(v, signature, 'fileName')
  const path = isAbsolute(text) ? resolve(text) : join(host.home, text)
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (text === '' || text.includes('\0') || text.endsWith('/') || name === '')
    throw usageError(signature, 'fileName must be the path of a file.')
  if (touchesStore(host.home, path))
    throw usageError(signature, `${path} belongs to the store itself; choose another file.`)
  return { folder: host.openSet(path.slice(0, path.length - name.length)), name, path }
}

const BACKUP = 'backupSettings(fileName, [userPermission=true], [functionView=true])'
define(BACKUP, {
  doc: 'Writes users (with the hashes of their passwords), groups, privileges and function views to a file, absolute or in the data directory, and returns a dictionary of the names of users, groups and functionViews in it. For administrators. userPermission=false leaves users, groups and privileges out, functionView=false the function views. Keep the file as private as the data directory.',
  call: ([fileName, userPermission, functionView], session) => {
    requireAdministrator(session, 'backupSettings')
    const withUsers = boolArg(userPermission, BACKUP, 'userPermission', true)
    const withViews = boolArg(functionView, BACKUP, 'functionView', true)
    if (!withUsers && !withViews)
      throw usageError(BACKUP, 'With userPermission and functionView false there is nothing to write.')
    const { folder, name } = fileArg(session, fileName, BACKUP)
    const { catalog } = dfsOf(session)
    catalog.refresh()
    const content = accessSettingsOf(catalog, withUsers, withViews)
    folder.writeFileAtomic(name, writeSettings(content, session.now()))
    return new Dict(
      T.STRING,
      T.ANY,
      new Map<string, Value>([
        ['users', stringVector(content.users.map((u) => u.name))],
        ['groups', stringVector(content.groups.map((g) => g.name))],
        ['functionViews', stringVector((content.views ?? []).map((v) => v.name))],
      ]),
      true,
    )
  },
})

const RESTORE = 'restoreSettings(fileName, [overwrite=false])'
define(RESTORE, {
  doc: 'Restores users, groups, privileges and function views from a file of backupSettings and returns the names of what was restored: those that are missing, or, with overwrite=true, all of the file; then users, groups and function views that the file does not have are removed (what the file leaves out as a whole stays as it is). Privileges on databases and tables that do not exist are left out: restore those first. For administrators; the session works as guest afterwards.',
  call: ([fileName, overwrite], session) => {
    requireAdministrator(session, 'restoreSettings')
    const { folder, name, path } = fileArg(session, fileName, RESTORE)
    const file = readSettings(Buffer.from(folder.readFile(name)).toString('utf8'), path)
    const replaces = boolArg(overwrite, RESTORE, 'overwrite', false)
    const dfs = dfsOf(session)
    dfs.catalog.refresh()
    const restored = namesToRestore(dfs.catalog, file, replaces)
    dfs.request({ kind: 'restoreAccess', file, overwrite: replaces })
    session.user = GUEST
    return stringVector([...restored.users, ...restored.groups, ...restored.views])
  },
})
