/**
 * Backup tools, on the same rows in one run: Holdfast, `cp -r`, rsync, restic, borg, pg_basebackup. bench/setup-tools.sh installs them; one that is not there is left out with
 * a note. From the environment:
 *
 *   HOLDFAST_BENCH_MB            2048    rows of the store, in MB as they lie in its files; the disk needs about 17 times as much
 *   HOLDFAST_BENCH_PARTITIONS    100     of the table, one of which changes
 *   HOLDFAST_BENCH_ROUNDS        3
 *
 * A round takes one step after the other (full, unchanged, changed, verify, restore), and in each step all tools in turn, each round beginning with another one. Ours take part four times: the functions of a running
 * store, timed inside; the second backup of a session that stays; the command, a process like the others, whose start is counted; and the command with compression, beside the others with theirs.
 */
import { showTime } from './contest.ts'
import { median, type ProcessFigures, type Row, shell, sizeOf } from './measure.ts'
import { borg } from './tools/borg.ts'
import { cp } from './tools/cp.ts'
import { holdfastDatabase, holdfastSession } from './tools/holdfast-database.ts'
import { holdfastNode } from './tools/holdfast-node.ts'
import { postgres } from './tools/postgres.ts'
import { restic } from './tools/restic.ts'
import { rsync } from './tools/rsync.ts'
import { bytesOf, clear, folder, megabytes, partitions, STEPS, type Step, type Tool, warm } from './tools/tool.ts'

const PEERS: Readonly<Record<string, readonly Tool[]>> = {
  cp: [cp],
  rsync: [rsync],
  restic: [restic(false), restic(true)],
  borg: [borg(false), borg(true)],
  postgres: [postgres(false), postgres(true)],
}

const STEP_NAMES: Readonly<Record<Step, string>> = {
  full: 'full backup',
  unchanged: 'backup, nothing changed',
  changed: `backup, 1 of ${partitions} partitions changed`,
  verify: 'verification',
  restore: 'restore',
}

/** What was measured of one tool. */
interface Result {
  readonly tool: Tool
  /** By step; a figure a round. */
  readonly figures: Readonly<Record<Step, ProcessFigures[]>>
  /** Of the files that it backs up, and of its first backup. */
  sourceBytes: number
  targetBytes: number
}

/** `chosen`: names of peers; none: all. */
export async function benchTools(chosen: readonly string[]): Promise<readonly Row[]> {
  const unknown = chosen.find((name) => PEERS[name] === undefined)
  if (unknown !== undefined) throw new Error(`There is no backup tool '${unknown}': ${Object.keys(PEERS).join(', ')}.`)
  const names = Object.keys(PEERS).filter((name) => chosen.length === 0 || chosen.includes(name))
  const all = [
    holdfastDatabase,
    holdfastSession,
    holdfastNode(false),
    holdfastNode(true),
    ...names.flatMap((name) => PEERS[name]),
  ]
  for (const { name, missing } of all) if (missing !== undefined) console.error(`${name} is left out: ${missing}`)
  const tools = all.filter((tool) => tool.missing === undefined)
  const sources = [...new Set(tools.map((tool) => tool.source))]

  const stop = async (): Promise<void> => {
    for (const source of sources) await source.stop()
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop().finally(() => process.exit(1)))
  try {
    for (const source of sources) await source.make()
    const results = tools.map((tool): Result => {
      const figures = { full: [], unchanged: [], changed: [], verify: [], restore: [] }
      return { tool, figures, sourceBytes: 0, targetBytes: 0 }
    })
    const rounds = sizeOf('HOLDFAST_BENCH_ROUNDS', 3)
    for (let round = 0; round < rounds; round++)
      for (const step of STEPS) {
        if (step === 'changed') for (const source of sources) await source.change(round)
        for (const k of results.keys()) await take(results[(k + round) % results.length], step, round)
      }
    return rowsOf(results)
  } finally {
    await stop()
  }
}

