/** Ours, as a running store does it: backupDB, checkBackup, restoreDB, timed inside the script, without the start of the process. */
import { join } from 'node:path'
import { type ProcessFigures, timed, timedScript } from '../measure.ts'
import { DB, sameRows, store } from './store.ts'
import { clear, data, folder, type Tool, thenSynced } from './tool.ts'

const target = join(folder, 'holdfast-database')

async function backupDB(): Promise<ProcessFigures> {
  return thenSynced(await timedScript(timed(`backupDB("${target}", "${DB}")`), data), target)
}

export const holdfastDatabase: Tool = {
  name: 'backupDB',
  names: { verify: 'checkBackup', restore: 'restoreDB' },
  kind: 'plain',
  source: store,
  target,
  async full() {
    await clear(target)
    return backupDB()
  },
  unchanged: backupDB,
  changed: backupDB,
  verify: () =>
    timedScript(timed(`if(size(checkBackup("${target}", "${DB}")) > 0) throw "the backup is damaged"`), data),
  async restore(to) {
    return thenSynced(await timedScript(timed(`restoreDB("${target}", "${DB}")`), to), to)
  },
  compare: sameRows,
}
