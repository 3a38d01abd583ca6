import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { RestoreCommand } from './restore-command.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-restore-command-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const place = join(folder, 'fetched; $(x)')
const script = (code: string): string => {
  const file = join(folder, `script-${code.length}.cjs`)
  writeFileSync(file, code)
  return `'${process.execPath}' '${file}' %n %f`
}

describe('wal_restore_command', () => {
  it('gets the name and the place, without a shell', () => {
    const copy = "require('fs').writeFileSync(process.argv[3], process.argv[2])"
    const name = 'data/chunks/d/$HOME/x y.arrow'
    expect(new RestoreCommand(script(copy)).fetch(name, place)).toBe(true)
    expect(readFileSync(place, 'utf8')).toBe(name)
  })

  it.each([1, 44, 125])('that ends with %i does not have the file', (code) => {
    expect(new RestoreCommand(script(`process.exit(${code})`)).fetch('x', place)).toBe(false)
  })

  it.each([
    ['exit code 126', 'process.exit(126)', /ended with exit code 126/],
    ['a message', "console.error('no route'); process.exit(255)", /exit code 255: no route/],
    ['a signal', "process.kill(process.pid, 'SIGKILL'); setTimeout(() => {}, 10000)", /was ended by SIGKILL/],
    ['too much time', 'setTimeout(() => {}, 60000)', /did not end within 0.3 s/],
  ])('that fails with %s is an error', (_, code, message) => {
    expect(() =>
      new RestoreCommand(script(code), code.startsWith('setTimeout') ? 300 : 20_000).fetch('x', place),
    ).toThrow(message)
  })

  it('that is no program is an error', () => {
    expect(() => new RestoreCommand('/nowhere/program %n %f').fetch('x', place)).toThrow(/could not be started/)
    expect(() => new RestoreCommand('cp %n %f; rm x')).toThrow(/uses ;/)
  })
})
