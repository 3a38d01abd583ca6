/** Random numbers and distributions. */
import { inputError } from '../errors.ts'
import { checkInterrupt } from '../interrupt.ts'
import { CHUNK_ROWS } from '../kernels/codegen.ts'
import { BulkRandom, randomPositions } from '../kernels/random.ts'
import { castVector } from '../ops/cast.ts'
import { fromDoubles, toDoubles } from '../ops/doubles.ts'
import { topicTable } from '../registry.ts'
import type { Session } from '../session.ts'
import { Matrix } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { isFloating, isIntegral, isNumeric, isTemporal, T, typeInfo } from '../values/types.ts'
import { type FixedArray, FixedVector, newFixedArray, SymbolVector, type Vector, WideVector } from '../values/vector.ts'
import { type Arg, boolArg, intArg, isGiven, numberArg, required, vectorArg } from './args.ts'
import { asVector } from './shapes.ts'

const { entries, define } = topicTable('Random and distributions')

/** How many numbers, and the dimensions of a matrix if it is to be one. */
interface Count {
  readonly total: number
  readonly shape?: readonly [number, number]
}

function countArg(v: Arg, usage: string): Count {
  if (v?.kind === 'pair') {
    const rows = Number(v.first)
    const cols = Number(v.second)
    if (!isIntegral(v.type) || !(rows >= 0) || !(cols >= 0))
      throw inputError(`Usage: ${usage}. count must be a non-negative integer or a pair of them.`)
    return { total: rows * cols, shape: [rows, cols] }
  }
  const total = intArg(v, usage, 'count')
  if (total < 0) throw inputError(`Usage: ${usage}. count must be a non-negative integer or a pair of them.`)
  return { total }
}

const shaped = (v: Vector, count: Count): Value =>
  count.shape === undefined ? v : new Matrix(v, count.shape[0], count.shape[1])

/** Fills doubles from a generator, looking at the interrupt flag between chunks. */
function generate(session: Session, total: number, one: (random: BulkRandom) => number): FixedVector {
  const random = new BulkRandom(session.random)
  const out = newFixedArray('f64', total) as Float64Array
  for (let from = 0; from < total; from += CHUNK_ROWS) {
    checkInterrupt()
    const to = Math.min(total, from + CHUNK_ROWS)
    for (let k = from; k < to; k++) out[k] = one(random)
  }
  return new FixedVector(T.DOUBLE, out)
}

const usageRand = 'rand(X, [count])'
define(usageRand, {
  doc: 'Random numbers in [0, X) in the type of a positive scalar X, or random members of a vector X; rand(uuid(), n) gives random ids. count may be a pair (rows:cols of a matrix); without it one scalar.',
  call: ([x, n], session) => {
    const source = required(x, usageRand, 'X')
    const count: Count = isGiven(n) ? countArg(n, usageRand) : { total: 1 }
    const v =
      source.kind === 'scalar'
        ? randomScalars(source, count.total, session)
        : randomMembers(source, count.total, session)
    return isGiven(n) ? shaped(v, count) : v.get(0)
  },
})

function randomScalars(s: Scalar, total: number, session: Session): Vector {
  const random = new BulkRandom(session.random)
  if (s.type === T.UUID || s.type === T.INT128) return randomIds(s.type, total, random)
  if (!(isNumeric(s.type) || isTemporal(s.type)) || s.isNull() || !(Number(s.value) > 0))
    throw inputError(`Usage: ${usageRand}. X must be a positive number or a vector.`)
  const limit = Number(s.value)
  const { storage } = typeInfo(s.type)
  const out = newFixedArray(storage, total)
  for (let from = 0; from < total; from += CHUNK_ROWS) {
    checkInterrupt()
    fillBelow(out, from, Math.min(total, from + CHUNK_ROWS), limit, random, isFloating(s.type))
  }
  return new FixedVector(s.type, out)
}

function fillBelow(out: FixedArray, from: number, to: number, limit: number, random: BulkRandom, real: boolean): void {
  if (real) for (let k = from; k < to; k++) out[k] = random.uniform() * limit
  else if (out instanceof BigInt64Array) {
    const w = new Int32Array(out.buffer, out.byteOffset, out.length * 2)
    for (let k = from; k < to; k++) {
      const n = random.below(limit)
      w[2 * k] = n
      w[2 * k + 1] = Math.floor(n / 4294967296)
    }
  } else if (out instanceof Int32Array) for (let k = from; k < to; k++) out[k] = random.below(limit)
  else for (let k = from; k < to; k++) out[k] = random.below(limit)
}

