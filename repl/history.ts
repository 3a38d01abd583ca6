/**
 * The prompt's history file: one line each, oldest first, readable by its owner only. Lines that carry passwords are not kept.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const LINES_MAX = 2000
const SECRET = /\b(login|createUser|changePwd|resetPwd)\s*[({]/

export class History {
  readonly #file: string
  readonly lines: readonly string[]

  constructor(file: string = process.env['HOLDFAST_HISTORY'] ?? join(homedir(), '.holdfast_history')) {
    this.#file = file
    const all = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
    this.lines = all.slice(-LINES_MAX)
    // Rewritten rarely: when it has grown to twice of what is used.
    if (all.length > 2 * LINES_MAX) this.#try(() => writeFileSync(file, `${this.lines.join('\n')}\n`, { mode: 0o600 }))
  }

  add(line: string): void {
    if (line.trim() === '' || SECRET.test(line)) return
    this.#try(() => appendFileSync(this.#file, `${line}\n`, { mode: 0o600 }))
  }

  /** A home that cannot be written costs the history, not the session. */
  #try(write: () => void): void {
    try {
      write()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error
    }
  }
}
