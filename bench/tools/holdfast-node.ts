/** Ours, from the command line: backup, verify-backup and restore of the whole data directory, each a process whose start is counted, as that of the other tools is. */
import { join } from 'node:path'
import { bin, type ProcessFigures, run } from '../measure.ts'
import { sameRows, store } from './store.ts'
import { clear, data, folder, type Tool, thenSynced } from './tool.ts'

export function holdfastNode(compress: boolean): Tool {
  const target = join(folder, compress ? 'holdfast-compressed' : 'holdfast-node')
  const command = (...args: readonly string[]): Promise<ProcessFigures> => run(process.execPath, [bin, ...args])
  const backup = async (): Promise<ProcessFigures> =>
    thenSynced(await command('backup', target, ...(compress ? ['--compress'] : []), '--data', data), target)
  return {
    name: compress ? 'holdfast backup --compress' : 'holdfast backup',
    names: { verify: 'holdfast verify-backup', restore: 'holdfast restore' },
    kind: compress ? 'compressed' : 'command',
    source: store,
    target,
    async full() {
      await clear(target)
      return backup()
    },
    unchanged: backup,
    changed: backup,
    verify: () => command('verify-backup', target),
    async restore(to) {
      return thenSynced(await command('restore', target, '--data', to), to)
    },
    compare: sameRows,
  }
}
