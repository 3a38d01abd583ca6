/** docs/backup-coverage.md names tests by file and title: each is there. A row without a test promises something that nobody holds. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from './harness.ts'

const page = readFileSync(join(root, 'docs/backup-coverage.md'), 'utf8')

interface Row {
  readonly section: string
  readonly cells: readonly string[]
}

function rows(): Row[] {
  const found: Row[] = []
  let section = ''
  for (const line of page.split('\n')) {
    if (line.startsWith('#')) section = line.replace(/^#+ /, '')
    if (!line.startsWith('| ') || /^\|(?: [a-z, ]+ \|){2} test \|$/.test(line)) continue
    found.push({ section, cells: line.slice(2, -2).split(' | ') })
  }
  return found
}

/** Titles of the tests and groups of a file. */
function titlesOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8')
  const call = /(?:\b(?:it|test|describe)(?:\.\w+)?\(|\)\(|\]\)\()\s*(['"`])((?:\\.|(?!\1)[\s\S])*)\1/g
  return [...text.matchAll(call)].map((m) => m[2].replace(/\\(['"`])/g, '$1'))
}

const known = new Map<string, string[]>()
const references = rows().map(({ section, cells }) => ({
  section,
  point: cells[0],
  tests: [...(cells[2] ?? '').matchAll(/`([^`]+\.test\.ts)`: (.*?)(?=; `|$)/g)].map((m) => ({
    file: m[1],
    title: m[2],
  })),
}))

describe('the page on what is asked of backup and recovery', () => {
  it('has a test for each row', () => {
    expect(references.length).toBeGreaterThan(100)
    expect(references.filter((r) => r.tests.length === 0).map((r) => `${r.section}: ${r.point}`)).toEqual([])
  })

  it('names tests that exist', () => {
    const missing: string[] = []
    for (const { point, tests } of references)
      for (const { file, title } of tests) {
        const titles = known.get(file) ?? (existsSync(join(root, file)) ? titlesOf(file) : [])
        known.set(file, titles)
        if (!titles.some((t) => t.includes(title))) missing.push(`${point}: ${file}: ${title}`)
      }
    expect(missing).toEqual([])
  })

  it('covers every builtin of backup and restore', () => {
    const names = [
      'backup',
      'backupDB',
      'backupTable',
      'getBackupList',
      'getBackupMeta',
      'loadBackup',
      'checkBackup',
      'getBackupStatus',
      'restore',
      'restoreDB',
      'restoreTable',
      'migrate',
      'backupSettings',
      'restoreSettings',
    ]
    expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([])
  })
})
