/** summary: extremes, count, mean, deviation and percentiles of the numeric columns of a table, in memory, stored, or of data sources. */
import { usageError } from '../errors.ts'
import { INTERPOLATIONS, type Interpolation, quantileOf } from '../kernels/quantile.ts'
import { BulkRandom } from '../kernels/random.ts'
import { fromDoubles, toDoubles } from '../ops/doubles.ts'
import { type Builtin, topicTable } from '../registry.ts'
import type { Session } from '../session.ts'
import type { Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { isDecimal, isNumeric, T } from '../values/types.ts'
import { ArrayVector, FixedVector, StringVector } from '../values/vector.ts'
import { type Arg, isGiven, numberArg, required, textArg, textListArg } from './args.ts'
import { asVector } from './shapes.ts'
import { tablesOf } from './table-pieces.ts'

const { entries, define } = topicTable('Aggregates and statistics')
export const summaryBuiltins: readonly Builtin[] = entries

const usage =
  "summary(X, [interpolation='linear'], [characteristic=['avg','std']], [percentile=[25,50,75]], [precision=0.001], [partitionSampling])"

interface Column {
  readonly name: string
  readonly parts: Float64Array[]
  rows: number
}

/** Valid values of each numeric column; text and time columns of a table are left out. */
function numericColumns(x: Value, session: Session): Column[] {
  const columns: Column[] = []
  for (const table of tablesOf(x, session, usage))
    table.names.forEach((name, k) => {
      const v = table.columns[k]
      if (!isNumeric(v.type) && !isDecimal(v.type)) return
      let column = columns.find((c) => c.name === name)
      if (column === undefined) {
        column = { name, parts: [], rows: 0 }
        columns.push(column)
      }
      column.rows += v.length
      column.parts.push(toDoubles('summary', v).filter((e) => !Number.isNaN(e)))
    })
  return columns
}

function joined({ parts }: Column): Float64Array {
  if (parts.length === 1) return parts[0]
  const out = new Float64Array(parts.reduce((n, p) => n + p.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** Some of the pieces of a tuple of data sources: a number of them, or a share (at least one). */
function sampled(x: Value, sampling: Arg, session: Session): Value {
  if (!isGiven(sampling) || x.kind !== 'vector' || x.storage !== 'any') return x
  const n = numberArg(sampling, usage, 'partitionSampling')
  const isShare = sampling.kind === 'scalar' && (sampling.type === T.DOUBLE || sampling.type === T.FLOAT)
  if (!(n > 0) || (isShare && n > 1))
    throw usageError(usage, 'partitionSampling must be a positive integer or a share up to 1.')
  const count = Math.min(x.length, isShare ? Math.max(1, Math.floor(n * x.length)) : n)
  const random = new BulkRandom(session.random)
  const order = Int32Array.from({ length: x.length }, (_, k) => k)
  for (let k = 0; k < count; k++) {
    const pick = k + random.below(x.length - k)
    const chosen = order[pick]
    order[pick] = order[k]
    order[k] = chosen
  }
  return x.gather(order.subarray(0, count).sort())
}

define(usage, {
  doc: 'A table with one row for each numeric column of a table, a stored table or data sources: name, min, max, nonNullCount, count (of the rows), the characteristics asked for (avg, std) and percentile, an array vector with the percentiles in ascending order. Percentiles are exact, which meets every precision; interpolation as in percentile. partitionSampling takes that many, or that share, of the data sources at random. Columns of other types are left out.',
  call: ([x, interpolation, characteristic, percentile, precision, sampling], session) => {
    const how = textArg(interpolation, usage, 'interpolation', 'linear') as Interpolation
    if (!INTERPOLATIONS.includes(how))
      throw usageError(usage, `interpolation must be one of ${INTERPOLATIONS.join(', ')}.`)
    const wanted = isGiven(characteristic) ? textListArg(characteristic, usage, 'characteristic') : ['avg', 'std']
    if (wanted.some((c) => c !== 'avg' && c !== 'std'))
      throw usageError(usage, "characteristic must be 'avg', 'std' or both.")
    const points = Array.from(isGiven(percentile) ? pointsArg(percentile) : [25, 50, 75]).sort((a, b) => a - b)
    if (!(numberArg(precision, usage, 'precision', 0.001) > 0)) throw usageError(usage, 'precision must be positive.')
    const columns = numericColumns(sampled(required(x, usage, 'X'), sampling, session), session)
    const data = columns.map(joined)
    const real = (f: (v: Float64Array) => number): FixedVector => fromDoubles(Float64Array.from(data, f))
    const mean = (v: Float64Array): number => v.reduce((s, e) => s + e, 0) / v.length
    const std = (v: Float64Array): number => {
      const m = mean(v)
      return Math.sqrt(v.reduce((s, e) => s + (e - m) ** 2, 0) / (v.length - 1))
    }
    const extreme = (sign: number) => (v: Float64Array) =>
      v.length === 0 ? Number.NaN : v.reduce((m, e) => (sign * e > sign * m ? e : m))
    const names = ['name', 'min', 'max', 'nonNullCount', 'count', ...['avg', 'std'].filter((c) => wanted.includes(c))]
    const out = [
      new StringVector(columns.map((c) => c.name)),
      real(extreme(-1)),
      real(extreme(1)),
      counts(data.map((v) => v.length)),
      counts(columns.map((c) => c.rows)),
      ...(wanted.includes('avg') ? [real(mean)] : []),
      ...(wanted.includes('std') ? [real(std)] : []),
      new ArrayVector(
        Int32Array.from({ length: columns.length + 1 }, (_, k) => k * points.length),
        fromDoubles(
          Float64Array.from(data.flatMap((v) => points.map((p) => quantileOf(v, p / 100, how) ?? Number.NaN))),
        ),
      ),
    ]
    return new Table([...names, 'percentile'], out)
  },
})

function counts(of: readonly number[]): FixedVector {
  return new FixedVector(
    T.LONG,
    BigInt64Array.from(of, (n) => BigInt(n)),
  )
}

function pointsArg(v: Value): Float64Array {
  const flat = asVector(v)
  const points = flat === undefined ? new Float64Array(0) : toDoubles('summary', flat)
  if (points.length === 0 || points.some((p) => !(p >= 0 && p <= 100)))
    throw usageError(usage, 'percentile must be a vector of numbers between 0 and 100.')
  return points
}
