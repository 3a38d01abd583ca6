/** polars-queries.ts ROWS QUOTES REPEATS THREADS: the queries of language/queries.ts on data frames. POLARS_MAX_THREADS rules. */
import pl from 'nodejs-polars'

const [rows, quotes, repeats] = process.argv.slice(2).map(Number)

/** The numbers of language/kernels.ts, each as `give` wants it. */
function mixed<A extends Float64Array | Int32Array>(out: A, factor: number, give: (h: number) => number): A {
  for (let i = 0; i < out.length; i++) {
    const first = (i * factor + 12345) % 2147483648
    const second = ((first ^ (first >> 15)) * 48271) % 2147483648
    out[i] = give(second ^ (second >> 13))
  }
  return out
}
const symbolOf = (h: number): number => Math.floor(h / 64) % 500
const fraction = (h: number): number => h / 2147483648
const times = (count: number, step: number): pl.Series =>
  pl.Series(
    'time',
    BigInt64Array.from({ length: count }, (_, i) => BigInt(1704067200000 + i * step)),
  )
const names = pl.DataFrame({
  code: pl.Series(
    'code',
    Int32Array.from({ length: 500 }, (_, k) => k),
  ),
  sym: Array.from({ length: 500 }, (_, k) => `S${k}`),
})
const symbols = (count: number, factor: number): pl.Series =>
  pl
    .DataFrame({ code: pl.Series('code', mixed(new Int32Array(count), factor, symbolOf)) })
    .join(names, { on: 'code', how: 'left' })
    .getColumn('sym')
    .cast(pl.Categorical)

const t = pl.DataFrame([
  symbols(rows, 16807),
  pl.Series(
    'id',
    mixed(new Int32Array(rows), 40692, (h) => Math.floor(h / 32) % 1_000_000),
  ),
  pl.Series('price', mixed(new Float64Array(rows), 69069, fraction)),
  pl.Series(
    'volume',
    mixed(new Int32Array(rows), 48271, (h) => h % 1000),
  ),
  times(rows, 7),
])
const q = pl.DataFrame([
  symbols(quotes, 69621),
  times(quotes, 70),
  pl.Series('bid', mixed(new Float64Array(quotes), 39373, fraction)),
])
const sumAndMean = [pl.col('volume').cast(pl.Int64).sum(), pl.col('price').mean()]
const total = (r: pl.DataFrame): number => Number(r.getColumn('volume').sum()) + Number(r.getColumn('price').sum())

interface Step {
  readonly run: () => pl.DataFrame
  readonly answer: (r: pl.DataFrame) => number
}
const STEPS: readonly Step[] = [
  { run: () => t.select('price').sort('price'), answer: (r) => r.getColumn('price').get(rows >> 1) as number },
  {
    run: () => t.select('id', 'price', 'volume').sort(['id', 'price']),
    answer: (r) => Number(r.getColumn('price').head(10000).sum()),
  },
  { run: () => t.select('sym').unique(), answer: (r) => r.height },
  { run: () => t.select('id').unique(), answer: (r) => r.height },
  { run: () => t.groupBy('sym').agg(...sumAndMean), answer: total },
  { run: () => t.groupBy('id').agg(...sumAndMean), answer: total },
  {
    run: () => t.select('sym', 'time', 'price').joinAsof(q, { on: 'time', by: 'sym', strategy: 'backward' }),
    answer: (r) => Number(r.getColumn('bid').sum()),
  },
  {
    run: () => t.select(pl.col('price').rollingMean(20).alias('m')),
    answer: (r) => Number(r.getColumn('m').sum()),
  },
]

const milliseconds: Record<string, number> = {}
const answers: Record<string, number> = {}
for (const [k, { run, answer }] of STEPS.entries()) {
  let best = Number.POSITIVE_INFINITY
  let result: pl.DataFrame | undefined
  for (let turn = 0; turn < repeats; turn++) {
    result = undefined
    const started = performance.now()
    result = run()
    best = Math.min(best, performance.now() - started)
  }
  milliseconds[`s${k}`] = best
  answers[`s${k}`] = answer(result!)
}
console.log(JSON.stringify(answers))
console.log(JSON.stringify(milliseconds))
