/** The configuration file, the environment and statements, as the command meets them. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { holdfast, scratch, script } from './harness.ts'

const folder = scratch('config')

/** A data directory with a configuration file. */
function dataWith(name: string, toml: string): string {
  const data = join(folder, name)
  mkdirSync(data, { recursive: true })
  writeFileSync(join(data, 'holdfast.toml'), toml)
  return data
}

const LOGIN = 'login("admin", "123456"); '
const show = (name: string): string => `t = getClusterSettings("${name}"); print(t.value[0] + " " + t.source[0])`

describe('holdfast.toml', () => {
  it('in the data directory gives start values, which the environment and statements override', async () => {
    const data = dataWith('values', '[storage]\nwal_level = 1\nwal_rotation = "group"\n[jobs]\nworkers = 1\n')
    expect(await script(show('ts.wal.wal_level'), { data })).toBe('1 file')
    const env = { HOLDFAST_WAL_LEVEL: '0' }
    expect(await script(show('ts.wal.wal_level'), { data, env })).toBe('0 environment')
    await script(`${LOGIN}SET CLUSTER SETTING ts.wal.wal_level = 2`, { data })
    // The statement of an earlier process.
    expect(await script(show('ts.wal.wal_level'), { data, env })).toBe('2 statement')
    await script(`${LOGIN}SET CLUSTER SETTING ts.wal.wal_level = DEFAULT`, { data })
    expect(await script(show('ts.wal.wal_level'), { data })).toBe('1 file')
    expect(await script(show('ts.wal.rotation'), { data })).toBe('group file')
  })

  it('says how numbers and booleans show', async () => {
    const data = dataWith('display', '[session]\ndecimals = 15\nboolean_digits = true\n')
    const code = 'print(1 \\ 3); print(1 2 == 1); print(59614488.46)'
    expect(await script(code, { data })).toBe('0.333333333333333\n[1,0]\n59614488.46')
    const env = { HOLDFAST_DECIMALS: '6', HOLDFAST_BOOLEAN_DIGITS: 'false' }
    expect(await script(code, { data, env })).toBe('0.333333\n[true,false]\n5.961449E7')
  })

  it('may be named, and names the data directory then', async () => {
    const file = join(folder, 'named.toml')
    writeFileSync(file, 'data = "named-data"\n[session]\nallow_missing_partitions = false\nmemory_limit = "64MB"\n')
    const code = 'print(getHomeDir()); print(getConfig("allowMissingPartitions"))'
    const cwd = folder
    const env = { HOLDFAST_DATA: '' }
    const expected = `${join(folder, 'named-data')}\nfalse\n`
    expect((await holdfast(['--config', 'named.toml', '-e', code], { cwd, env })).stdout).toBe(expected)
    expect((await holdfast(['-e', code], { cwd, env: { ...env, HOLDFAST_CONFIG: file } })).stdout).toBe(expected)
    const { stderr } = await holdfast(['--config', file, '-e', 'x = take(1.0, 100000000)'], { env })
    expect(stderr).toContain('Out of memory')
  })

  it.each([
    ['an unknown key', '[storage]\nwal_levle = 1\n', "2:1: [storage] has no key 'wal_levle'; did you mean wal_level?"],
    [
      'a wrong unit',
      '[storage]\n\ncheckpoint_interval = "10MB"\n',
      "3:1: checkpoint_interval must be a duration from 1s to 1d, such as '30s', '1m' or '5m', not '10MB'",
    ],
    [
      'level 3',
      '[storage]\nwal_level = 3\n',
      "2:1: wal_level can't be 3: level 3 takes its commits from a replicated log, which needs the scaled-out mode",
    ],
    [
      'two ways to archive',
      '[storage]\nwal_archive_dir = "/a"\nwal_archive_command = "cp %f /a/%n"\n',
      "3:1: wal_archive_command can't stand beside wal_archive_dir: exactly one of the two is used",
    ],
    [
      'archiving',
      '[storage]\nwal_archive_dir = "/a"\nwal_archive_enabled = true\nwal_level = 0\n',
      "4:1: wal_level can't be 0 while wal_archive_enabled is true: data would not be in the archive",
    ],
    ['a syntax error', '[storage]\nwal_level 1\n', '2:'],
  ])('with %s stops the start with one line', async (name, toml, message) => {
    const data = dataWith(name.replaceAll(' ', '-'), toml)
    const { code, stdout, stderr } = await holdfast(['-e', 'print("ran")'], { data })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(`holdfast: ${join(data, 'holdfast.toml')}:${message}`)
    expect(stderr.trimEnd()).not.toContain('\n')
  })

  it('that is named and missing stops the start; so does a wrong variable', async () => {
    const missing = await holdfast(['--config', join(folder, 'missing.toml'), '-e', '1'])
    expect(missing.code).toBe(1)
    expect(missing.stderr).toContain('missing.toml')
    const wrong = await holdfast(['-e', '1'], { data: join(folder, 'none'), env: { HOLDFAST_MAX_WAL_SIZE: 'big' } })
    expect(wrong.code).toBe(1)
    expect(wrong.stderr).toContain('The environment variable HOLDFAST_MAX_WAL_SIZE must be a size')
  })
})

describe('statements about settings', () => {
  it('show their tables as expressions do', async () => {
    const data = join(folder, 'statements')
    const { stdout } = await holdfast(['-e', 'SHOW CLUSTER SETTING ts.wal.rotation'], { data })
    expect(stdout).toMatch(/^name +value +defaultValue/)
    expect(stdout).toContain('ts.wal.rotation')
    const file = join(folder, 'show.dos')
    writeFileSync(file, `${LOGIN}\nset cluster setting ts.wal.checkpoint_interval = '5m'; show cluster settings;\n`)
    const echoed = await holdfast(['run', '--echo', file], { data })
    expect(echoed.stdout).toMatch(/ts\.wal\.checkpoint\.\.\. ?5m/)
    expect((await holdfast(['run', file], { data })).stdout).toBe('')
  })

  it('show errors with line and caret', async () => {
    const { code, stderr } = await holdfast(['-e', `${LOGIN}\nSET CLUSTER SETTING ts.wal.wal_levle = 1`], {
      data: join(folder, 'errors'),
    })
    expect(code).toBe(1)
    expect(stderr).toContain('There is no cluster setting [ts.wal.wal_levle].')
    expect(stderr).toContain('did you mean ts.wal.wal_level?')
    expect(stderr).toMatch(/2 \| SET CLUSTER SETTING/)
  })

  it('are in the syntax tree', async () => {
    const file = join(folder, 'tree.dos')
    writeFileSync(file, 'SET CLUSTER SETTING a.b = dual\nCHECKPOINT CREATE\n')
    const { stdout } = await holdfast(['parse', file, '--json'])
    expect(JSON.parse(stdout)).toMatchObject([
      { kind: 'setting', action: 'set', name: 'a.b', value: { kind: 'literal', type: 'STRING', value: 'dual' } },
      { kind: 'checkpoint', action: 'create' },
    ])
  })
})
