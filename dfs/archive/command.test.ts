import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Engine } from '../engine/engine.ts'
import { LocalFileStore } from '../store/local-store.ts'
import { connect } from '../write/testing.ts'
import { runCommand } from './run-command.ts'
import { freshCatalog } from './testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast archive '))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let scripts = 0
function script(body: string): string {
  const file = join(folder, `put it ${scripts++}.sh`)
  writeFileSync(file, `#!/bin/sh\n${body}\n`)
  chmodSync(file, 0o755)
  return file
}

/** A store in a folder, all of whose log is archived by a command; partitions have names that a shell would act on. */
function store(command: string) {
  const data = join(folder, `da'ta ${scripts++}`)
  mkdirSync(data)
  const files = new LocalFileStore(data)
  const catalog = freshCatalog()
  const said: string[] = []
  const engine = new Engine({
    catalog,
    files,
    say: (line) => said.push(line),
    settings: { file: {}, environment: {}, archive: { enabled: true, command } },
  })
  engine.recover(false)
  // The session looks at files through the engine's store.
  const session = connect({ catalog, disk: files, engine, backups: new Map() } as never)
  const values = '["a*b", "c\'d", "e\\"f", "$(id>pwned);g"]'
  session.run(`db = database("dfs://db", VALUE, ${values})
pt = db.createPartitionedTable(table(1:0, \`k\`x, [SYMBOL, LONG]), "pt", "k")
pt.append!(table(symbol(take(${values}, 1600)) as k, long(1..1600) as x))`)
  return { engine, data, said, session }
}

/** Puts what it gets below a folder; `%f` and `%n` are its arguments. */
const copying = (to: string, before = ''): string =>
  script(`${before}\nmkdir -p "${to}/$(dirname "$2")" && cp "$1" "${to}/$2"`)

describe('an archive command', () => {
  it('gets every segment and piece under its name, whatever characters are in it', async () => {
    const to = join(folder, 'target one')
    const { engine, data } = store(`"${copying(to)}" %f '%n'`)
    await engine.checkpoint()
    expect(await engine.archive()).toBe(1)
    const found = readdirSync(to, { recursive: true, withFileTypes: true }).filter((e) => e.isFile())
    expect(found.filter((e) => e.name.endsWith('.arrow'))).toHaveLength(4)
    expect(existsSync(join(to, '000000010000000000000001'))).toBe(true)
    expect(readdirSync(data)).not.toContain('archive')
    for (const place of [data, to, process.cwd()]) expect(existsSync(join(place, 'pwned'))).toBe(false)
    for (const e of found.filter((f) => f.name.endsWith('.arrow'))) {
      const file = join(e.parentPath, e.name)
      const original = join(data, file.slice(join(to, 'data').length))
      expect(readFileSync(file).equals(readFileSync(original))).toBe(true)
    }
    await engine.close()
  })

  it('is run again after it failed, for what is not archived yet, and its error output is shown', async () => {
    const to = join(folder, 'target two')
    const counter = join(folder, 'count')
    const put = copying(
      to,
      `echo x >> "${counter}"
if [ $(wc -l < "${counter}") -le 2 ]; then echo "no 'route' to host" >&2; exit 7; fi`,
    )
    const { engine, said } = store(`"${put}" %f %n`)
    await engine.checkpoint()
    for (let attempt = 1; attempt <= 2; attempt++) {
      expect(await engine.archive()).toBe(0)
      const { archive, log } = engine.status()
      expect(archive).toMatchObject({ segmentsPending: 1, failedAttempts: attempt, lastArchivedSegment: '' })
      expect(archive.lastError).toContain("ended with exit code 7: no 'route' to host")
      // Kept, though a checkpoint covers it.
      expect(log.files[0].sequence).toBe(1)
    }
    expect(said.filter((line) => line.includes('exit code 7'))).toHaveLength(1)
    expect(await engine.archive()).toBe(1)
    expect(engine.status().archive).toMatchObject({ segmentsPending: 0, lastError: '', failedAttempts: 0 })
    expect(engine.status().log.files[0].sequence).toBe(2)
    expect(said.at(-1)).toContain('works again')
    await engine.close()
  })

  it('that hangs is ended with all that it has started', async () => {
    const mark = join(folder, 'late')
    const hanging = script(`(sleep 2; touch "${mark}") &\nsleep 60`)
    await expect(runCommand([hanging], { limitMs: 150 })).rejects.toThrow('did not end within 0.15 s')
    let isCancelled = false
    const interrupt = (): void => {
      if (isCancelled) throw new Error('closing')
    }
    const cancelled = runCommand([hanging], { interrupt })
    isCancelled = true
    await expect(cancelled).rejects.toThrow('closing')
    await new Promise((resolve) => setTimeout(resolve, 2200))
    expect(existsSync(mark)).toBe(false)
  })

  it('that leaves something behind which holds its error output counts when it has ended itself', async () => {
    await expect(runCommand([script('sleep 20 & exit 0')])).resolves.toBeUndefined()
    await expect(runCommand([script('echo why >&2; sleep 20 & exit 3')])).rejects.toThrow('exit code 3: why')
  })

  it('that does not exist is a failure', async () => {
    await expect(runCommand(['/no/such/program', 'x'])).rejects.toThrow('could not be started')
  })
})
