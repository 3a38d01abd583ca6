/** Cutting a range of values into bins. */
import { inputError, operatorError } from '../errors.ts'
import { sortVector } from '../kernels/sort.ts'
import { castVector } from '../ops/cast.ts'
import { fromDoubles, toDoubles } from '../ops/doubles.ts'
import { topicTable } from '../registry.ts'
import { Dict } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { isIntegral, isLiteral, isNumeric, isTemporal, NULL_I32, T, typeName } from '../values/types.ts'
import { FixedVector, type Vector, vectorOf } from '../values/vector.ts'
import { type Arg, boolArg, intArg, isGiven, required } from './args.ts'
import { asVector } from './shapes.ts'

const { entries, define } = topicTable('Aggregates and statistics')

function columnArg(v: Arg, usage: string, name: string): Vector {
  const flat = asVector(required(v, usage, name))
  if (flat === undefined) throw inputError(`Usage: ${usage}. ${name} must be a vector.`)
  return flat
}

const usageCut = 'cutPoints(X, binNum, [freq])'

/** A value just above the largest, as the open end of the last bin. */
function above(v: Vector, k: number): Scalar {
  const last = v.get(k) as Scalar
  if (isLiteral(v.type)) return Scalar.string(`${last.value}\u0001`)
  if (typeof last.value === 'bigint') return new Scalar(v.type, last.value + 1n)
  if (isIntegral(v.type) || isTemporal(v.type)) return new Scalar(v.type, (last.value as number) + 1)
  if (isNumeric(v.type))
    return new Scalar(v.type, (last.value as number) + Math.max(Math.abs(last.value as number) * 1e-9, 1e-9))
  throw operatorError(`The function cutPoints does not support ${typeName(v.type)} data.`)
}

define(usageCut, {
  doc: 'binNum+1 bounds of bins with equal numbers of elements, the last one just above the maximum; for RANGE schemes. With freq, X is distinct and ascending and freq holds the count of each element.',
  call: ([x, binNum, freq]) => {
    const source = columnArg(x, usageCut, 'X')
    const bins = intArg(binNum, usageCut, 'binNum')
    if (bins < 1) throw inputError(`Usage: ${usageCut}. binNum must be positive.`)
    // Beyond this no partitions are made of them; it is also what an answer may take.
    if (bins > 1 << 20) throw inputError(`Usage: ${usageCut}. binNum must be at most ${1 << 20}.`)
    const sorted = isGiven(freq) ? source : withoutNulls(sortVector(source))
    if (sorted.length === 0) throw inputError(`Usage: ${usageCut}. X must hold at least one value.`)
    const counts = isGiven(freq) ? toDoubles('cutPoints', columnArg(freq, usageCut, 'freq')) : undefined
    if (counts !== undefined && counts.length !== sorted.length)
      throw operatorError('Incompatible vector size', { code: 'vectorSize' })
    const positions: number[] = []
    if (counts === undefined) for (let b = 0; b < bins; b++) positions.push(Math.floor((b * sorted.length) / bins))
    else {
      const total = counts.reduce((a, b) => a + b, 0)
      let passed = 0
      for (let k = 0; k < counts.length && positions.length < bins; k++) {
        while (positions.length < bins && (positions.length * total) / bins < passed + counts[k]) positions.push(k)
        passed += counts[k]
      }
    }
    const lower = sorted.gather(Int32Array.from(positions))
    const values = Array.from({ length: lower.length }, (_, k) => lower.raw(k))
    return vectorOf(sorted.type === T.SYMBOL ? T.STRING : sorted.type, [
      ...values,
      above(sorted, sorted.length - 1).value,
    ])
  },
})

function withoutNulls(sorted: Vector): Vector {
  let k = 0
  while (k < sorted.length && sorted.isNullAt(k)) k++
  return sorted.slice(k, sorted.length)
}

/** Bin of each element; -1 for null and for what lies outside and is not wanted. */
function buckets(usage: string, args: readonly Arg[]): { bins: Int32Array; count: number } {
  const [vector, range, bucketNum, includeOutbound] = args
  const x = columnArg(vector, usage, 'vector')
  if (range?.kind !== 'pair') throw inputError(`Usage: ${usage}. dataRange must be a pair.`)
  const low = Number(range.first)
  const high = Number(range.second)
  const n = intArg(bucketNum, usage, 'bucketNum')
  if (n < 1 || !(high > low)) throw inputError(`Usage: ${usage}. bucketNum must be positive and dataRange ascending.`)
  if (isIntegral(range.type) && (high - low) % n !== 0)
    throw inputError(`Usage: ${usage}. An integer dataRange must be a multiple of bucketNum.`)
  const outbound = boolArg(includeOutbound, usage, 'includeOutbound', false)
  const width = (high - low) / n
  const bins = Int32Array.from(toDoubles('bucket', x), (v) => {
    if (Number.isNaN(v)) return -1
    if (v < low) return outbound ? 0 : -1
    if (v >= high) return outbound ? n + 1 : -1
    return Math.min(n - 1, Math.floor((v - low) / width)) + (outbound ? 1 : 0)
  })
  return { bins, count: outbound ? n + 2 : n }
}

