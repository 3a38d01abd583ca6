/** The prompt in a real terminal (tmux). */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { holdfastBin, scratch } from './harness.ts'

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const hasTmux = spawnSync('tmux', ['-V']).status === 0
if (!hasTmux) process.stdout.write('The prompt is not tested here: tmux is not installed.\n')

const folder = scratch('prompt')
let terminals = 0
const open: Terminal[] = []
afterEach(() => {
  for (const terminal of open.splice(0)) terminal.close()
})

class Terminal {
  readonly #socket = `holdfast-test-${process.pid}-${terminals++}`
  readonly history = join(folder, `${this.#socket}.history`)

  constructor(args: readonly string[] = [], columns = 120) {
    const environment = ['-e', `HOLDFAST_HISTORY=${this.history}`, '-e', 'TERM=xterm']
    // tmux tells of the end of a command unreliably; the shell does not.
    const run = [process.execPath, holdfastBin, '--data', join(folder, 'data'), ...args].join(' ')
    const command = ['sh', '-c', `${run}; echo left with $?; exec sleep 1000`]
    this.#tmux('new-session', '-d', '-x', `${columns}`, '-y', '50', ...environment, ...command)
    open.push(this)
  }

  /** Types literal text, then Enter. */
  enter(text: string): void {
    this.type(text)
    this.key('Enter')
  }
  type(text: string): void {
    this.#tmux('send-keys', '-l', text)
  }
  key(name: string): void {
    this.#tmux('send-keys', name)
  }
  resize(columns: number): void {
    this.#tmux('resize-window', '-x', `${columns}`, '-y', '50')
  }
  screen(): string {
    const text = this.#tmux('capture-pane', '-p', '-J', '-S', '-200')
    return text.replace(/ +$/gm, '').trimEnd()
  }
  /** The screen, once it matches. */
  async shows(pattern: RegExp): Promise<string> {
    for (let tries = 0; tries < 400; tries++) {
      const screen = this.screen()
      if (pattern.test(screen)) return screen
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    throw new Error(`the terminal never showed ${pattern}:\n${this.screen()}`)
  }
  close(): void {
    spawnSync('tmux', ['-L', this.#socket, 'kill-server'])
  }
  #tmux(...args: string[]): string {
    return execFileSync('tmux', ['-L', this.#socket, ...args], { encoding: 'utf8' })
  }
}

describe.skipIf(!hasTmux)('the prompt', () => {
  it('shows values, keeps variables, shows errors with a caret', async () => {
    const t = new Terminal()
    await t.shows(/^>$/m)
    t.enter('x = 20 + 1')
    t.enter('x * 2')
    await t.shows(/\n42\n>$/)
    t.enter('x + unknown_name')
    await t.shows(/Cannot recognize the token unknown_name[\s\S]*\^[\s\S]*\n>$/)
    t.enter('x')
    await t.shows(/\n21\n>$/)
  })

  it('asks for the rest of a statement', async () => {
    const t = new Terminal()
    await t.shows(/^>$/m)
    t.enter('def f(a){')
    await t.shows(/^\.$/m)
    t.enter('return a * 3')
    t.enter('}')
    t.enter('f(5)')
    await t.shows(/\n15\n>$/)
    t.enter('if(1 > 2){')
    t.key('C-c')
    t.enter('"still " + "here"')
    await t.shows(/\nstill here\n>$/)
  })

  it('stops a statement at Ctrl-C and keeps the session', async () => {
    const t = new Terminal()
    await t.shows(/^>$/m)
    t.enter('kept = 5')
    t.enter('print("looping"); while(true){ y = 1 }')
    await t.shows(/\nlooping/)
    t.key('C-c')
    await t.shows(/cancelled[\s\S]*\n>$/)
    t.enter('kept + 1')
    await t.shows(/\n6\n>$/)
    t.key('C-c')
    t.key('C-c')
    await t.shows(/Ctrl-D or exit leaves/)
    t.key('C-d')
    await t.shows(/left with 0/)
  })

  it('completes functions, variables and columns', async () => {
    const t = new Terminal()
    await t.shows(/^>$/m)
    t.enter('quantity_of_things = table(1..3 as weight_in_grams, 4..6 as size)')
    await t.shows(/size\)\n>$/)
    t.type('select sum(weight_in')
    t.key('Tab')
    t.type(') from quantity_of')
    t.key('Tab')
    await t.shows(/> select sum\(weight_in_grams\) from quantity_of_things$/)
    t.key('C-c')
    await t.shows(/things\n>$/)
    t.type('quantity_of_things.weight_')
    t.key('Tab')
    t.key('Enter')
    await t.shows(/\n\[1,2,3\]\n>$/)
    t.type('getJobMess')
    t.key('Tab')
    await t.shows(/> getJobMessage/)
  })

  it('explains functions', async () => {
    const t = new Terminal()
    await t.shows(/^>$/m)
    t.enter('help submitJob')
    await t.shows(/submitJob\(jobId, \[jobDesc\], jobDef, args\.\.\.\)[\s\S]*Topic: /)
    t.enter('help(sum)')
    await t.shows(/\nsum\(/)
  })

  it('cuts tables to the width of the terminal, as it is now', async () => {
    const t = new Terminal([], 60)
    await t.shows(/^>$/m)
    t.enter('t = table(1..2 as aaaaaaaaaaaaaaaaaaaa, 3..4 as bbbbbbbbbbbbbbbbbbbb, 5..6 as cccccccccccccccccccc)')
    t.enter('t')
    const narrow = await t.shows(/\n-+ -+ ?\.\.\.\n/)
    expect(narrow).not.toMatch(/^aaaaaaaaaaaaaaaaaaaa .*cccc/m)
    t.resize(140)
    await t.shows(/^>$/m)
    t.enter('t')
    await t.shows(/^aaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbb cccccccccccccccccccc$/m)
  })

  it('waits for background jobs when the person leaves', async () => {
    const t = new Terminal()
    await t.shows(/^>$/m)
    t.enter('submitJob("slow", "", def(){ sleep(800); return 1 })')
    await t.shows(/\nslow\n>$/)
    t.key('C-d')
    await t.shows(/waiting for 1 background job; Ctrl-C cancels/)
    await t.shows(/left with 0/)
  })

  it('closes the store in order when its terminal goes away, after its background jobs', async () => {
    const data = join(folder, 'gone')
    const t = new Terminal(['--data', data])
    await t.shows(/^>$/m)
    t.enter('login("admin", "123456"); database("dfs://d", VALUE, 1..3); 0')
    await t.shows(/\n0\n>$/)
    t.enter('submitJob("slow", "", def(){ sleep(600); login("admin", "123456"); dropDatabase("dfs://d"); return 1 })')
    await t.shows(/\nslow\n>$/)
    const { pid } = JSON.parse(readFileSync(join(data, 'holdfast.lock'), 'utf8')) as { readonly pid: number }
    t.close()
    for (let tries = 0; tries < 400 && isAlive(pid); tries++) await new Promise((resolve) => setTimeout(resolve, 25))
    expect(existsSync(join(data, 'holdfast.lock'))).toBe(false)
    const jobs = spawnSync(process.execPath, [holdfastBin, 'jobs', '--data', data], { encoding: 'utf8' })
    expect(jobs.stdout).toMatch(/slow +admin +done/)
  })

  it('remembers lines, but no passwords', async () => {
    const t = new Terminal()
    await t.shows(/^>$/m)
    t.enter('login("admin", "123456")')
    t.enter('1000 + 1')
    await t.shows(/\n1001\n>$/)
    t.key('Up')
    t.key('Enter')
    await t.shows(/\n1001\n[\s\S]*\n1001\n>$/)
    t.enter('exit')
    await t.shows(/left with 0/)
    const remembered = existsSync(t.history) ? readFileSync(t.history, 'utf8') : ''
    expect(remembered).toContain('1000 + 1')
    expect(remembered).not.toContain('123456')
  })
})
