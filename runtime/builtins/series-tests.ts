/** Tests of samples and series: mannWhitneyUTest (location of two samples), adfuller (unit root), esd (outliers). */
import { inputError, usageError } from '../errors.ts'
import { studentQuantile } from '../kernels/statistics/distributions.ts'
import { leastSquares } from '../kernels/statistics/least-squares.ts'
import { normalCdf } from '../kernels/statistics/normal.ts'
import { averageRanks } from '../kernels/statistics/rank-correlation.ts'
import { fromDoubles, toDoubles } from '../ops/doubles.ts'
import { type Builtin, topicTable } from '../registry.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { T } from '../values/types.ts'
import { FixedVector, StringVector } from '../values/vector.ts'
import { type Arg, boolArg, intArg, isGiven, numberArg, textArg, vectorArg } from './args.ts'
import { knownArg, modelOf } from './spline-arg.ts'

const { entries, define } = topicTable('Aggregates and statistics')
export const seriesTestBuiltins: readonly Builtin[] = entries

const real = (x: number): Scalar => (Number.isFinite(x) ? Scalar.double(x) : Scalar.nullOf(T.DOUBLE))

const usageU = 'mannWhitneyUTest(X, Y, [correct=true])'
define(usageU, {
  doc: 'The test of Mann and Whitney that the values of X are not shifted against those of Y. A dictionary: stat, a table with the p-value for each of the three alternatives, correct, method, U (the pairs in which Y is larger, equal ones as half). The p-values come from the normal distribution with the variance for ties; correct moves U by 1/2 towards its mean. Nulls are left out.',
  call: ([x, y, correct]) => {
    const sample = (v: Arg, name: string): Float64Array => {
      const data = toDoubles('mannWhitneyUTest', vectorArg(v, usageU, name)).filter((d) => !Number.isNaN(d))
      if (data.length === 0) throw usageError(usageU, `${name} must hold a value that is not null.`)
      return data
    }
    const [a, b] = [sample(x, 'X'), sample(y, 'Y')]
    const corrected = boolArg(correct, usageU, 'correct', true)
    const all = Float64Array.of(...a, ...b)
    const ranks = averageRanks(all)
    let rankSum = 0
    for (let k = 0; k < a.length; k++) rankSum += ranks[k]
    const u = a.length * b.length + (a.length * (a.length + 1)) / 2 - rankSum
    const n = all.length
    const spread = Math.sqrt(((a.length * b.length) / 12) * (n + 1 - tieTerm(all) / (n * (n - 1))))
    const distance = u - (a.length * b.length) / 2
    const half = corrected ? 0.5 : 0
    const less = normalCdf((distance + half) / spread)
    const greater = normalCdf(-(distance - half) / spread)
    const both = Math.min(1, 2 * normalCdf(-Math.max(0, Math.abs(distance) - half) / spread))
    const what = 'true location shift is'
    const stat = new Table(
      ['alternativeHypothesis', 'pValue'],
      [
        new StringVector([`${what} not equal to 0`, `${what} less than 0`, `${what} greater than 0`]),
        fromDoubles(Float64Array.of(both, less, greater)),
      ],
    )
    return modelOf([
      ['stat', stat],
      ['correct', Scalar.bool(corrected)],
      ['method', Scalar.string('Mann-Whitney U test')],
      ['U', Scalar.double(u)],
    ])
  },
})

/** Sum of t^3 - t over groups of t equal values. */
function tieTerm(x: Float64Array): number {
  const sorted = x.slice().sort()
  let term = 0
  for (let from = 0; from < sorted.length; ) {
    let to = from
    while (to < sorted.length && sorted[to] === sorted[from]) to++
    const t = to - from
    term += t ** 3 - t
    from = to
  }
  return term
}

// ---------------------------------------------------------------------------------------------------------------------
// Unit root

