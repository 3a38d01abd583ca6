/**
 * The storage engine beside other stores. Sizes from the environment:
 *
 *   HOLDFAST_BENCH_LOAD_MB        512         bulk load
 *   HOLDFAST_BENCH_SYNCED_ROWS    1000        rows inserted one by one at level 1
 *   HOLDFAST_BENCH_FLUSHED_ROWS   20000       rows inserted one by one at level 2
 *   HOLDFAST_BENCH_SMALL_APPENDS  50000       appends of one row in a log that is recovered
 *   HOLDFAST_BENCH_BULK_APPENDS   200         appends of 20,000 rows in a log that is recovered
 *   HOLDFAST_BENCH_SCAN_ROWS      40000000    rows that are scanned
 */
import type { Row } from './measure.ts'
import { benchLoad } from './storage/load.ts'
import { benchRecovery } from './storage/recovery.ts'
import { benchRows } from './storage/rows.ts'
import { benchScan } from './storage/scan.ts'

const PARTS: Readonly<Record<string, () => Promise<readonly Row[]>>> = {
  load: benchLoad,
  rows: benchRows,
  recovery: benchRecovery,
  scan: benchScan,
}

/** `chosen`: names of parts; none: all. */
export async function benchStorage(chosen: readonly string[]): Promise<readonly Row[]> {
  const unknown = chosen.find((name) => PARTS[name] === undefined)
  if (unknown !== undefined)
    throw new Error(`There is no storage bench '${unknown}': ${Object.keys(PARTS).join(', ')}.`)
  const rows: Row[] = []
  for (const [name, part] of Object.entries(PARTS))
    if (chosen.length === 0 || chosen.includes(name)) rows.push(...(await part()))
  return rows
}
