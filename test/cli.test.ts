/** The command as a person or a script meets it: forms, streams, exit codes. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { holdfast, holdfastBin, scratch } from './harness.ts'

const folder = scratch('cli')
const file = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
const untouched = join(folder, 'untouched')

describe('one line', () => {
  it('prints the value of its last expression', async () => {
    const { code, stdout, stderr } = await holdfast(['-e', '1+1'], { data: untouched })
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '2\n', stderr: '' })
  })

  it('prints nothing for an assignment, and prints in order', async () => {
    expect((await holdfast(['-e', 'x=3'], { data: untouched })).stdout).toBe('')
    expect((await holdfast(['-e', 'print("a"); 5; print("b"); x=6; x*7'], { data: untouched })).stdout).toBe(
      'a\nb\n42\n',
    )
  })

  it('touches no disk unless it must', async () => {
    await holdfast(['-e', 'avg(1..10)'], { data: untouched })
    expect(existsSync(untouched)).toBe(false)
  })

  it('shows where an error is, on standard error', async () => {
    const { code, stdout, stderr } = await holdfast(['-e', 'print(1)\nx = nosuchthing + 1'], { data: untouched })
    expect(code).toBe(1)
    // A name that nobody knows is found before anything runs.
    expect(stdout).toBe('')
    expect(stderr).toContain('Cannot recognize the token nosuchthing')
    expect(stderr).toMatch(/\n.*2 \| x = nosuchthing \+ 1\n\s*\| +\^/)
  })
})

describe('a script file', () => {
  it('runs, with its arguments in args', async () => {
    const path = file('args.dos', 'print(args.size())\nprint(args[1] + "!")')
    expect((await holdfast(['run', path, 'a', '--echo'], { data: untouched })).stdout).toBe('2\n--echo!\n')
  })

  it('prints values only with --echo, up to the first error', async () => {
    const path = file('echo.dos', '1+1\ny = 5\ny * 2\n1 2 + 1 2 3\n99')
    const quiet = await holdfast(['run', file('quiet.dos', '1+1\nprint("said")')], { data: untouched })
    expect(quiet.stdout).toBe('said\n')
    const { code, stdout, stderr } = await holdfast(['run', '--echo', path], { data: untouched })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '2\n10\n' })
    expect(stderr).toContain('Incompatible vector size')
    expect(stderr).toContain('echo.dos:4')
  })

  it('comes from standard input too', async () => {
    expect((await holdfast([], { data: untouched, input: 'print(2+3)\n' })).stdout).toBe('5\n')
    expect((await holdfast(['run', '-'], { data: untouched, input: 'print(2+4)' })).stdout).toBe('6\n')
  })

  it.each(['', 'run -'])('comes from a pipe whose writer takes its time (%s)', (args) => {
    const producer = '(echo "print(2+3)"; sleep 0.3; echo "print(2+4)")'
    const command = `${producer} | "${process.execPath}" "${holdfastBin}" ${args}`
    const env = { ...process.env, HOLDFAST_DATA: untouched }
    expect(execFileSync('sh', ['-c', command], { env }).toString()).toBe('5\n6\n')
  })

  it('that is missing or broken is said so', async () => {
    const missing = await holdfast(['run', join(folder, 'nowhere.dos')], { data: untouched })
    expect(missing.code).toBe(1)
    expect(missing.stderr).toMatch(/^holdfast: there is no file .*nowhere\.dos\n$/)
    const broken = await holdfast(['run', file('broken.dos', 'print(1)\nfor(x in ) {')], { data: untouched })
    expect(broken.code).toBe(1)
    expect(broken.stdout).toBe('')
    expect(broken.stderr).toContain('Syntax Error: [line #2]')
  })

  it('may print more than a pipe holds at once', async () => {
    const { stdout } = await holdfast(['-e', 'for(i in 0..30000) print("line " + string(i))'], { data: untouched })
    const lines = stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(30001)
    expect(lines[30000]).toBe('line 30000')
  })
})

describe('the command line', () => {
  it.skipIf(!existsSync('/dev/full'))('fails when its output cannot be written', async () => {
    const full = (command: string): string =>
      execFileSync('sh', ['-c', `"${process.execPath}" "${holdfastBin}" ${command} > /dev/full 2>&1; echo "exit $?"`], {
        encoding: 'utf8',
        env: { ...process.env, HOLDFAST_DATA: untouched },
      }).trim()
    expect(full("-e 'print(1)'")).toBe('exit 1')
    expect(full("-e 'x = 1'")).toBe('exit 0')
    const piped = execFileSync(
      'sh',
      ['-c', `"${process.execPath}" "${holdfastBin}" -e 'for(i in 0..50000) print(i)' | head -1; echo "$?"`],
      { encoding: 'utf8' },
    )
    expect(piped).toBe('0\n0\n')
  })

  it.each([8_000_000, 20_000_000])(
    'computes with large vectors where a process may have %d KB of addresses',
    (kilobytes) => {
      const script = 'a = rand(1.0, 5000000); b = a + 1; c = b - a; print(size(c)); print(sum(long(c * 1000) > 998))'
      const command = `ulimit -v ${kilobytes} && exec "${process.execPath}" "${holdfastBin}" -e '${script}'`
      expect(execFileSync('sh', ['-c', command], { encoding: 'utf8' })).toBe('5000000\n5000000\n')
    },
  )

  it('explains itself', async () => {
    const help = await holdfast(['--help'])
    expect(help.code).toBe(0)
    for (const word of ['run', 'parse', 'jobs', '--data', '--memory-limit', '--no-wait'])
      expect(help.stdout).toContain(word)
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      version: string
    }
    expect((await holdfast(['--version'])).stdout).toBe(`${version}\n`)
  })

  it('refuses what it does not know with exit code 2', async () => {
    for (const args of [
      ['--nonsense'],
      ['frobnicate'],
      ['run'],
      ['--workers', 'zero', '-e', '1'],
      ['--memory-limit', '3', '-e', '1'],
    ]) {
      const { code, stdout, stderr } = await holdfast(args, { data: untouched })
      expect([args, code, stdout]).toEqual([args, 2, ''])
      expect(stderr).not.toBe('')
    }
  })

  it('refuses a word too many, and a restore into a directory that nobody named', async () => {
    for (const [args, said] of [
      [['check', '/srv/ticks'], /check takes nothing more than options, but there is '\/srv\/ticks'; --data names/],
      [['wal', 'status', '/srv/ticks'], /status takes nothing more than options/],
      [['verify-backup', '/a', '/b'], /takes nothing more than <dir> and options, but there is '\/b'/],
      [['backup', '/a', '/b'], /; --data names the data directory/],
      [['restore', '/a'], /--data is missing/],
      [['restore-pitr', 'latest', '--backup', '/a'], /restore-pitr needs --data DIR/],
    ] as const) {
      const { code, stdout, stderr } = await holdfast(args, { data: untouched })
      expect([args, code, stdout, stderr]).toEqual([args, 2, '', expect.stringMatching(said)])
    }
    expect(existsSync(untouched)).toBe(false)
  })

  it('checks syntax without running', async () => {
    const good = file('good.dos', 'print("must not run")\ndef f(x){ return x }')
    const checked = await holdfast(['parse', good])
    expect(checked.code).toBe(0)
    expect(checked.stdout).not.toContain('must not run\n')
    const json = await holdfast(['parse', good, '--json'])
    expect(() => JSON.parse(json.stdout)).not.toThrow()
    expect((await holdfast(['parse', file('bad.dos', 'x = (1')])).code).toBe(1)
  })
})

describe('a session', () => {
  it('that needs more memory than its limit gets an error, not a crash', async () => {
    const { code, stderr } = await holdfast(['--memory-limit', '64M', '-e', 'x = take(1.0, 100000000)'], {
      data: untouched,
    })
    expect(code).toBe(1)
    expect(stderr).toContain('Out of memory')
  })

  it.each([
    ['texts', 'take("a", 100000000)'],
    ['texts of a vector', 'string(0..100000000)'],
    ['a tuple', 'array(ANY, 100000000)'],
    ['a table', 'table(100000000:100000000, [`s], [STRING])'],
    ['more texts than a vector can have', 'take(`a`b, 2000000000)'],
  ])('that asks for %s larger than its heap gets an error, and goes on', async (_what, large) => {
    const script = `try{ x = ${large} } catch(ex){ print(ex[1].left(14)) }\nprint(size(take("a", 1000000)))`
    const { code, stdout, stderr } = await holdfast(['--memory-limit', '512M', '-e', script], { data: untouched })
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'Out of memory:\n1000000\n', stderr: '' })
  })

  it('stops at Ctrl-C', async () => {
    const { code, stdout, stderr } = await holdfast(['-e', 'print("go")\nwhile(true){ x = 1 }'], {
      data: untouched,
      onStart: (child) => child.stdout?.once('data', () => child.kill('SIGINT')),
    })
    expect({ code, stdout }).toEqual({ code: 130, stdout: 'go\n' })
    expect(stderr).toContain('cancelled')
  })
})

describe('a data directory', () => {
  it('whose administrator has the first password is warned about once', async () => {
    const text = 'login("admin", "123456"); login("admin", "123456"); print(getCurrentSessionAndUser()[1])'
    const { stdout, stderr } = await holdfast(['-e', text], { data: join(folder, 'first-password') })
    expect(stdout).toBe('admin\n')
    expect(stderr).toBe('Warning: admin still has the default password; change it with changePwd.\n')
  })

  it('gets new VALUE partitions, or not, as the options say', async () => {
    const text = `
login("admin", "123456")
db = database("dfs://policy", VALUE, 1..3)
t = table(1..5 as k, 1..5 as v)
pt = db.createPartitionedTable(t, "pt", "k")
pt.append!(t)
print(exec count(*) from loadTable("dfs://policy", "pt"))
`
    const rows = async (policy: string): Promise<string> =>
      (await holdfast(['--new-value-partitions', policy, '-e', text], { data: join(folder, `policy-${policy}`) }))
        .stdout
    expect(await rows('add')).toBe('5\n')
    expect(await rows('skip')).toBe('3\n')
    expect(await rows('fail')).toBe('')
  })

  it('is used by one process at a time', async () => {
    const data = join(folder, 'one-at-a-time')
    let second: Promise<Awaited<ReturnType<typeof holdfast>>> | undefined
    const first = await holdfast(['-e', 'existsDatabase("dfs://x")\nprint("open")\nsleep(1500)'], {
      data,
      onStart: (child) =>
        child.stdout?.once('data', () => {
          second = holdfast(['-e', 'existsDatabase("dfs://x")'], { data })
        }),
    })
    expect(first.code).toBe(0)
    const refused = await second
    expect(refused?.code).toBe(1)
    expect(refused?.stderr).toMatch(/in use|locked|another process/i)
  })

  it('that is a file is refused by name', async () => {
    const path = file('not-a-folder', 'x')
    const { code, stderr } = await holdfast(['-e', 'existsDatabase("dfs://x")'], { data: path })
    expect(code).toBe(1)
    expect(stderr).toContain('not-a-folder')
  })
})

describe('an older Node', () => {
  it('hands over to the one that was installed', async () => {
    // The launcher itself must run anywhere: it may not use what only newer versions know before it has looked at the version.
    const launcher = readFileSync(new URL('../bin/holdfast.js', import.meta.url), 'utf8')
    const check = launcher.indexOf('process.versions.node')
    expect(launcher.slice(0, check)).not.toMatch(/\bawait\b|enableCompileCache/)
  })
})
