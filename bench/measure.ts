/** Timing and memory of whole processes, and the table that benches print. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
export const bin = join(root, 'bin/holdfast.js')

/** A fresh folder on the disk that is measured (HOLDFAST_BENCH_DIR, default: where temporary files go), removed when the process ends. */
export function scratch(name: string): string {
  const folder = mkdtempSync(join(process.env.HOLDFAST_BENCH_DIR ?? tmpdir(), `holdfast-${name}-`))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A size from the environment. */
export const sizeOf = (variable: string, usual: number): number => Number(process.env[variable] ?? usual)

export interface ProcessFigures {
  readonly seconds: number
  readonly residentMb: number
  /** Of all its threads, in user and system, as far as they were sampled. */
  readonly cpuSeconds: number
  readonly stdout: string
}

/**
 * Runs a command to its end. Resident memory is the highest that the kernel recorded for the largest of its processes (VmHWM), that is, the command or what it
 * started, sampled while they live.
 */
export function run(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<ProcessFigures> {
  return new Promise((resolve, reject) => {
    const start = performance.now()
    const child = spawn(command, [...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    let residentMb = 0
    let cpuSeconds = 0
    const sample = setInterval(() => {
      cpuSeconds = Math.max(cpuSeconds, cpuOf(child.pid))
      if (child.pid !== undefined) residentMb = Math.max(residentMb, peakOf(child.pid))
    }, 20)
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.on('error', reject)
    child.on('close', (code) => {
      clearInterval(sample)
      if (code !== 0) reject(new Error(`${command} ${args.join(' ')} ended with ${code}\n${stdout}${stderr}`))
      else resolve({ seconds: (performance.now() - start) / 1000, residentMb, cpuSeconds, stdout })
    })
  })
}

const TICKS_PER_SECOND = 100

function cpuOf(pid: number | undefined): number {
  try {
    // Behind the name of the program, which may hold blanks: state is the third field, user and system time the 14th and 15th.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
  } catch {
    return 0 // The process has just ended.
  }
}

/** In MB, of a process and its descendants, as far as they live. */
function peakOf(pid: number): number {
  const hwm = /VmHWM:\s+(\d+) kB/.exec(ofProcess(pid, 'status'))
  const children = ofProcess(pid, `task/${pid}/children`).split(' ').filter(Boolean).map(Number)
  return Math.max(hwm === null ? 0 : Number(hwm[1]) / 1024, ...children.map(peakOf))
}

function ofProcess(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return '' // The process has just ended.
  }
}

/** Runs script text on a data directory. The script prints its own milliseconds on its last line: start-up is not counted. */
export async function timedScript(
  script: string,
  data: string,
  options: readonly string[] = [],
): Promise<ProcessFigures> {
  const figures = await run(process.execPath, [bin, '--data', data, ...options, '-e', script])
  return { ...figures, seconds: Number(figures.stdout.trim().split('\n').at(-1)) / 1000 }
}

/** `body` timed inside the script, after `before`. */
export const timed = (body: string, before = ''): string =>
  `login("admin", "123456")\n${before}\nstarted = now(true)\n${body}\nprint(long(now(true) - started) / 1000000.0)`

export const shell = (command: string): Promise<ProcessFigures> => run('sh', ['-c', command])

export const has = (command: string): boolean => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export interface Row {
  readonly what: string
  readonly ours: string
  readonly peer: string
  /** Speed of ours relative to the peer (time of peer / time of ours): above 1 is faster. */
  readonly ratio: string
  readonly memory: string
}

const HEAD: Row = { what: 'what', ours: 'holdfast', peer: 'peer', ratio: 'speed ratio', memory: 'peak RSS' }
const COLUMNS = Object.keys(HEAD) as (keyof Row)[]

/** As text in columns; with HOLDFAST_BENCH_FORMAT=markdown as the tables in docs/performance.md are, where a cell that says the same as the one above is empty. */
export function printTable(rows: readonly Row[]): void {
  console.log((process.env.HOLDFAST_BENCH_FORMAT === 'markdown' ? markdownOf : textOf)(rows).join('\n'))
}

function textOf(rows: readonly Row[]): string[] {
  const widths = COLUMNS.map((k) => Math.max(...[HEAD, ...rows].map((r) => r[k].length)))
  return [HEAD, ...rows].map((row) =>
    COLUMNS.map((k, c) => row[k].padEnd(widths[c]))
      .join('  ')
      .trimEnd(),
  )
}

function markdownOf(rows: readonly Row[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`.replaceAll('  ', ' ')
  const cellsOf = (row: Row, above: Row | undefined): string[] =>
    COLUMNS.map((k) =>
      (k === 'what' || k === 'ours') && row[k] === above?.[k] && row.what === above.what ? '' : row[k],
    )
  return [
    line(COLUMNS.map((k) => HEAD[k])),
    line(COLUMNS.map(() => '---')),
    ...rows.map((row, k) => line(cellsOf(row, rows[k - 1]))),
  ]
}
