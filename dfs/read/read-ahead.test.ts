/** Scans with a thread that reads ahead, beside the same scans without, whatever happens to the thread and to the files. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { bindInterrupt, INTERRUPT_CANCEL } from '../../runtime/interrupt.ts'
import { compact, sqlSession } from '../../runtime/sql/testing.ts'
import {
  type ColumnPredicate,
  SourceTable,
  SymbolBase,
  T,
  type Table,
  type TableSource,
  vectorOf,
} from '../../runtime/values/index.ts'
import type { ChunkRecord, DatabaseRecord, StoredColumn } from '../catalog/types.ts'
import { VerifiedBuffers } from '../segment/index.ts'
import type { FileReader, FileSource } from '../store/file-store.ts'
import { LocalFileStore } from '../store/local-store.ts'
import { NewSegments } from '../write/new-segments.ts'
import { AheadThread } from './read-ahead.ts'
import { ChunkSnapshot } from './snapshot.ts'
import { tableOf } from './testing-chunk.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-ahead-'))
afterAll(() => rmSync(folder, { recursive: true }))
const store = new LocalFileStore(folder)

const COLUMNS: StoredColumn[] = [
  { name: 'sym', type: T.SYMBOL },
  { name: 'at', type: T.TIMESTAMP },
  { name: 'x', type: T.DOUBLE },
  { name: 'n', type: T.INT },
  { name: 'flag', type: T.BOOL },
  { name: 'text', type: T.STRING },
]
const table = tableOf(COLUMNS, {})
const NAMES = COLUMNS.map((c) => c.name)
const ROWS = 140_000

/** Two segments of three batches; the symbols of the second have other codes. */
const chunks: ChunkRecord[] = ['/a', '/b', '/c'].map((path, c) => {
  const segments = [0, 1].map((s) => {
    const rows = Array.from({ length: ROWS }, (_, k) => k + (2 * c + s) * ROWS)
    const ref = new NewSegments(store, table).write(path, [
      vectorOf(
        T.SYMBOL,
        rows.map((k) => `s${(k + 3 * s) % 7}`),
      ),
      vectorOf(
        T.TIMESTAMP,
        rows.map((k) => BigInt(k)),
      ),
      vectorOf(
        T.DOUBLE,
        rows.map((k) => (k % 11 === 0 ? null : k / 8)),
      ),
      vectorOf(
        T.INT,
        rows.map((k) => k % 1000),
      ),
      vectorOf(
        T.BOOL,
        rows.map((k) => k % 2),
      ),
      vectorOf(
        T.STRING,
        rows.map((k) => `t${k % 13}`),
      ),
    ])
    return { ...ref, cid: s + 1 }
  })
  return { chunkId: `c${c}`, path, cid: 2, rows: 2 * ROWS, updateTimeMs: 0, segments }
})

/** Counts what the session itself reads. */
class Counting implements FileSource {
  bytes = 0
  openRead(path: string): FileReader {
    const reader = store.openRead(path)
    return {
      bytes: reader.bytes,
      read: (into, offset) => {
        const read = reader.read(into, offset)
        this.bytes += read
        return read
      },
      close: () => reader.close(),
    }
  }
}

interface Scanned {
  readonly text: string
  /** That the session read itself. */
  readonly bytes: number
}

interface ScanOptions {
  readonly thread?: AheadThread
  readonly predicate?: ColumnPredicate
  readonly columns?: readonly string[]
  /** Time for the thread before each batch. */
  readonly pauseMs?: number
  readonly onBatch?: (batch: number) => void
  readonly of?: readonly ChunkRecord[]
  readonly slots?: number
}

const sleeping = new Int32Array(new SharedArrayBuffer(4))

/** A few elements of each column of each batch: what it holds while it is valid. */
function signature(batch: Table): string {
  const at = [0, 1, batch.rows >> 1, batch.rows - 1]
  let sum = 0
  for (const v of batch.columns) for (let k = 0; k < batch.rows; k += 17) sum += String(v.raw(k)).length
  return `${batch.rows}:${batch.columns.map((v) => at.map((k) => v.raw(k)).join(',')).join(';')}:${sum}`
}

