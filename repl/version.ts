import { readFileSync } from 'node:fs'

/** The version in the nearest package.json above this file, which is two folders up from `dist/repl` and one from `repl`. */
export function version(): string {
  for (const up of ['../package.json', '../../package.json']) {
    try {
      const manifest = JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8')) as {
        name?: string
        version?: string
      }
      if (manifest.name === 'holdfast' && manifest.version !== undefined) return manifest.version
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  throw new Error('package.json of holdfast is missing')
}
