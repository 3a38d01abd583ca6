/** restic with a local repository. It always encrypts: there is no other mode. Its cache is in the scratch folder and goes with the repository. */
import { join } from 'node:path'
import { has, type ProcessFigures, shell } from '../measure.ts'
import { store } from './store.ts'
import { clear, data, folder, sameFiles, synced, type Tool } from './tool.ts'

export function restic(compress: boolean): Tool {
  const target = join(folder, compress ? 'restic-zstd' : 'restic')
  const cache = `${target}-cache`
  const command = `RESTIC_PASSWORD=bench restic --quiet --repo '${target}' --cache-dir '${cache}'`
  const backup = (): Promise<ProcessFigures> =>
    synced(`cd '${data}' && ${command} --compression ${compress ? 'auto' : 'off'} backup chunks`, target)
  return {
    name: compress ? 'restic, zstd' : 'restic',
    names: { verify: 'restic check --read-data' },
    kind: compress ? 'compressed' : 'plain',
    missing: has('restic') ? undefined : 'restic is not installed',
    source: store,
    target,
    async full() {
      await clear(target)
      await shell(`rm -rf '${cache}' && ${command} init --repository-version 2`)
      return backup()
    },
    unchanged: backup,
    changed: backup,
    verify: () => shell(`${command} check --read-data`),
    restore: (to) => synced(`${command} restore latest --target '${to}'`, to),
    compare: (to) => sameFiles(join(to, 'chunks')),
  }
}
