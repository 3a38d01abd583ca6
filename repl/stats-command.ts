/** `holdfast stats`: what a data directory holds, table by table or chunk by chunk. */
import { type ChunkStats, openForInspection, type StoreStats, statsOf } from '../dfs/inspect/index.ts'
import { formatLsn } from '../dfs/wal/lsn.ts'
import { countText } from '../runtime/print/counts.ts'
import { alignedLines } from './aligned-lines.ts'
import { refusedInUse } from './inspected-directory.ts'
import { CommandOutput } from './stdout.ts'

export async function statsCommand(dataDir: string, withChunks: boolean, json: boolean): Promise<number> {
  const out = new CommandOutput()
  const directory = refusedInUse(() => openForInspection(dataDir), 'call getStorageStats() and getWalStatus() there')
  try {
    const { stats, chunks } = statsOf(directory)
    if (json) await printJson(out, stats, withChunks ? chunks() : undefined)
    else {
      for (const line of storeLines(stats)) out.line(line)
      out.line('')
      if (withChunks) await printChunks(out, chunks())
      else for (const line of tableLines(stats)) out.line(line)
    }
    await out.flush()
    return 0
  } finally {
    await directory.close()
  }
}

const time = (ms: number): string => new Date(ms).toISOString()

function storeLines({
  storeId,
  format,
  timeline,
  cid,
  wasUnclean,
  isHeld,
  checkpoint,
  log,
  copy,
}: StoreStats): string[] {
  return [
    `Store       ${storeId}, format ${format}, timeline ${timeline}, commit ${cid}`,
    `Closed      ${wasUnclean ? 'no: the next start recovers' : 'yes'}`,
    `Checkpoint  ${checkpoint === undefined ? 'none yet' : `${formatLsn(checkpoint.lsn)} of ${time(checkpoint.timeMs)}`}`,
    `Log         ${formatLsn(log.oldest)} to ${formatLsn(log.end)}, ${countText(log.bytes)} bytes; a recovery reads ${countText(log.recoveryBytes)} bytes, ${countText(log.transactions)} transactions`,
    `Copy mode   ${copy === undefined ? 'off' : `on since ${time(copy.startedMs)}: commit ${copy.cid}, ${countText(copy.pinnedFiles)} files, ${countText(copy.pinnedBytes)} bytes are kept`}`,
    ...(isHeld ? [] : ['Note        nothing can be written here, so that nobody is kept from opening it meanwhile']),
  ]
}

const SIZES = ['rows', 'segments', 'bytes', 'deltaRows', 'deltaBytes'] as const

function tableLines({ tables }: StoreStats): string[] {
  if (tables.length === 0) return ['There are no tables.']
  const rows = tables.map((t) => [
    `${t.db}/${t.table}`,
    countText(t.chunks),
    ...SIZES.map((name) => countText(t[name])),
  ])
  return alignedLines([['table', 'chunks', ...SIZES], ...rows], new Set([1, 2, 3, 4, 5, 6]))
}

/** Aligned page by page: there may be a million. */
const PAGE = 1000

async function printChunks(out: CommandOutput, chunks: Iterable<ChunkStats>): Promise<void> {
  const heading = ['table', 'partition', 'chunkId', 'cid', ...SIZES, 'updateTime']
  const right = new Set([3, 4, 5, 6, 7, 8])
  let page: string[][] = []
  const flush = async (): Promise<void> => {
    for (const line of alignedLines([heading, ...page], right)) out.line(line)
    page = []
    await out.flush()
  }
  for (const c of chunks) {
    const sizes = SIZES.map((name) => countText(c[name]))
    page.push([`${c.db}/${c.table}`, c.partition, c.chunkId, String(c.cid), ...sizes, time(c.updateTimeMs)])
    if (page.length === PAGE) await flush()
  }
  if (page.length > 0) await flush()
}

async function printJson(
  out: CommandOutput,
  stats: StoreStats,
  chunks: Iterable<ChunkStats> | undefined,
): Promise<void> {
  const { checkpoint, log, copy, ...rest } = stats
  const head = {
    ...rest,
    checkpoint: checkpoint && { lsn: formatLsn(checkpoint.lsn), time: time(checkpoint.timeMs) },
    log: { ...log, end: formatLsn(log.end), oldest: formatLsn(log.oldest) },
    copy: copy && { ...copy, lsn: formatLsn(copy.lsn), startedMs: undefined, startedAt: time(copy.startedMs) },
  }
  const text = JSON.stringify(head, undefined, 2)
  if (chunks === undefined) {
    out.line(text)
    return
  }
  out.line(`${text.slice(0, -2)},\n  "chunks": [`)
  let before: string | undefined
  for (const { updateTimeMs, ...c } of chunks) {
    if (before !== undefined) out.line(`${before},`)
    before = `    ${JSON.stringify({ ...c, updateTime: time(updateTimeMs) })}`
    if (out.isFull) await out.flush()
  }
  if (before !== undefined) out.line(before)
  out.line('  ]\n}')
}
