/** `holdfast wal dump`, `holdfast wal status`, `holdfast wal archive-status`: they read the files as they lie there, so they work beside a running process. */
import { dumpLog, type WalStatus, walArchiveStatusOf, walStatusOf } from '../dfs/inspect/index.ts'
import { formatLsn, parseLsn } from '../dfs/wal/lsn.ts'
import type { SessionConfig } from '../jobs/index.ts'
import { countText } from '../runtime/print/counts.ts'
import { alignedLines } from './aligned-lines.ts'
import type { Invocation } from './arguments.ts'
import { readOption } from './config.ts'
import { CommandOutput } from './stdout.ts'

type WalInvocation = Extract<Invocation, { kind: 'walDump' | 'walStatus' | 'walArchiveStatus' }>

export async function walCommand(
  { dataDir, settings }: Pick<SessionConfig, 'dataDir' | 'settings'>,
  invocation: WalInvocation,
): Promise<number> {
  const out = new CommandOutput()
  if (invocation.kind === 'walStatus') {
    const status = await walStatusOf(dataDir, settings)
    for (const line of invocation.json ? [JSON.stringify(plain(status), undefined, 2)] : statusLines(status))
      out.line(line)
    await out.flush()
    return 0
  }
  if (invocation.kind === 'walArchiveStatus') {
    const { lastArchiveTimeMs, ...status } = await walArchiveStatusOf(dataDir, settings)
    const lastArchiveTime = lastArchiveTimeMs === undefined ? null : new Date(lastArchiveTimeMs).toISOString()
    const shown = { ...status, lastArchiveTime }
    if (invocation.json) out.line(JSON.stringify(shown, undefined, 2))
    else for (const line of archiveLines(shown)) out.line(line)
    await out.flush()
    return 0
  }
  for (const lsn of [invocation.from, invocation.to]) if (lsn !== undefined) readOption(() => parseLsn(lsn))
  let lines = 0
  const { stop, oldest } = dumpLog(dataDir, invocation, (line) => {
    lines++
    out.line(line)
  })
  await out.flush()
  if (lines === 0) process.stderr.write(`holdfast: no such records; the log begins at LSN ${formatLsn(oldest)}\n`)
  if (stop === undefined) return 0
  const { file, offset, lsn, problem, followedBy } = stop
  const meaning =
    followedBy === undefined
      ? 'an unfinished write, or one that is going on'
      : `damage: the log goes on at LSN ${formatLsn(followedBy)}`
  process.stderr.write(`holdfast: ${file}, offset ${offset}, LSN ${formatLsn(lsn)}: ${problem} (${meaning})\n`)
  return followedBy === undefined ? 0 : 1
}

type ShownArchive = Omit<Awaited<ReturnType<typeof walArchiveStatusOf>>, 'lastArchiveTimeMs'> & {
  readonly lastArchiveTime: string | null
}

function archiveLines(status: ShownArchive): string[] {
  const { lastArchivedSegment: last, lastError, failedAttempts } = status
  return [
    `Archiving   ${status.archivingEnabled ? 'on' : 'off'}`,
    `Last piece  ${last === '' ? 'none yet' : `${last} at ${status.lastArchiveTime}`}`,
    `Waiting     ${countText(status.segmentsPending)} piece${status.segmentsPending === 1 ? '' : 's'}, ${countText(status.bytesPending)} bytes`,
    `Archived    ${countText(status.totalArchivedBytes)} bytes, the last piece at ${countText(status.archiveRateBytesPerSec)} bytes/s`,
    ...(lastError === '' ? [] : [`Last error  ${lastError} (failed attempts: ${countText(failedAttempts)})`]),
  ]
}

const LEVELS = ['off', 'sync', 'flush', 'external']

function plain({ level, checkpoint, files, stop, end, oldest, ...rest }: WalStatus): unknown {
  return {
    level,
    levelName: LEVELS[level],
    ...rest,
    endLsn: formatLsn(end),
    oldestLsn: formatLsn(oldest),
    checkpointLsn: checkpoint && formatLsn(checkpoint.lsn),
    checkpointTime: checkpoint && new Date(checkpoint.timeMs).toISOString(),
    files: files.map(({ firstLsn, ...file }) => ({ ...file, firstLsn: formatLsn(firstLsn) })),
    damagedAt: stop?.followedBy === undefined ? undefined : { file: stop.file, offset: stop.offset },
  }
}

function statusLines(status: WalStatus): string[] {
  const { level, rotation, timeline, end, oldest, checkpoint, bytes, recoveryBytes, files, stop } = status
  const lines = [
    `Level       ${level} (${LEVELS[level]})`,
    `Rotation    ${rotation}, timeline ${timeline}`,
    `Log         ${formatLsn(oldest)} to ${formatLsn(end)}, ${countText(bytes)} bytes`,
    `Checkpoint  ${checkpoint === undefined ? 'none yet' : `${formatLsn(checkpoint.lsn)} of ${new Date(checkpoint.timeMs).toISOString()}`}`,
    `Recovery    would read ${countText(recoveryBytes)} bytes`,
  ]
  if (stop?.followedBy !== undefined)
    lines.push(`Damage      ${stop.file}, offset ${stop.offset}, LSN ${formatLsn(stop.lsn)}: ${stop.problem}`)
  const rows = files.map((f) => [f.name, String(f.sequence), formatLsn(f.firstLsn), countText(f.bytes)])
  return [...lines, '', ...alignedLines([['file', 'number', 'firstLsn', 'bytes'], ...rows], new Set([1, 3]))]
}
