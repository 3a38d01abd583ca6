/**
 * The language beside others: its loops and calls, its functions on vectors, its queries, its parser. Sizes from the environment:
 *
 *   HOLDFAST_BENCH_FIB            32          depth of the recursion among the loops
 *   HOLDFAST_BENCH_TURNS          5000000     turns of the other loops
 *   HOLDFAST_BENCH_ELEMENTS       20000000    elements of the vectors beside numpy
 *   HOLDFAST_BENCH_QUERY_ROWS     20000000    rows of the tables beside DuckDB and Polars
 *   HOLDFAST_BENCH_SCRIPT_LINES   10000       lines that are parsed
 *   HOLDFAST_BENCH_REPEATS        3           runs of each function and query in one process, of which the best counts
 *   HOLDFAST_BENCH_PYTHON         python3     which Python; one without numpy is passed over for that of Debian
 */
import { benchKernels } from './language/kernels.ts'
import { benchLoops } from './language/loops.ts'
import { benchParse } from './language/parse.ts'
import { benchQueries } from './language/queries.ts'
import type { Row } from './measure.ts'

const PARTS: Readonly<Record<string, () => Promise<readonly Row[]>>> = {
  loops: benchLoops,
  kernels: benchKernels,
  queries: benchQueries,
  parse: benchParse,
}

/** `chosen`: names of parts; none: all. */
export async function benchLanguage(chosen: readonly string[]): Promise<readonly Row[]> {
  const unknown = chosen.find((name) => PARTS[name] === undefined)
  if (unknown !== undefined)
    throw new Error(`There is no language bench '${unknown}': ${Object.keys(PARTS).join(', ')}.`)
  const rows: Row[] = []
  for (const [name, part] of Object.entries(PARTS))
    if (chosen.length === 0 || chosen.includes(name)) rows.push(...(await part()))
  return rows
}
