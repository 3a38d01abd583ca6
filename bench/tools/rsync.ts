/** `rsync -a` into a folder a backup; unchanged files are hard links to those of the backup before (--link-dest). Verification compares checksums with the source. */
import { join } from 'node:path'
import { has, type ProcessFigures, run } from '../measure.ts'
import { store } from './store.ts'
import { chunks, clear, folder, sameFiles, synced, type Tool } from './tool.ts'

const target = join(folder, 'rsync')
let newest = 0
const backupOf = (k: number): string => join(target, String(k))

function next(): Promise<ProcessFigures> {
  newest++
  return synced(`rsync -a '--link-dest=${backupOf(newest - 1)}' '${chunks}/' '${backupOf(newest)}/'`, backupOf(newest))
}

export const rsync: Tool = {
  name: 'rsync',
  names: { unchanged: 'rsync --link-dest', changed: 'rsync --link-dest', verify: 'rsync -nc' },
  kind: 'plain',
  missing: has('rsync') ? undefined : 'rsync is not installed',
  source: store,
  target,
  async full() {
    await clear(target)
    newest = 0
    return synced(`mkdir '${target}' && rsync -a '${chunks}/' '${backupOf(0)}/'`, target)
  },
  unchanged: next,
  changed: next,
  async verify() {
    const figures = await run('rsync', ['-anc', '--itemize-changes', `${chunks}/`, `${backupOf(newest)}/`])
    if (figures.stdout !== '') throw new Error(`rsync finds differences:\n${figures.stdout}`)
    return figures
  },
  restore: (to) => synced(`rsync -a '${backupOf(newest)}/' '${to}/'`, to),
  compare: (to) => sameFiles(to),
}
