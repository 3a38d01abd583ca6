/** Runs the command as a person would, in scratch folders that go away. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'

export { random } from './random.ts'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
export const holdfastBin = join(root, 'bin/holdfast.js')

const folders: string[] = []
// Said here, when the file is read: what a test says of its own file's end is not heard.
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A fresh folder, removed when the test file ends. */
export function scratch(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `holdfast-${name}-`))
  folders.push(folder)
  return folder
}

export interface Outcome {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly data?: string
  readonly input?: string
  readonly cwd?: string
  readonly env?: Record<string, string>
  readonly onStart?: (child: ChildProcess) => void
}

/** `holdfast <args>` to its end. */
export function holdfast(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [holdfastBin, ...args], {
      cwd: options.cwd ?? root,
      env: { ...process.env, ...(options.data === undefined ? {} : { HOLDFAST_DATA: options.data }), ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
    child.stdin.on('error', () => undefined)
    child.stdin.end(options.input ?? '')
    options.onStart?.(child)
  })
}

/** Runs a script given as text, expecting success; answers what it printed. */
export async function script(text: string, options: RunOptions = {}): Promise<string> {
  const outcome = await holdfast(['-e', text], options)
  if (outcome.code !== 0)
    throw new Error(`exit ${outcome.code ?? outcome.signal}\n${outcome.stdout}\n${outcome.stderr}`)
  return outcome.stdout.trimEnd()
}
