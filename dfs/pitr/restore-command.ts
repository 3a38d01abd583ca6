/**
 * `wal_restore_command`: fetches a file of the archive. Started without a shell; `%f` is where to put the file, `%n` the name under which it was archived. Exit code 0: it
 * is there. 1 to 125: the archive does not have it. Anything else, a signal and a command that can't be started are failures.
 */
import { spawnSync } from 'node:child_process'
import { HoldfastError } from '../../runtime/errors.ts'
import { fillCommand, splitCommand } from '../settings/index.ts'

const LIMIT_MS = 10 * 60_000
const MESSAGE_BYTES = 2000
const NOT_THERE_MAX = 125

/** Fetches files of an archive by their names. */
export interface Fetcher {
  /** Asks for a file; answers whether it is at `place` now, which is absolute. */
  fetch(name: string, place: string): boolean
}

export class RestoreCommand implements Fetcher {
  readonly #words: readonly string[]
  readonly #limitMs: number

  constructor(command: string, limitMs: number = LIMIT_MS) {
    const split = splitCommand(command)
    if (!split.ok) throw new HoldfastError('input', `wal_restore_command ${split.reason}.`, { code: 'restoreCommand' })
    this.#words = split.words
    this.#limitMs = limitMs
  }

  fetch(name: string, place: string): boolean {
    const [program, ...args] = fillCommand(this.#words, place, name)
    const { status, signal, error, stderr } = spawnSync(program!, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: this.#limitMs,
      maxBuffer: 64 << 20,
    })
    if (status === 0) return true
    if (status !== null && status <= NOT_THERE_MAX && error === undefined) return false
    const what =
      (error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT'
        ? `did not end within ${this.#limitMs / 1000} s`
        : error !== undefined
          ? `could not be started: ${error.message}`
          : status === null
            ? `was ended by ${signal ?? 'a signal'}`
            : `ended with exit code ${status}`
    const words = (stderr?.toString('utf8') ?? '').trim().slice(-MESSAGE_BYTES)
    throw new HoldfastError(
      'io',
      `The command ${program} of wal_restore_command, asked for ${name}, ${what}${words === '' ? '.' : `: ${words}`}`,
      {
        code: 'restoreCommand',
        where: { file: name },
        hint: 'try the command by hand; exit codes 1 to 125 mean that the archive does not have the file',
      },
    )
  }
}
