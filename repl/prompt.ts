/**
 * The prompt. The terminal belongs to this (the engine) thread; statements run in the session's thread, so Ctrl-C is heard at any time.
 *
 * Lines are taken one by one: a line extends the pending input until the parser says that it is whole. What is typed while a statement runs waits
 * for its turn. Ctrl-C stops the running statement, or drops the pending input, or (with neither) says how to leave; it never ends the session.
 */
import { createInterface, type Interface } from 'node:readline'
import { deathMessage, type EngineHost, type SessionHandle } from '../jobs/index.ts'
import { finishJobs } from './finish-jobs.ts'
import { History } from './history.ts'
import { ProgressReporter } from './progress.ts'
import type { EndSignals } from './signals.ts'
import { version } from './version.ts'

const PROMPT = '> '
const CONTINUATION = '. '
const LEAVE = /^\s*(exit|quit)\s*(\(\s*\))?\s*;?\s*$/
/** `help f` and `help`, so that a name needs no parentheses. */
const HELP = /^\s*help(?:\s+([A-Za-z_]\w*!?))?\s*$/
/** Continues the statement before it, however whole that looked. */
const CONTINUES = /^\s*(else|catch)\b/

/** Runs until the person leaves; answers the exit code. */
export function prompt(host: EngineHost, waitForJobs: boolean, signals: EndSignals): Promise<number> {
  return new Promise((resolve) => new Prompt(host, waitForJobs, signals, resolve).start())
}

class Prompt {
  readonly #host: EngineHost
  readonly #signals: EndSignals
  #waitForJobs: boolean
  readonly #leave: (code: number) => void
  readonly #history = new History()
  readonly #progress = new ProgressReporter()
  readonly #lines: string[] = []
  #readline: Interface
  #session: SessionHandle
  /** Lines of a statement that is not whole yet. */
  #pending = ''
  #running = false
  #working = false
  #hintGiven = false
  #left = false
  /** Ctrl-C so far. */
  #interrupts = 0

  constructor(host: EngineHost, waitForJobs: boolean, signals: EndSignals, leave: (code: number) => void) {
    this.#host = host
    this.#waitForJobs = waitForJobs
    this.#signals = signals
    this.#leave = leave
    this.#session = this.#openSession()
    this.#readline = createInterface({
      input: process.stdin,
      output: process.stdout,
      prompt: PROMPT,
      history: [...this.#history.lines].reverse(),
      historySize: 2000,
      removeHistoryDuplicates: true,
      completer: (line: string, done: (error: Error | null, result: [string[], string]) => void) =>
        void this.#complete(line).then((result) => done(null, result)),
    })
  }

  start(): void {
    process.stdout.write(`Holdfast ${version()}. help(f) explains a function, Ctrl-D leaves.\n`)
    process.stdout.on('drain', () => this.#session.resumeOutput())
    process.stdout.on('resize', () => this.#session.setWidth(process.stdout.columns))
    this.#readline.on('line', (line) => this.#take(line))
    this.#readline.on('SIGINT', () => this.#interrupt())
    this.#readline.on('close', () => void this.#close())
    // A terminal that went away fails in whatever is asked of it next; jobs and the store still come to their end.
    for (const stream of [this.#readline, process.stdin, process.stdout, process.stderr])
      stream.on('error', () => void this.#close())
    // A terminal that went away is like Ctrl-D: jobs come to their end. The other signals want the process to end now.
    process.on('SIGHUP', () => this.#readline.close())
    this.#signals.install(['SIGINT', 'SIGTERM'])
    this.#signals.listen(() => {
      this.#waitForJobs = false
      this.#readline.close()
    })
    this.#readline.prompt()
  }

  #openSession(): SessionHandle {
    const session = this.#host.openSession({
      onOutput: (bytes) => process.stdout.write(bytes),
      onNotice: (text) => process.stderr.write(`${text}\n`),
      onProgress: (progress) => this.#progress.report(progress),
    })
    session.setWidth(process.stdout.columns ?? 0)
    return session
  }

  #take(line: string): void {
    this.#history.add(line)
    this.#lines.push(line)
    void this.#work()
  }

  /** Takes lines off the queue until it is empty; one at a time. */
  async #work(): Promise<void> {
    if (this.#working) return
    this.#working = true
    try {
      while (this.#lines.length > 0 && !this.#left) await this.#next(this.#lines.shift() as string)
    } finally {
      this.#working = false
    }
    if (!this.#left) this.#showPrompt()
  }

  async #next(line: string): Promise<void> {
    if (this.#pending === '' && LEAVE.test(line)) {
      this.#readline.close()
      return
    }
    this.#hintGiven = false
    const help = this.#pending === '' ? HELP.exec(line) : null
    const text = help !== null ? `help(${help[1] === undefined ? '' : `"${help[1]}"`})` : `${this.#pending}${line}\n`
    if (text.trim() === '') return
    this.#pending = ''
    const interrupts = this.#interrupts
    try {
      if (this.#lines.length > 0 && CONTINUES.test(this.#lines[0])) this.#pending = text
      else {
        const isComplete = await this.#session.isComplete(text)
        // Ctrl-C came while it was read: it is dropped.
        if (interrupts !== this.#interrupts) return
        if (isComplete) await this.#run(text)
        else this.#pending = text
      }
    } catch (thrown) {
      this.#replaceSession(thrown)
    }
  }

  async #run(text: string): Promise<void> {
    this.#running = true
    this.#readline.setPrompt('')
    this.#host.noteStatement(this.#session, text.trim())
    try {
      const { failure } = await this.#session.run(text, 'all')
      await this.#progress.clear()
      if (failure !== undefined) process.stderr.write(`${failure.text}\n`)
    } finally {
      this.#host.noteStatement(this.#session, undefined)
      this.#running = false
    }
  }

  /** The thread has died, of memory that V8 could not give: variables are gone, the process and its jobs are not. */
  #replaceSession(thrown: unknown): void {
    if (this.#session.dead === undefined) throw thrown
    process.stderr.write(
      `${deathMessage(this.#session.dead, 'session')}\nA new session is ready; variables are gone.\n`,
    )
    this.#session = this.#openSession()
  }

  #showPrompt(): void {
    this.#readline.setPrompt(this.#pending === '' ? PROMPT : CONTINUATION)
    this.#readline.prompt()
  }

  #interrupt(): void {
    this.#interrupts++
    if (this.#working) this.#lines.length = 0
    if (this.#running) {
      this.#lines.length = 0
      this.#session.interrupt()
      return
    }
    const idle = this.#pending === '' && this.#readline.line === ''
    this.#pending = ''
    if (idle && this.#hintGiven) process.stdout.write('\nCtrl-D or exit leaves.\n')
    else process.stdout.write('\n')
    this.#hintGiven = idle
    // Drops what is typed: readline has no call for it, Ctrl-E Ctrl-U from its own keys.
    this.#readline.write(null, { ctrl: true, name: 'e' })
    this.#readline.write(null, { ctrl: true, name: 'u' })
    this.#showPrompt()
  }

  async #complete(line: string): Promise<[string[], string]> {
    if (this.#running || this.#session.dead !== undefined) return [[], line]
    const { matches, word } = await this.#session.complete(line)
    return [[...matches], word]
  }

  /** Ctrl-D, `exit`, or the terminal went away. */
  async #close(): Promise<void> {
    if (this.#left) return
    this.#left = true
    if (process.stdout.isTTY) process.stdout.write('\n')
    if (this.#running) this.#session.interrupt()
    await finishJobs(this.#host, this.#waitForJobs, this.#signals)
    this.#leave(this.#signals.exitCode ?? 0)
  }
}
