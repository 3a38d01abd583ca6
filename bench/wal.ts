/**
 * Speed of the write-ahead log: encoding, appending with and without syncs, reading back.
 *
 *   npx node bench/wal.ts
 *   HOLDFAST_BENCH_DIR=/mnt/disk npx node bench/wal.ts     on another disk
 *
 * A transaction is three records (TSBEGIN, INSERT of one row, TSCOMMIT), as a feed that appends row by row writes them.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LocalFileStore } from '../dfs/store/local-store.ts'
import { type CommitLogOptions, openCommitLog } from '../dfs/wal/commit-log.ts'
import { packPayload } from '../dfs/wal/payload.ts'
import { type NewRecord, RecordEncoder } from '../dfs/wal/record.ts'

const TRANSACTIONS = 200_000
const SYNCED_TRANSACTIONS = 500
const BULK_RECORDS = 200
const ROUNDS = 3

const none = new Uint8Array(0)
const row = packPayload({ db: 'dfs://ticks', table: 'quotes', data: new Uint8Array(48), cid: 123456 })
const bulk: NewRecord = { kind: 'INSERT', transaction: 1, timeMs: 0, payload: new Uint8Array(1 << 20) }

function transaction(id: number): NewRecord[] {
  return [
    { kind: 'TSBEGIN', transaction: id, timeMs: 1.7e12, payload: none },
    { kind: 'INSERT', transaction: id, timeMs: 1.7e12, payload: row },
    { kind: 'TSCOMMIT', transaction: id, timeMs: 1.7e12, payload: none },
  ]
}

/** The best of a few rounds: others use the machine too. `work` answers how many records and bytes it moved. */
function measure(what: string, work: () => { readonly records: number; readonly bytes: number }): void {
  let best = ''
  let seconds = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now()
    const { records, bytes } = work()
    const elapsed = (performance.now() - started) / 1000
    if (elapsed >= seconds) continue
    seconds = elapsed
    const perSecond = Math.round(records / elapsed).toLocaleString('en-US')
    best = `${perSecond.padStart(12)} records/s ${(bytes / elapsed / 1e6).toFixed(0).padStart(7)} MB/s`
  }
  console.log(what.padEnd(50), best)
}

const encoder = new RecordEncoder()
measure('encode', () => {
  let bytes = 0
  for (let k = 0; k < TRANSACTIONS; k++) bytes += encoder.encode(transaction(k), 64 + bytes, 64).length
  return { records: 3 * TRANSACTIONS, bytes }
})

for (const rotation of ['dual', 'group'] as const) {
  const folder = mkdtempSync(join(process.env.HOLDFAST_BENCH_DIR ?? tmpdir(), 'holdfast-bench-wal-'))
  const sizes = { groupFiles: 3, groupFileBytes: 64 << 20 }
  const options: CommitLogOptions = { rotation, ...sizes, timeline: 1, bootId: 'boot', storeId: 'bench', from: 0 }
  const { log } = openCommitLog(new LocalFileStore(folder), options)
  const appended = (records: number, write: () => void) => () => {
    log.endCheckpoint(log.beginCheckpoint())
    const from = log.end
    write()
    return { records, bytes: log.end - from }
  }
  for (const batch of [1, 100])
    measure(
      `${rotation}: append, ${batch} transaction${batch === 1 ? '' : 's'} a write`,
      appended(3 * TRANSACTIONS, () => {
        for (let k = 0; k < TRANSACTIONS; k += batch) {
          const records: NewRecord[] = []
          for (let id = k; id < k + batch; id++) records.push(...transaction(id))
          log.append(records)
        }
      }),
    )
  measure(`${rotation}: scan`, () => {
    let records = 0
    const { oldest, end } = log
    log.scan(oldest, () => {
      records++
    })
    return { records, bytes: end - oldest }
  })
  measure(
    `${rotation}: append and sync, 1 transaction each`,
    appended(3 * SYNCED_TRANSACTIONS, () => {
      for (let k = 0; k < SYNCED_TRANSACTIONS; k++) {
        log.append(transaction(k))
        log.sync()
      }
    }),
  )
  measure(
    `${rotation}: append records of 1 MiB`,
    appended(BULK_RECORDS, () => {
      for (let k = 0; k < BULK_RECORDS; k++) {
        if (k % 50 === 0) log.endCheckpoint(log.beginCheckpoint())
        log.append([bulk])
      }
    }),
  )
  log.close()
  rmSync(folder, { recursive: true })
}
