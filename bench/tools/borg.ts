/** borg with a local repository that is not encrypted. Its cache and settings are in the scratch folder and go with the repository. */
import { join } from 'node:path'
import { has, type ProcessFigures, shell } from '../measure.ts'
import { store } from './store.ts'
import { clear, data, folder, sameFiles, synced, type Tool } from './tool.ts'

export function borg(compress: boolean): Tool {
  const target = join(folder, compress ? 'borg-zstd' : 'borg')
  const base = `${target}-base`
  const command = `BORG_BASE_DIR='${base}' BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes borg`
  let newest = 0
  const backup = (): Promise<ProcessFigures> => {
    newest++
    const how = `--compression ${compress ? 'zstd' : 'none'}`
    return synced(`cd '${data}' && ${command} create ${how} '${target}::${newest}' chunks`, target)
  }
  return {
    name: compress ? 'borg, zstd' : 'borg',
    names: { verify: 'borg check --verify-data' },
    kind: compress ? 'compressed' : 'plain',
    missing: has('borg') ? undefined : 'borg is not installed',
    source: store,
    target,
    async full() {
      await clear(target)
      await shell(`rm -rf '${base}' && ${command} init --encryption none '${target}'`)
      return backup()
    },
    unchanged: backup,
    changed: backup,
    verify: () => shell(`${command} check --verify-data '${target}'`),
    restore: (to) => synced(`mkdir '${to}' && cd '${to}' && ${command} extract '${target}::${newest}'`, to),
    compare: (to) => sameFiles(join(to, 'chunks')),
  }
}