function randomIds(type: number, total: number, random: BulkRandom): Vector {
  const data = newFixedArray('x2i64', total) as BigInt64Array
  const w = new Int32Array(data.buffer)
  for (let k = 0; k < w.length; k++) w[k] = random.bits()
  if (type === T.UUID)
    for (let k = 0; k < total; k++) {
      // Version 4, variant 1 of RFC 9562.
      w[4 * k + 2] = (w[4 * k + 2] & ~0xf000) | 0x4000
      w[4 * k + 1] = (w[4 * k + 1] & 0x3fffffff) | -2147483648
    }
  return new WideVector(type, data, total)
}

function randomMembers(x: Value, total: number, session: Session): Vector {
  const v = x.kind === 'vector' ? x : asVector(x)
  if (v === undefined) throw inputError(`Usage: ${usageRand}. X must be a positive number or a vector.`)
  if (v.length === 0 && total > 0) throw inputError(`Usage: ${usageRand}. X must not be empty.`)
  const random = new BulkRandom(session.random)
  // Members of a STRING vector repeat, so they come back encoded.
  const members = v.storage === 'string' && v.type === T.STRING ? (castVector(v, T.SYMBOL) as SymbolVector) : v
  if (members.storage === 'fixed') {
    const out = newFixedArray(typeInfo(members.type).storage, total)
    randomPositions(random, members.length, total, (positions, from) => gatherInto(out, members.data, positions, from))
    return new FixedVector(members.type, out, total, members.scale)
  }
  if (members.storage === 'symbol') {
    const out = newFixedArray('symbol', total) as Int32Array
    randomPositions(random, members.length, total, (positions, from) => gatherInto(out, members.data, positions, from))
    return new SymbolVector(out, members.base)
  }
  const positions = new Int32Array(total)
  for (let k = 0; k < total; k++) positions[k] = random.below(members.length)
  return members.gather(positions)
}

function gatherInto(out: FixedArray, source: FixedArray, positions: Int32Array, from: number): void {
  if (out instanceof BigInt64Array && source instanceof BigInt64Array)
    for (let k = 0; k < positions.length; k++) out[from + k] = source[positions[k]]
  else if (out instanceof Float64Array)
    for (let k = 0; k < positions.length; k++) out[from + k] = (source as Float64Array)[positions[k]]
  else if (out instanceof Int32Array)
    for (let k = 0; k < positions.length; k++) out[from + k] = (source as Int32Array)[positions[k]]
  else for (let k = 0; k < positions.length; k++) out[from + k] = source[positions[k]]
}

define('setRandomSeed(seed)', {
  doc: 'Makes the random functions of the session repeat the same sequence.',
  call: ([seed], session) => {
    session.random.seed(intArg(seed, 'setRandomSeed(seed)', 'seed'))
    return Scalar.VOID
  },
})

/** Distributions with numeric parameters and a count: name, parameters, what they are, one number. */
type Sampler = (random: BulkRandom, p: readonly number[]) => number
const DISTRIBUTIONS: readonly (readonly [
  string,
  readonly string[],
  string,
  Sampler,
  (p: readonly number[]) => boolean,
])[] = [
  ['randNormal', ['mean', 'stdev'], 'Normal', (r, [m, s]) => m + s * r.normal(), ([, s]) => s >= 0],
  ['norm', ['mean', 'std'], 'Normal', (r, [m, s]) => m + s * r.normal(), ([, s]) => s >= 0],
  ['randUniform', ['lower', 'upper'], 'Uniform', (r, [a, b]) => a + (b - a) * r.uniform(), ([a, b]) => a <= b],
  ['randExp', ['mean'], 'Exponential', (r, [m]) => m * r.exponential(), ([m]) => m > 0],
  ['randPoisson', ['mean'], 'Poisson', (r, [m]) => r.poisson(m), ([m]) => m > 0],
  [
    'randBinomial',
    ['trials', 'p'],
    'Binomial',
    (r, [n, p]) => r.binomial(n, p),
    ([n, p]) => n >= 0 && p >= 0 && p <= 1,
  ],
  ['randGamma', ['shape', 'scale'], 'Gamma', (r, [k, s]) => s * r.gamma(k), ([k, s]) => k > 0 && s > 0],
  [
    'randBeta',
    ['alpha', 'beta'],
    'Beta',
    (r, [a, b]) => {
      const x = r.gamma(a)
      return x / (x + r.gamma(b))
    },
    ([a, b]) => a > 0 && b > 0,
  ],
  [
    'randWeibull',
    ['alpha', 'beta'],
    'Weibull (shape alpha, scale beta)',
    (r, [a, b]) => b * r.exponential() ** (1 / a),
    ([a, b]) => a > 0 && b > 0,
  ],
  [
    'randLogistic',
    ['mean', 's'],
    'Logistic',
    (r, [m, s]) => {
      const u = r.open()
      return m + s * Math.log(u / (1 - u))
    },
    ([, s]) => s > 0,
  ],
  ['randChiSquare', ['df'], 'Chi-square', (r, [n]) => 2 * r.gamma(n / 2), ([n]) => n > 0],
  ['randStudent', ['df'], 'Student t', (r, [n]) => r.normal() / Math.sqrt((2 * r.gamma(n / 2)) / n), ([n]) => n > 0],
  [
    'randF',
    ['numeratorDF', 'denominatorDF'],
    'F',
    (r, [a, b]) => r.gamma(a / 2) / a / (r.gamma(b / 2) / b),
    ([a, b]) => a > 0 && b > 0,
  ],
]

