/**
 * Benchmarks, each as a ratio to a peer measured in the same run, interleaved, medians.
 *
 *   npm run bench                           all: backup, storage, tools, language
 *   npm run bench -- storage                loads, rows one by one, recovery, scans (bench/storage.ts)
 *   npm run bench -- storage scan rows      some of them
 *   npm run bench -- backup                 loading, backup, check, restore (bench/backup.ts)
 *   npm run bench -- tools                  beside rsync, restic, borg, pg_basebackup (bench/tools.ts)
 *   npm run bench -- tools restic borg      beside some of them: cp rsync restic borg postgres
 *   npm run bench -- language               beside CPython, numpy, DuckDB, Polars (bench/language.ts)
 *   npm run bench -- language loops         some of: loops kernels queries parse
 *
 * From the environment: HOLDFAST_BENCH_ROUNDS (3), HOLDFAST_BENCH_DIR (the disk to measure), HOLDFAST_BENCH_MB (2048, backup and tools), HOLDFAST_BENCH_FORMAT (`markdown`: the
 * table as in docs/performance.md), and the sizes named at the heads of bench/storage.ts, bench/tools.ts and bench/language.ts.
 */
import { printTable, type Row } from './measure.ts'

const [part = 'all', ...chosen] = process.argv.slice(2)
if (!['all', 'backup', 'storage', 'tools', 'language'].includes(part)) {
  console.error(`There is no part '${part}': all, backup, storage, tools or language.`)
  process.exit(2)
}
const rows: Row[] = []
// Loaded when chosen: each makes its scratch folder at once.
const wanted = (name: string): boolean => part === 'all' || part === name
if (wanted('backup')) rows.push(...(await (await import('./backup.ts')).benchBackup()))
if (wanted('storage')) rows.push(...(await (await import('./storage.ts')).benchStorage(chosen)))
if (wanted('tools')) rows.push(...(await (await import('./tools.ts')).benchTools(chosen)))
if (wanted('language')) rows.push(...(await (await import('./language.ts')).benchLanguage(chosen)))
console.log()
printTable(rows)
