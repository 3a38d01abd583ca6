/**
 * Paths inside a store: relative, `/` between names, `''` is the root. Names come from scripts, manifests and catalogs, so each is checked
 * before it reaches the operating system: nothing may leave the root.
 */
import { HoldfastError } from '../../runtime/errors.ts'

/** The names of a path. Throws an input error if the path is absolute, climbs, or holds characters that no name may have. */
export function pathNames(path: string): string[] {
  if (path === '') return []
  const names = path.split('/')
  for (const name of names)
    if (name === '' || name === '.' || name === '..' || /[\\\0]/.test(name) || /^[A-Za-z]:$/.test(name))
      throw new HoldfastError('input', `The path "${path}" is not allowed: it must stay inside its folder.`, {
        code: 'pathEscape',
        where: { file: path },
      })
  return names
}

/** Folder of a path, `''` for a name at the root. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '' : path.slice(0, slash)
}

/** A folder and all the folders above it down to the root (`''` included), innermost first. */
export function foldersUpFrom(folder: string): string[] {
  const folders = [folder]
  for (let at = folder; at !== ''; ) {
    at = parentOf(at)
    folders.push(at)
  }
  return folders
}