interface UnitRootTables {
  /** For 1, 5 and 10 percent: the asymptotic value and the coefficients of 1/n, 1/n^2, 1/n^3 (MacKinnon, 2010). */
  readonly critical: readonly (readonly number[])[]
  /** Where the p-value goes to 1 and to 0, and which polynomial of the statistic holds below and above `split` (MacKinnon, 1994). */
  readonly max: number
  readonly min: number
  readonly split: number
  readonly below: readonly number[]
  readonly above: readonly number[]
}

const UNIT_ROOT: Readonly<Record<string, UnitRootTables>> = {
  n: {
    critical: [
      [-2.56574, -2.2358, -3.627, 0],
      [-1.941, -0.2686, -3.365, 31.223],
      [-1.61682, 0.2656, -2.714, 25.364],
    ],
    max: Number.POSITIVE_INFINITY,
    min: -19.04,
    split: -1.04,
    below: [0.6344, 1.2378, 0.032496],
    above: [0.4797, 0.93557, -0.06999, 0.033066],
  },
  c: {
    critical: [
      [-3.43035, -6.5393, -16.786, -79.433],
      [-2.86154, -2.8903, -4.234, -40.04],
      [-2.56677, -1.5384, -2.809, 0],
    ],
    max: 2.74,
    min: -18.83,
    split: -1.61,
    below: [2.1659, 1.4412, 0.038269],
    above: [1.7339, 0.93202, -0.12745, -0.010368],
  },
  ct: {
    critical: [
      [-3.95877, -9.0531, -28.428, -134.155],
      [-3.41049, -4.3904, -9.036, -45.374],
      [-3.12705, -2.5856, -3.925, -22.38],
    ],
    max: 0.7,
    min: -16.18,
    split: -2.89,
    below: [3.2512, 1.6047, 0.049588],
    above: [2.5261, 0.61654, -0.37956, -0.060285],
  },
  ctt: {
    critical: [
      [-4.37113, -11.5882, -35.819, -334.047],
      [-3.83239, -5.9057, -12.49, -118.284],
      [-3.55326, -3.6596, -5.293, -63.559],
    ],
    max: 0.54,
    min: -17.17,
    split: -3.21,
    below: [4.0003, 1.658, 0.048288],
    above: [3.0778, 0.49529, -0.41477, -0.059359],
  },
}

const polynomial = (c: readonly number[], x: number): number => c.reduceRight((sum, v) => sum * x + v, 0)

function unitRootPValue(tables: UnitRootTables, statistic: number): number {
  if (statistic > tables.max) return 1
  if (statistic < tables.min) return 0
  return normalCdf(polynomial(statistic <= tables.split ? tables.below : tables.above, statistic))
}

const usageAdf = 'adfuller(X, [maxLag], [regression="c"], [autoLag="aic"], [store=false], [regResults=false])'
define(usageAdf, {
  doc: 'The augmented Dickey-Fuller test that the series X has a unit root: the differences of X are regressed on X one step before, on a constant, and on differences before. regression: "n" nothing else, "c" a constant, "ct" and a trend, "ctt" and its square. maxLag: most differences before, 12 * (n / 100)^(1/4) without it; autoLag "aic", "bic", "tstat" (the last one that is significant) or "max" chooses among 0 to maxLag. A dictionary: adfStat, pValue (MacKinnon), usedLag, nobs, criticalValues at 1, 5 and 10 percent, and icBest unless autoLag is "max". X must not be constant nor hold nulls. store and regResults are not supported.',
  call: ([x, maxLag, regression, autoLag, store, regResults]) => {
    if (boolArg(store, usageAdf, 'store', false) || boolArg(regResults, usageAdf, 'regResults', false))
      throw inputError('adfuller does not support store and regResults: the results of the regressions.', {
        code: 'unsupported',
      })
    const data = knownArg(x, usageAdf, 'X')
    if (data.every((v) => v === data[0])) throw usageError(usageAdf, 'the elements of X must not all be equal.')
    const trend = textArg(regression, usageAdf, 'regression', 'c')
    const tables = UNIT_ROOT[trend]
    if (tables === undefined) throw usageError(usageAdf, 'regression must be "n", "c", "ct" or "ctt".')
    const by = textArg(autoLag, usageAdf, 'autoLag', 'aic')
    if (!['aic', 'bic', 'tstat', 'max'].includes(by))
      throw usageError(usageAdf, 'autoLag must be "aic", "bic", "tstat" or "max".')
    const terms = trend === 'n' ? 0 : trend.length
    const most = lagsArg(maxLag, data.length, terms)
    const chosen: { readonly lag: number; readonly criterion?: number } =
      by === 'max' ? { lag: most } : chooseLag(data, most, terms, by)
    const fit = adfFit(data, chosen.lag, chosen.lag, terms)
    const criticalValues = Float64Array.from(tables.critical, (c) => polynomial(c, 1 / fit.observations))
    const fields: (readonly [string, Value])[] = [
      ['adfStat', real(fit.tstat)],
      ['pValue', real(unitRootPValue(tables, fit.tstat))],
      ['usedLag', Scalar.int(chosen.lag)],
      ['nobs', Scalar.int(fit.observations)],
      ['criticalValues', fromDoubles(criticalValues)],
    ]
    if (chosen.criterion !== undefined) fields.push(['icBest', real(chosen.criterion)])
    return modelOf(fields)
  },
})