const usageBucket = 'bucket(vector, dataRange, bucketNum, [includeOutbound=false])'
define(usageBucket, {
  kind: 'element',
  doc: 'Number of the bin of each element when dataRange [a, b) is cut into bucketNum equal bins; null outside. With includeOutbound bin 0 is below and the last bin above.',
  call: (args) => {
    const { bins } = buckets(usageBucket, args)
    const out = new FixedVector(T.INT, bins.map((b) => (b < 0 ? NULL_I32 : b)) as Int32Array<ArrayBuffer>)
    return args[0]?.kind === 'scalar' ? out.get(0) : out
  },
})
const usageCount = 'bucketCount(vector, dataRange, bucketNum, [includeOutbound=false])'
define(usageCount, {
  doc: 'Number of elements in each bin of bucket.',
  call: (args) => {
    const { bins, count } = buckets(usageCount, args)
    const out = new Int32Array(count)
    for (const b of bins) if (b >= 0) out[b]++
    return new FixedVector(T.INT, out)
  },
})

const usageDigitize = 'digitize(x, bins, [right=false])'
define(usageDigitize, {
  kind: 'element',
  doc: 'For ascending bins the index of the first bin greater than x (with right: not less); for descending ones of the first bin not greater (right: less). 0 or size(bins) outside.',
  call: ([x, bins, right]) => {
    const edges = toDoubles('digitize', columnArg(bins, usageDigitize, 'bins'))
    const closed = boolArg(right, usageDigitize, 'right', false)
    const up = edges.length < 2 || edges[0] <= edges[edges.length - 1]
    const at = (v: number): number => {
      if (Number.isNaN(v)) return NULL_I32
      const k = edges.findIndex((e) => (up ? (closed ? e >= v : e > v) : closed ? e < v : e <= v))
      return k < 0 ? edges.length : k
    }
    const source = required(x, usageDigitize, 'x')
    const out = new FixedVector(
      T.INT,
      Int32Array.from(toDoubles('digitize', columnArg(source, usageDigitize, 'x')), at),
    )
    return source.kind === 'scalar' ? out.get(0) : out
  },
})

const usageHistogram = 'histogram(X, [bins=10], [range], [density=false], [weights])'
define(usageHistogram, {
  doc: 'A dictionary with H, the count (weight, density) of each bin, and edges; the last bin is closed. bins is a number or a vector of edges; values outside of range are left out.',
  call: ([x, bins, range, density, weights]) => {
    const ends = rangeArg(range)
    const all = toDoubles('histogram', columnArg(x, usageHistogram, 'X'))
    // What lies outside of the range is left out, whatever the edges are.
    const data = all.map((v) => (ends !== undefined && !(v >= ends[0] && v <= ends[1]) ? Number.NaN : v))
    const weight = isGiven(weights) ? toDoubles('histogram', columnArg(weights, usageHistogram, 'weights')) : undefined
    const edges =
      bins?.kind === 'vector'
        ? toDoubles('histogram', bins)
        : evenEdges(data, intArg(bins, usageHistogram, 'bins', 10), ends)
    const n = edges.length - 1
    const heights = new Float64Array(n)
    let total = 0
    for (let k = 0; k < data.length; k++) {
      const v = data[k]
      if (!(v >= edges[0] && v <= edges[n])) continue
      let low = 0
      let high = n - 1
      while (low < high) {
        const mid = (low + high + 1) >> 1
        if (v >= edges[mid]) low = mid
        else high = mid - 1
      }
      const w = weight === undefined ? 1 : weight[k]
      heights[low] += w
      total += w
    }
    const dense = boolArg(density, usageHistogram, 'density', false)
    if (dense) for (let b = 0; b < n; b++) heights[b] /= total * (edges[b + 1] - edges[b])
    const shown: Value = dense || weight !== undefined ? fromDoubles(heights) : castVector(fromDoubles(heights), T.INT)
    return new Dict(
      T.STRING,
      T.ANY,
      new Map<string, Value>([
        ['H', shown],
        ['edges', fromDoubles(edges)],
      ]),
      true,
    )
  },
})

/** The ends of the range, a pair or a vector of two numbers. */
function rangeArg(range: Arg): readonly [number, number] | undefined {
  if (!isGiven(range)) return undefined
  const ends =
    range.kind === 'pair'
      ? castVector(vectorOf(range.type, [range.first, range.second]), T.DOUBLE)
      : range.kind === 'vector' && range.length === 2
        ? castVector(range, T.DOUBLE)
        : undefined
  if (ends === undefined) throw inputError(`Usage: ${usageHistogram}. range must be a pair or a vector of two numbers.`)
  return [ends.raw(0) as number, ends.raw(1) as number]
}

function evenEdges(data: Float64Array, n: number, ends: readonly [number, number] | undefined): Float64Array {
  if (n < 1) throw inputError(`Usage: ${usageHistogram}. bins must be positive.`)
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  if (ends !== undefined) {
    low = ends[0]
    high = ends[1]
  } else
    for (const v of data) {
      if (v < low) low = v
      if (v > high) high = v
    }
  if (low > high) throw inputError(`Usage: ${usageHistogram}. X must hold at least one value.`)
  if (low === high) {
    low -= 0.5
    high += 0.5
  }
  return Float64Array.from({ length: n + 1 }, (_, k) => (k === n ? high : low + ((high - low) * k) / n))
}

export const binningBuiltins = entries
