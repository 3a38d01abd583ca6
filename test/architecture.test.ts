/** Style that a machine can hold: import arrows between rooms, entrances, and who may touch the operating system. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const rooms = ['lang', 'runtime', 'dfs', 'jobs', 'repl'] as const

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile() && e.name.endsWith('.ts') && !e.name.endsWith('.test.ts'))
    .map((e) => relative(root, join(e.parentPath, e.name)))
}

function imports(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8')
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((m) => m[1])
}

const inProject = (file: string, specifier: string): string | undefined =>
  specifier.startsWith('.') ? relative(root, resolve(root, dirname(file), specifier)) : undefined

describe('import arrows', () => {
  for (const [level, room] of rooms.entries())
    it(`${room} imports only ${[...rooms.slice(0, level), 'itself'].reverse().join(', ')}`, () => {
      const wrong: string[] = []
      for (const file of sources(room))
        for (const specifier of imports(file)) {
          const target = inProject(file, specifier)?.split('/')[0]
          if (target !== undefined && rooms.indexOf(target as (typeof rooms)[number]) > level)
            wrong.push(`${file} -> ${specifier}`)
        }
      expect(wrong).toEqual([])
    })

  it('every room has an entrance', () => {
    for (const room of rooms.slice(0, 4)) expect(sources(room)).toContain(`${room}/index.ts`)
  })
})

describe('the operating system', () => {
  it('is touched in dfs only by the file store, the directory lock and the commands of the archive', () => {
    const allowed = /^dfs\/(store|engine\/lock|catalog|archive\/run-command|pitr\/restore-command)/
    const wrong = sources('dfs')
      .filter((file) => !allowed.test(file))
      .filter((file) => imports(file).some((s) => /^node:(fs|child_process)/.test(s)))
    expect(wrong).toEqual([])
  })

  it('is not touched by lang', () => {
    const wrong = sources('lang').filter((file) => imports(file).some((s) => s.startsWith('node:')))
    expect(wrong).toEqual([])
  })
})

describe('files', () => {
  it('hold one idea: none is longer than 700 lines', () => {
    // The syntax tree is one list of node types.
    const long = rooms
      .flatMap(sources)
      .filter((file) => file !== 'lang/ast.ts')
      .map((file) => [file, readFileSync(join(root, file), 'utf8').split('\n').length] as const)
      .filter(([, lines]) => lines > 700)
    expect(long).toEqual([])
  })

  it('hold no markers of unfinished work', () => {
    const marked = rooms
      .flatMap(sources)
      .filter((file) => /\b(TODO|FIXME|XXX)\b/.test(readFileSync(join(root, file), 'utf8')))
    expect(marked).toEqual([])
  })
})
