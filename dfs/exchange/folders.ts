/**
 * Which folder an export or import is about. `nodelocal://1/x` is the folder x below the export root (`export_dir` of holdfast.toml, by default `export` in the data directory);
 * other paths are those of the machine, relative ones from the working directory. None may touch what the store keeps.
 */
import { join, resolve } from 'node:path'
import { inputError } from '../../runtime/errors.ts'
import { requireUnprotected } from '../../runtime/protected-files.ts'
import { refuseTilde, touchesStore } from '../store/data-directory.ts'

const NODE_LOCAL = /^nodelocal:\/\/([^/]*)\/?(.*)$/i
/** This process is node 1 of a cluster of one. */
const NODES = ['1', 'self']

export function exchangeFolder(path: string, home: string, exportRoot: string | undefined): string {
  const folder = folderOf(path, exportRoot ?? join(home, 'export'))
  requireUnprotected(folder)
  if (touchesStore(home, folder))
    throw inputError(`The folder ${folder} must not hold, or lie in, the data of the store at ${home}.`, {
      code: 'exchangeFolder',
      where: { file: folder },
    })
  return folder
}

function folderOf(path: string, root: string): string {
  if (path === '' || path.includes('\0'))
    throw inputError('The path of a folder is needed.', { code: 'exchangeFolder' })
  const local = NODE_LOCAL.exec(path)
  if (local === null) {
    if (/^[a-z][a-z0-9+.-]+:\/\//i.test(path))
      throw inputError(`Folders at ${path} are not supported by this release.`, {
        code: 'unsupported',
        hint: 'use a path of this machine, or nodelocal://1/name',
      })
    refuseTilde(path)
    return resolve(path)
  }
  if (!NODES.includes(local[1]))
    throw inputError(`There is no node ${local[1] === '' ? 'without a number' : local[1]}: ${path}.`, {
      code: 'exchangeFolder',
      hint: 'the only node is 1: nodelocal://1/name',
    })
  const names = local[2].split('/').filter((name) => name !== '')
  if (names.some((name) => name === '.' || name === '..' || name.includes('\\')))
    throw inputError(`${path} leads out of the export root.`, { code: 'exchangeFolder' })
  return join(root, ...names)
}