function lagsArg(v: Arg, n: number, terms: number): number {
  const room = Math.floor(n / 2) - terms - 1
  if (room < 0) throw usageError(usageAdf, 'X is too short for the regression.')
  if (!isGiven(v) || (v.kind === 'scalar' && v.isNull())) return Math.min(room, Math.ceil(12 * (n / 100) ** 0.25))
  const lag = intArg(v, usageAdf, 'maxLag')
  if (lag < 0 || lag > room) throw usageError(usageAdf, `maxLag must be between 0 and ${room} for ${n} elements.`)
  return lag
}

interface AdfFit {
  /** Of X one step before. */
  readonly tstat: number
  /** Of the last difference. */
  readonly lastTstat: number
  readonly observations: number
  readonly ssError: number
  readonly parameters: number
}

/** The regression with `lag` differences over the rows that `skipped` of them leave. */
function adfFit(x: Float64Array, lag: number, skipped: number, terms: number): AdfFit {
  const rows = x.length - 1 - skipped
  const at = (k: number): number => skipped + k + 1
  const difference = (t: number): number => x[t] - x[t - 1]
  const y = Float64Array.from({ length: rows }, (_, k) => difference(at(k)))
  const columns = [Float64Array.from({ length: rows }, (_, k) => x[at(k) - 1])]
  for (let j = 1; j <= lag; j++) columns.push(Float64Array.from({ length: rows }, (_, k) => difference(at(k) - j)))
  for (let p = 0; p < terms; p++) columns.push(Float64Array.from({ length: rows }, (_, k) => (k + 1) ** p))
  const fit = leastSquares(y, columns, undefined, { pseudo: true, method: 'qr' })!
  let ssError = 0
  for (let k = 0; k < rows; k++) ssError += (y[k] - fit.fitted[k]) ** 2
  const variance = ssError / (rows - columns.length)
  const tstat = (k: number): number => fit.coefficients[k] / Math.sqrt(variance * fit.leverage[k])
  return { tstat: tstat(0), lastTstat: tstat(lag), observations: rows, ssError, parameters: columns.length }
}

