/**
 * Runs the archive command for one file: no shell, no input, output thrown away, the end of its error output kept for the message. It has a process group of its own,
 * so that what it started ends with it when its time is up.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { HoldfastError } from '../../runtime/errors.ts'

export const COMMAND_LIMIT_MS = 10 * 60_000

const MESSAGE_BYTES = 2000
/** Between the request to end and the end by force; and after that until it counts as ended. */
const GRACE_MS = 3000
/** Error output that is still on its way when the command has ended. */
const LAST_WORDS_MS = 200
const LOOK_MS = 100

/** Resolves when the command ended with exit code 0. `interrupt` is looked at meanwhile; it throws to end the command. */
export function runCommand(
  words: readonly string[],
  {
    limitMs = COMMAND_LIMIT_MS,
    interrupt = () => {},
  }: { readonly limitMs?: number; readonly interrupt?: () => void } = {},
): Promise<void> {
  const [program, ...args] = words
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { shell: false, stdio: ['ignore', 'ignore', 'pipe'], detached: HAS_GROUPS })
    let stderr = ''
    let cause: unknown
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-MESSAGE_BYTES)
    })
    const timers: NodeJS.Timeout[] = []
    const settle = (failure: unknown): void => {
      for (const timer of timers) clearTimeout(timer)
      child.stderr.destroy()
      if (failure === undefined) resolve()
      else reject(failure)
    }
    const end = (reason: unknown): void => {
      if (cause !== undefined) return
      cause = reason
      signal(child, 'SIGTERM')
      timers.push(setTimeout(() => signal(child, 'SIGKILL'), GRACE_MS))
      timers.push(setTimeout(() => settle(cause), 2 * GRACE_MS))
    }
    const failure = (what: string): HoldfastError => {
      const words = stderr.trim()
      return new HoldfastError('io', `The archive command ${program} ${what}${words === '' ? '.' : `: ${words}`}`, {
        code: 'archiveCommand',
      })
    }
    timers.push(setTimeout(() => end(failure(`did not end within ${limitMs / 1000} s`)), limitMs))
    timers.push(
      setInterval(() => {
        try {
          interrupt()
        } catch (error) {
          end(error)
        }
      }, LOOK_MS),
    )
    child.on('error', (error) => settle(failure(`could not be started: ${error.message}`)))
    child.on('exit', (code, signalName) => {
      const settled = (): void => {
        if (cause !== undefined) settle(cause)
        else if (code === 0) settle(undefined)
        else settle(failure(code === null ? `was ended by ${signalName}` : `ended with exit code ${code}`))
      }
      // Not until the pipe is closed: what the command has left behind may hold it open for ever.
      if (child.stderr.readableEnded || code === 0) settled()
      else {
        child.stderr.on('end', settled)
        timers.push(setTimeout(settled, LAST_WORDS_MS))
      }
    })
  })
}

const HAS_GROUPS = process.platform !== 'win32'

function signal(child: ChildProcess, name: NodeJS.Signals): void {
  try {
    if (HAS_GROUPS && child.pid !== undefined) process.kill(-child.pid, name)
    else child.kill(name)
  } catch {
    // It has ended by itself.
  }
}
