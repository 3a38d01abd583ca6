/** Ours, as a running store does it: backupDB, checkBackup, restoreDB, timed inside the script, without the start of the process. Each is the first of its process. */
import { join } from 'node:path'
import { type ProcessFigures, timed, timedScript } from '../measure.ts'
import { DB, sameRows, store } from './store.ts'
import { clear, data, folder, type Tool, thenSynced } from './tool.ts'

const target = join(folder, 'holdfast-database')
const backup = (into: string): string => `backupDB("${into}", "${DB}")`

async function backupDB(into: string, before?: string): Promise<ProcessFigures> {
  return thenSynced(await timedScript(timed(backup(into), before), data), into)
}

export const holdfastDatabase: Tool = {
  name: 'backupDB',
  names: { verify: 'checkBackup', restore: 'restoreDB' },
  kind: 'plain',
  source: store,
  target,
  async full() {
    await clear(target)
    return backupDB(target)
  },
  unchanged: () => backupDB(target),
  changed: () => backupDB(target),
  verify: () =>
    timedScript(timed(`if(size(checkBackup("${target}", "${DB}")) > 0) throw "the backup is damaged"`), data),
  async restore(to) {
    return thenSynced(await timedScript(timed(`restoreDB("${target}", "${DB}")`), to), to)
  },
  compare: sameRows,
}

/** The same in a session that stays and makes one backup after another: what is timed is its second, into a set of its own; the first does the same work on another set. */
const again = `${target}-again`
const other = `${target}-other`

export const holdfastSession: Tool = {
  name: 'backupDB again',
  kind: 'plain',
  source: store,
  target: again,
  async full() {
    await clear(again)
    await clear(other)
    return backupDB(again, backup(other))
  },
  unchanged: () => backupDB(again, backup(other)),
  changed: () => backupDB(again, backup(other)),
}