for (const [name, params, what, sample, ok] of DISTRIBUTIONS) {
  const usage = `${name}(${params.join(', ')}, count)`
  define(usage, {
    aliases: name === 'norm' ? ['normal'] : [],
    doc: `${what} random numbers, DOUBLE; count is a number or a pair rows:cols.`,
    call: (args, session) => {
      const p = params.map((param, k) => numberArg(args[k], usage, param))
      if (!ok(p)) throw inputError(`Usage: ${usage}. The parameters are out of range.`)
      const count = countArg(args[params.length], usage)
      if (name === 'randNormal' || name === 'norm') {
        const [mean, std] = p
        return shaped(
          generate(session, count.total, (r) => mean + std * r.normal()),
          count,
        )
      }
      return shaped(
        generate(session, count.total, (r) => sample(r, p)),
        count,
      )
    },
  })
}

const usageDiscrete = 'randDiscrete(v, p, count)'
define(usageDiscrete, {
  doc: 'Random members of v with probabilities proportional to p.',
  call: ([v, p, n], session) => {
    const members = vectorArg(v, usageDiscrete, 'v')
    const weights = toDoubles('randDiscrete', vectorArg(p, usageDiscrete, 'p'))
    if (weights.length !== members.length || weights.some((w) => !(w >= 0)))
      throw inputError(`Usage: ${usageDiscrete}. p must hold one non-negative number for each element of v.`)
    const bounds = new Float64Array(weights.length)
    let total = 0
    for (let k = 0; k < weights.length; k++) bounds[k] = total += weights[k]
    const random = new BulkRandom(session.random)
    const count = countArg(n, usageDiscrete)
    const positions = Int32Array.from({ length: count.total }, () => {
      const u = random.uniform() * total
      let low = 0
      let high = bounds.length - 1
      while (low < high) {
        const mid = (low + high) >> 1
        if (u < bounds[mid]) high = mid
        else low = mid + 1
      }
      return low
    })
    return shaped(members.gather(positions), count)
  },
})

const usageMulti = 'randMultivariateNormal(mean, covar, count, [sampleAsRow=true])'
define(usageMulti, {
  aliases: ['multivariateNormal'],
  doc: 'Random vectors with the given means and covariance matrix, as the rows (or columns) of a matrix.',
  call: ([mean, covar, n, asRow], session) => {
    const means = toDoubles('randMultivariateNormal', vectorArg(mean, usageMulti, 'mean'))
    const size = means.length
    if (covar?.kind !== 'matrix' || covar.rows !== size || covar.cols !== size)
      throw inputError(`Usage: ${usageMulti}. covar must be a square matrix with one row for each mean.`)
    const factor = choleskyFactor(toDoubles('randMultivariateNormal', covar.data), size)
    const count = intArg(n, usageMulti, 'count')
    const rows = boolArg(asRow, usageMulti, 'sampleAsRow', true)
    const random = new BulkRandom(session.random)
    const out = newFixedArray('f64', count * size) as Float64Array
    const z = new Float64Array(size)
    for (let s = 0; s < count; s++) {
      for (let k = 0; k < size; k++) z[k] = random.normal()
      for (let k = 0; k < size; k++) {
        let x = means[k]
        for (let j = 0; j <= k; j++) x += factor[j * size + k] * z[j]
        out[rows ? k * count + s : s * size + k] = x
      }
    }
    const v = fromDoubles(out)
    return rows ? new Matrix(v, count, size) : new Matrix(v, size, count)
  },
})

/** Lower triangular factor of a symmetric matrix, column by column. */
function choleskyFactor(a: Float64Array, n: number): Float64Array {
  const l = new Float64Array(n * n)
  for (let c = 0; c < n; c++)
    for (let r = c; r < n; r++) {
      let sum = a[c * n + r]
      for (let k = 0; k < c; k++) sum -= l[k * n + r] * l[k * n + c]
      if (r === c) {
        if (!(sum > 0)) throw inputError('The covariance matrix must be positive definite.')
        l[c * n + r] = Math.sqrt(sum)
      } else l[c * n + r] = sum / l[c * n + c]
    }
  return l
}

export const randomBuiltins = entries