function snapshotOf(
  files: FileSource,
  thread: AheadThread | undefined,
  of = chunks as readonly ChunkRecord[],
  slots = 12,
): ChunkSnapshot {
  const bases = new Map<string, SymbolBase>()
  const access = {
    files,
    baseOf: (name: string) => {
      const base = bases.get(name) ?? new SymbolBase()
      bases.set(name, base)
      return base
    },
    verify: new VerifiedBuffers(),
    address: thread === undefined ? undefined : store.address,
  }
  const options = thread === undefined ? {} : { thread, leastBytes: 0, slots }
  return new ChunkSnapshot(access, {} as DatabaseRecord, table, of, () => {}, options)
}

function scan({ thread, predicate, columns = NAMES, pauseMs = 0, onBatch, of, slots }: ScanOptions = {}): Scanned {
  const files = new Counting()
  const snapshot = snapshotOf(files, thread, of, slots)
  const lines: string[] = []
  try {
    const partitions = snapshot.partitions()
    snapshot.expectScans(partitions, columns, predicate)
    for (const partition of partitions)
      for (const batch of snapshot.scan(partition, columns, predicate, true)) {
        onBatch?.(lines.length)
        if (pauseMs > 0) Atomics.wait(sleeping, 0, 0, pauseMs)
        lines.push(signature(batch))
      }
  } finally {
    snapshot.release()
  }
  return { text: lines.join('\n'), bytes: files.bytes }
}

/** Scans until the thread has started and read some of it. */
function helpedScan(thread: AheadThread): Scanned {
  for (let attempt = 0; attempt < 100; attempt++) {
    const found = scan({ thread, pauseMs: 10 })
    if (found.bytes < alone.bytes) return found
  }
  throw new Error('the thread has read nothing')
}

/** A thread whose code is given: `take` waits for a unit and takes it; `shared` are its words, `word` that of its slot. */
const threadOf = (code: string): AheadThread =>
  new AheadThread(
    new URL(
      `data:text/javascript,${encodeURIComponent(`
import { receiveMessageOnPort, workerData } from 'node:worker_threads'
const { port, words } = workerData
const own = new Int32Array(words)
let unit, shared, word
const waiting = []
function take() {
  for (;;) {
    const seen = Atomics.load(own, 0)
    for (let got = receiveMessageOnPort(port); got !== undefined; got = receiveMessageOnPort(port)) waiting.push(...got.message)
    if (waiting.length === 0) { Atomics.wait(own, 0, seen, 5000); continue }
    unit = waiting.shift()
    shared = new Int32Array(unit.words)
    word = 1 + unit.slot
    if (Atomics.compareExchange(shared, word, unit.unit * 4, unit.unit * 4 + 1) === unit.unit * 4) return
  }
}
function leave(state) {
  Atomics.store(shared, word, unit.unit * 4 + state)
  Atomics.add(shared, 0, 1)
  Atomics.notify(shared, 0)
}
process.on('exit', () => Atomics.store(own, 1, 1))
setImmediate(() => { ${code} })
`)}`,
    ),
  )

const alone = scan()

