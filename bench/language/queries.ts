/** Sorting, distinct values, groups, asof join and moving averages of tables in memory, beside DuckDB and Polars with as many threads as they like of the two they get. */
import { contest, type Figures, type Peer, showTime } from '../contest.ts'
import { type Row, sizeOf } from '../measure.ts'
import { missingLibrary, runPeer, THREADS } from '../peers.ts'
import { MIXED } from './kernels.ts'
import { checker, REPEATS, runSteps, type Step, stepsScript } from './script.ts'

/** Every tenth row has a quote. Symbols are S0 to S499, ids below a million, times ascend. */
const setup = (n: number, quotes: number): string => `${MIXED}
def symbolsOf(h){ return symbol("S" + string(0..499))[int((h / 64) % 500)] }
t = table(symbolsOf(mixed(${n}, 16807l)) as sym, int(mixed(${n}, 40692l) / 32 % 1000000) as id, mixed(${n}, 69069l) \\ 2147483648.0 as price, int(mixed(${n}, 48271l) % 1000) as volume, timestamp(1704067200000 + long(0..(${n} - 1)) * 7) as time)
q = table(symbolsOf(mixed(${quotes}, 69621l)) as sym, timestamp(1704067200000 + long(0..(${quotes} - 1)) * 70) as time, mixed(${quotes}, 39373l) \\ 2147483648.0 as bid)`

const steps = (n: number): readonly Step[] => [
  { what: 'sort of doubles', script: 'r = sort(t.price)', answer: `r[${n >> 1}]` },
  {
    what: 'rows ordered by a whole number and a double',
    script: 'r = select id, price, volume from t order by id, price',
    answer: `sum(r.price[0:${Math.min(n, 10000)}])`,
  },
  { what: 'distinct of 500 symbols', script: 'r = select distinct sym from t', answer: 'size(r)' },
  { what: 'distinct of 1 M whole numbers', script: 'r = select distinct id from t', answer: 'size(r)' },
  {
    what: 'sum and avg by 500 symbols',
    script: 'r = select sum(volume) as a, avg(price) as b from t group by sym',
    answer: 'sum(r.a) + sum(r.b)',
  },
  {
    what: 'sum and avg by 1 M whole numbers',
    script: 'r = select sum(volume) as a, avg(price) as b from t group by id',
    answer: 'sum(r.a) + sum(r.b)',
  },
  {
    what: 'asof join by symbol with a tenth as many rows',
    script: 'r = select sym, time, price, bid from aj(t, q, `sym`time)',
    answer: 'sum(r.bid)',
  },
  { what: 'moving average of 20', script: 'r = mavg(t.price, 20)', answer: 'sum(r)' },
]

export async function benchQueries(): Promise<readonly Row[]> {
  const n = sizeOf('HOLDFAST_BENCH_QUERY_ROWS', 20_000_000)
  const quotes = Math.ceil(n / 10)
  const all = steps(n)
  const named = checker(all)
  const peer = async (file: string): Promise<Figures> => {
    const { answer, ...figures } = await runPeer(file, [n, quotes, REPEATS, THREADS])
    return named({ ...figures, answer: answer! })
  }
  const peers: Peer[] = [
    {
      name: `DuckDB, ${THREADS} threads`,
      missing: missingLibrary('@duckdb/node-api'),
      run: () => peer('duckdb-queries.ts'),
    },
    {
      name: `Polars, ${THREADS} threads`,
      missing: missingLibrary('nodejs-polars'),
      run: () => peer('polars-queries.ts'),
    },
  ]
  const script = stepsScript(setup(n, quotes), all, REPEATS)
  return contest(sizeOf('HOLDFAST_BENCH_ROUNDS', 3), async () => named(await runSteps(script)), peers, showTime)
}