/** All candidates see the same rows, those that the longest lag leaves. */
function chooseLag(x: Float64Array, most: number, terms: number, by: string): { lag: number; criterion: number } {
  const fits = Array.from({ length: most + 1 }, (_, lag) => adfFit(x, lag, most, terms))
  if (by === 'tstat') {
    for (let lag = most; lag > 0; lag--)
      if (Math.abs(fits[lag].lastTstat) >= 1.6448536269514722) return { lag, criterion: Math.abs(fits[lag].lastTstat) }
    return { lag: 0, criterion: Math.abs(fits[0].lastTstat) }
  }
  const criteria = fits.map(({ ssError, observations: n, parameters }) => {
    const logLikelihood = (-n / 2) * (Math.log(2 * Math.PI) + Math.log(ssError / n) + 1)
    return -2 * logLikelihood + (by === 'aic' ? 2 : Math.log(n)) * parameters
  })
  const lag = criteria.reduce((best, c, k) => (c < criteria[best] ? k : best), 0)
  return { lag, criterion: criteria[lag] }
}

// ---------------------------------------------------------------------------------------------------------------------
// Outliers

const usageEsd = 'esd(data, [hybrid=false], [maxAnomalies=0.1], [alpha=0.05])'
define(usageEsd, {
  doc: 'Outliers of a sample by the generalised extreme studentised deviate test (Rosner, 1983): a table with index (position in data) and anoms (value), the farthest first. maxAnomalies is the most to look for: a number of them, less than half of the sample, or a part of it below 0.5. alpha is the level of significance. hybrid measures by the median and the median absolute deviation (times 1.4826) instead of the mean and the standard deviation. Nulls are an error.',
  call: ([data, hybrid, maxAnomalies, alpha]) => {
    const x = knownArg(data, usageEsd, 'data')
    const robust = boolArg(hybrid, usageEsd, 'hybrid', false)
    const level = numberArg(alpha, usageEsd, 'alpha', 0.05)
    if (!(level > 0 && level < 1)) throw usageError(usageEsd, 'alpha must be between 0 and 1.')
    const most = mostAnomalies(maxAnomalies, x.length)
    const left = Array.from(x, (_, k) => k)
    const found: number[] = []
    let significant = 0
    for (let i = 1; i <= most; i++) {
      const values = Float64Array.from(left, (k) => x[k])
      const { centre, spread } = robust ? medianAndDeviation(values) : meanAndDeviation(values)
      if (!(spread > 0)) break
      let farthest = 0
      for (let k = 1; k < left.length; k++)
        if (Math.abs(values[k] - centre) > Math.abs(values[farthest] - centre)) farthest = k
      const statistic = Math.abs(values[farthest] - centre) / spread
      found.push(left[farthest])
      left.splice(farthest, 1)
      if (statistic > criticalDeviate(x.length, i, level)) significant = i
    }
    const index = Int32Array.from(found.slice(0, significant))
    return new Table(
      ['index', 'anoms'],
      [new FixedVector(T.INT, index), fromDoubles(Float64Array.from(index, (k) => x[k]))],
    )
  },
})

function mostAnomalies(v: Arg, n: number): number {
  const most = numberArg(v, usageEsd, 'maxAnomalies', 0.1)
  if (most > 0 && most < 0.5) return Math.floor(n * most)
  if (Number.isInteger(most) && most > 0 && most < n / 2) return most
  throw usageError(
    usageEsd,
    'maxAnomalies must be a positive integer below half of the size of data, or a number below 0.5.',
  )
}

function criticalDeviate(n: number, i: number, alpha: number): number {
  const freedom = n - i - 1
  const t = studentQuantile(freedom, 1 - alpha / (2 * (n - i + 1)))
  return (t * (n - i)) / Math.sqrt((freedom + t * t) * (n - i + 1))
}

function meanAndDeviation(x: Float64Array): { centre: number; spread: number } {
  const centre = x.reduce((s, v) => s + v, 0) / x.length
  return { centre, spread: Math.sqrt(x.reduce((s, v) => s + (v - centre) ** 2, 0) / (x.length - 1)) }
}

function medianAndDeviation(x: Float64Array): { centre: number; spread: number } {
  const median = (v: Float64Array): number => {
    const sorted = v.slice().sort()
    const half = sorted.length >> 1
    return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
  }
  const centre = median(x)
  return { centre, spread: 1.4826 * median(x.map((v) => Math.abs(v - centre))) }
}