/** One step of one tool. What it restored in the first round is compared with what it backed up. */
async function take(result: Result, step: Step, round: number): Promise<void> {
  const { tool, figures } = result
  if (tool[step] === undefined) return
  const restored = `${folder}/restored`
  if (step === 'restore') await clear(restored)
  await shell('sync')
  await warm(...(step === 'verify' || step === 'restore' ? [tool.target] : []), tool.source.files)
  const measured = step === 'restore' ? await tool.restore!(restored) : await tool[step]!()
  figures[step].push(measured)
  console.error(`round ${round + 1}, ${STEP_NAMES[step]}, ${tool.name}: ${showTime(measured.seconds)}`)
  if (step === 'restore') {
    if (round === 0) await tool.compare?.(restored)
    await shell(`rm -rf '${restored}'`)
  }
  if (step === 'full' && round === 0) {
    result.sourceBytes = await bytesOf(tool.source.files)
    result.targetBytes = await bytesOf(tool.target)
  }
}

/** Ours beside each peer of its kind. */
function rowsOf(results: readonly Result[]): Row[] {
  const [database, session, command, compressed] = results
  const peers = results.slice(4)
  const plain = peers.filter((r) => r.tool.kind === 'plain')
  const contests: readonly (readonly [Result, readonly Result[], readonly Step[]])[] = [
    [database, plain, STEPS],
    // Its first full backup is that of two sets: the disk still writes the other one.
    [session, plain, ['unchanged', 'changed']],
    [command, plain, STEPS],
    [compressed, peers.filter((r) => r.tool.kind === 'compressed'), STEPS],
  ]
  return contests.flatMap(([ours, others, steps]) => [
    ...steps.flatMap((step) => stepRows(step, ours, others)),
    ...(ours === database || ours === compressed ? sizeRows(ours, others) : []),
  ])
}

function stepRows(step: Step, ours: Result, others: readonly Result[]): Row[] {
  const mine = ours.figures[step]
  if (mine.length === 0) return []
  const own = { what: `${STEP_NAMES[step]}, ${megabytes} MB`, ours: speed(ours, step) }
  const shown = others.filter((r) => r.figures[step].length > 0)
  if (shown.length === 0) return [{ ...own, peer: '-', ratio: '-', memory: peak(mine) }]
  return shown.map((other) => ({
    ...own,
    peer: speed(other, step),
    ratio: median(mine.map((f, round) => other.figures[step][round].seconds / f.seconds)).toFixed(2),
    memory: `${peak(mine)}, peer ${peak(other.figures[step])}`,
  }))
}

/** The ratio is that of the sizes: above 1, ours is smaller. */
function sizeRows(ours: Result, others: readonly Result[]): Row[] {
  const size = (r: Result): string =>
    `${(r.targetBytes / 1048576).toFixed(0)} MB, ${((100 * r.targetBytes) / r.sourceBytes).toFixed(0)}% of its source`
  return others.map((other) => ({
    what: 'size of the full backup (ratio of sizes)',
    ours: `${ours.tool.name} ${size(ours)}`,
    peer: `${other.tool.name} ${size(other)}`,
    ratio: (other.targetBytes / ours.targetBytes).toFixed(2),
    memory: '',
  }))
}

/** What does it, and the median time; for a step that reads or writes everything, the speed too, by the bytes of the source before it was changed. */
function speed(result: Result, step: Step): string {
  const seconds = median(result.figures[step].map((f) => f.seconds))
  const rate = ` (${(result.sourceBytes / 1048576 / seconds).toFixed(0)} MB/s)`
  const name = result.tool.names?.[step] ?? result.tool.name
  return `${name} ${showTime(seconds)}${step === 'unchanged' || step === 'changed' ? '' : rate}`
}

const peak = (figures: readonly ProcessFigures[]): string =>
  `${Math.max(...figures.map((f) => f.residentMb)).toFixed(0)} MB`