describe('a scan with a thread that reads ahead', () => {
  it('gives the rows of a scan without, and reads less itself', () => {
    const thread = new AheadThread()
    const found = helpedScan(thread)
    expect(found.text).toBe(alone.text)
    expect(found.text.split('\n').length).toBe(18)
    // The thread is there by now.
    const again = scan({ thread, columns: ['x', 'at'], pauseMs: 5 })
    expect(again.text).toBe(scan({ columns: ['x', 'at'] }).text)
  })

  it('does so with room for a few batches only', () => {
    const thread = new AheadThread()
    helpedScan(thread)
    for (const slots of [3, 4]) expect(scan({ thread, slots, pauseMs: 2 }).text).toBe(alone.text)
  })

  it('passes over batches as a scan without does', () => {
    const predicate: ColumnPredicate = {
      kind: 'compare',
      column: 'at',
      op: 'lt',
      type: T.TIMESTAMP,
      value: BigInt(ROWS + 70_000),
    }
    const found = scan({ thread: new AheadThread(), predicate, pauseMs: 10 })
    expect(found.text).toBe(scan({ predicate }).text)
    expect(found.text.split('\n').length).toBe(5)
  })

  it.each<[string, string]>([
    ['ends before it begins', 'process.exit()'],
    ['ends while it reads a batch', 'take(); process.exit()'],
    ['fails while it reads a batch', "take(); throw new Error('broken')"],
    ['ends after it has read some', 'take(); leave(3); take(); leave(3); take(); process.exit()'],
    ['can read nothing', 'for (;;) { take(); leave(3) }'],
    ['overwrites what it has not finished', 'take(); new Uint8Array(unit.memory).fill(7); process.exit()'],
  ])('does without one that %s', (_, code) => {
    expect(scan({ thread: threadOf(code), pauseMs: 10 }).text).toBe(alone.text)
  })

  it('does without one that cannot start', () => {
    const nowhere = new AheadThread(new URL('./no-such-thread.ts', import.meta.url))
    expect(scan({ thread: nowhere, pauseMs: 5 }).text).toBe(alone.text)
  })

  it('starts another one when the last has ended', async () => {
    const thread = new AheadThread(undefined, 500)
    expect(helpedScan(thread).text).toBe(alone.text)
    while (!thread.isGone) await new Promise((resolve) => setTimeout(resolve, 10))
    expect(helpedScan(thread).text).toBe(alone.text)
  })

  it('ends when nobody wants more, and when the session is cancelled', () => {
    const words = new SharedArrayBuffer(4)
    bindInterrupt(words)
    try {
      const onBatch = (batch: number): void => {
        if (batch === 4) Atomics.store(new Int32Array(words), 0, INTERRUPT_CANCEL)
      }
      expect(() => scan({ thread: new AheadThread(), pauseMs: 5, onBatch })).toThrow('cancelled')
      Atomics.store(new Int32Array(words), 0, 0)
      // A thread that never gets done is waited for until the session is cancelled.
      const stuck = threadOf('take(); for (;;) Atomics.wait(own, 0, Atomics.load(own, 0), 1000)')
      const cancelSoon = (batch: number): void => {
        if (batch === 1) Atomics.store(new Int32Array(words), 0, INTERRUPT_CANCEL)
      }
      expect(() => scan({ thread: stuck, pauseMs: 30, onBatch: cancelSoon })).toThrow('cancelled')
    } finally {
      bindInterrupt(new SharedArrayBuffer(4))
    }
  })

  it('tells of damage what a scan without tells', () => {
    const { file } = chunks[1].segments[0]
    const path = join(folder, file)
    const before = readFileSync(path)
    const damaged = Buffer.from(before)
    damaged[damaged.length >> 1] ^= 1
    writeFileSync(path, damaged)
    try {
      const error = (thread?: AheadThread): string => {
        try {
          scan({ ...(thread === undefined ? {} : { thread }), pauseMs: 10 })
          return 'nothing'
        } catch (thrown) {
          return String(thrown)
        }
      }
      expect(error()).toContain(file)
      expect(error(new AheadThread())).toBe(error())
    } finally {
      writeFileSync(path, before)
    }
    const gone: ChunkRecord = { ...chunks[2], segments: [{ ...chunks[2].segments[0], file: 'chunks/none.arrow' }] }
    const of = [chunks[0], gone]
    expect(() => scan({ thread: new AheadThread(), of })).toThrow('none.arrow')
  })
})

describe('aggregates of a stored table', () => {
  const source = (thread: AheadThread | undefined): SourceTable =>
    new SourceTable({
      name: 'dfs://db/t',
      tableName: 't',
      schema: () => COLUMNS,
      partitionColumns: () => [],
      snapshot: () => snapshotOf(store, thread),
    } satisfies TableSource)
  const thread = new AheadThread()

  it.each([
    'select sum(n) as a, avg(x) as b, max(at) as c, count(*) as d, last(text) as e from t',
    'select sum(n) as a, count(*) as b, max(x) as c from t where x > 5000.0, n < 500',
    'select sum(n) as a, avg(x) as b, min(at) as c, first(text) as d from t group by sym',
    'select std(x) as a from t where flag group by sym, n % 3 as m',
    'select sum(n) as a from t where n < 0',
  ])('are the same with a thread that reads ahead: %s', (query) => {
    const results = [undefined, thread, thread].map((t) => compact(sqlSession({ t: source(t) }).run(query)))
    expect(results[1]).toBe(results[0])
    expect(results[2]).toBe(results[0])
    expect(results[0]).not.toBe('')
  })
})
