/** Tests of hypotheses: dictionaries with a method, a statistic and its significance. Nulls are left out. */
import { inputError, usageError } from '../errors.ts'
import {
  chiSquareUpper,
  DISTRIBUTIONS,
  fQuantile,
  fUpper,
  kolmogorov,
  studentQuantile,
} from '../kernels/statistics/distributions.ts'
import { normalCdf, normalQuantile } from '../kernels/statistics/normal.ts'
import { shapiroWilk } from '../kernels/statistics/shapiro-wilk.ts'
import { fromDoubles, toDoubles } from '../ops/doubles.ts'
import { type Builtin, topicTable } from '../registry.ts'
import { Dict } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { T } from '../values/types.ts'
import { FixedVector, StringVector, type Vector } from '../values/vector.ts'
import { type Arg, boolArg, isGiven, numberArg, vectorArg } from './args.ts'
import { matrixColumns } from './shapes.ts'

const { entries, define } = topicTable('Aggregates and statistics')
export const hypothesisTestBuiltins: readonly Builtin[] = entries

const dictOf = (fields: readonly (readonly [string, Value])[]): Dict => new Dict(T.STRING, T.ANY, new Map(fields), true)
const real = (x: number): Scalar => (Number.isFinite(x) ? Scalar.double(x) : Scalar.nullOf(T.DOUBLE))

/** Whole numbers are shown as such. */
const count = (x: number): Scalar => (Number.isInteger(x) ? Scalar.int(x) : real(x))

function sampleArg(name: string, usage: string, v: Arg, what: string, least: number): Float64Array {
  const sample = toDoubles(name, vectorArg(v, usage, what)).filter((x) => !Number.isNaN(x))
  if (sample.length < least) throw usageError(usage, `${what} must hold at least ${least} values that are not null.`)
  return sample
}

interface Moments {
  readonly n: number
  readonly mean: number
  readonly variance: number
}

function momentsOf(x: Float64Array): Moments {
  let sum = 0
  for (const v of x) sum += v
  const mean = sum / x.length
  let squares = 0
  for (const v of x) squares += (v - mean) ** 2
  return { n: x.length, mean, variance: squares / (x.length - 1) }
}

function levelArg(v: Arg, usage: string): number {
  const level = numberArg(v, usage, 'confLevel', 0.95)
  if (!(level > 0 && level < 1)) throw usageError(usage, 'confLevel must be between 0 and 1.')
  return level
}

interface Alternative {
  readonly p: number
  readonly low: number
  readonly high: number
}

/** The table of the three alternatives: not equal, less, greater. Open ends are infinite. */
function alternatives(subject: string, value: number, rows: readonly [Alternative, Alternative, Alternative]): Table {
  const shown = String(Number(value.toPrecision(6)))
  const words = ['not equal to', 'less than', 'greater than']
  const column = (f: (a: Alternative) => number): FixedVector =>
    new FixedVector(
      T.DOUBLE,
      Float64Array.from(rows, (a) => (Number.isNaN(f(a)) ? -Number.MAX_VALUE : f(a))),
    )
  return new Table(
    ['alternativeHypothesis', 'pValue', 'lowerBound', 'upperBound'],
    [
      new StringVector(words.map((w) => `${subject} is ${w} ${shown}`)),
      column((a) => a.p),
      column((a) => a.low),
      column((a) => a.high),
    ],
  )
}

const INFINITY = Number.POSITIVE_INFINITY

/** For a statistic (estimate - value) / error with a distribution symmetric about 0. */
function symmetric(
  estimate: number,
  error: number,
  statistic: number,
  level: number,
  cdf: (z: number) => number,
  quantile: (p: number) => number,
): readonly [Alternative, Alternative, Alternative] {
  const both = quantile(0.5 + level / 2) * error
  const one = quantile(level) * error
  return [
    { p: 2 * cdf(-Math.abs(statistic)), low: estimate - both, high: estimate + both },
    { p: cdf(statistic), low: -INFINITY, high: estimate + one },
    { p: cdf(-statistic), low: estimate - one, high: INFINITY },
  ]
}

const CONFIDENCE =
  'stat is a table with pValue and the confidence interval (lowerBound, upperBound) under the three alternative hypotheses. Nulls are left out.'

const usageT = 'tTest(X, [Y], [mu=0.0], [confLevel=0.95], [equalVar=false])'
define(usageT, {
  doc: `Student's t-test that the mean of X, or with Y the difference of the means of two independent samples, is mu. A dictionary: stat, df, confLevel, method, tValue; ${CONFIDENCE} equalVar pools the variances; without it Welch's degrees of freedom.`,
  call: ([x, y, mu, confLevel, equalVar]) => {
    const value = numberArg(mu, usageT, 'mu', 0)
    const level = levelArg(confLevel, usageT)
    const a = momentsOf(sampleArg('tTest', usageT, x, 'X', 2))
    let estimate = a.mean
    let error = Math.sqrt(a.variance / a.n)
    let df = a.n - 1
    let method = 'One sample t-test'
    let subject = 'true mean'
    if (isGiven(y)) {
      const b = momentsOf(sampleArg('tTest', usageT, y, 'Y', 2))
      subject = 'difference of mean'
      estimate = a.mean - b.mean
      if (boolArg(equalVar, usageT, 'equalVar', false)) {
        method = 'Two sample t-test'
        df = a.n + b.n - 2
        error = Math.sqrt((((a.n - 1) * a.variance + (b.n - 1) * b.variance) / df) * (1 / a.n + 1 / b.n))
      } else {
        method = 'Welch two sample t-test'
        const va = a.variance / a.n
        const vb = b.variance / b.n
        error = Math.sqrt(va + vb)
        df = (va + vb) ** 2 / (va ** 2 / (a.n - 1) + vb ** 2 / (b.n - 1))
      }
    }
    const statistic = (estimate - value) / error
    const cdf = (t: number): number => DISTRIBUTIONS.Student.cdf([df], t)
    const rows = symmetric(estimate, error, statistic, level, cdf, (p) => studentQuantile(df, p))
    return dictOf([
      ['stat', alternatives(subject, value, rows)],
      ['df', count(df)],
      ['confLevel', Scalar.double(level)],
      ['method', Scalar.string(method)],
      ['tValue', real(statistic)],
    ])
  },
})

const usageZ = 'zTest(X, [Y], [mu=0.0], [sigmaX=1.0], [sigmaY=1.0], [confLevel=0.95])'
define(usageZ, {
  doc: `Test with known standard deviations sigmaX and sigmaY that the mean of X, or with Y the difference of the means, is mu. A dictionary: stat, confLevel, method, zValue; ${CONFIDENCE}`,
  call: ([x, y, mu, sigmaX, sigmaY, confLevel]) => {
    const value = numberArg(mu, usageZ, 'mu', 0)
    const sx = numberArg(sigmaX, usageZ, 'sigmaX', 1)
    const sy = numberArg(sigmaY, usageZ, 'sigmaY', 1)
    if (!(sx > 0) || !(sy > 0)) throw usageError(usageZ, 'sigmaX and sigmaY must be positive.')
    const level = levelArg(confLevel, usageZ)
    const mean = (v: Float64Array): number => v.reduce((s, e) => s + e, 0) / v.length
    const a = sampleArg('zTest', usageZ, x, 'X', 1)
    const b = isGiven(y) ? sampleArg('zTest', usageZ, y, 'Y', 1) : undefined
    const estimate = mean(a) - (b === undefined ? 0 : mean(b))
    const error = Math.sqrt((sx * sx) / a.length + (b === undefined ? 0 : (sy * sy) / b.length))
    const statistic = (estimate - value) / error
    const rows = symmetric(estimate, error, statistic, level, normalCdf, normalQuantile)
    return dictOf([
      ['stat', alternatives(b === undefined ? 'true mean' : 'difference of mean', value, rows)],
      ['confLevel', Scalar.double(level)],
      ['method', Scalar.string(b === undefined ? 'One sample z-test' : 'Two sample z-test')],
      ['zValue', real(statistic)],
    ])
  },
})

const usageF = 'fTest(X, Y, [ratio=1.0], [confLevel=0.95])'
define(usageF, {
  doc: `F-test that the variances of X and Y have the given ratio. A dictionary: numeratorDf, stat, denominatorDf, confLevel, fValue, method; ${CONFIDENCE}`,
  call: ([x, y, ratio, confLevel]) => {
    const value = numberArg(ratio, usageF, 'ratio', 1)
    if (!(value > 0)) throw usageError(usageF, 'ratio must be positive.')
    const level = levelArg(confLevel, usageF)
    const a = momentsOf(sampleArg('fTest', usageF, x, 'X', 2))
    const b = momentsOf(sampleArg('fTest', usageF, y, 'Y', 2))
    const n = a.n - 1
    const m = b.n - 1
    const estimate = a.variance / b.variance
    const statistic = estimate / value
    const upper = fUpper(n, m, statistic)
    const lower = DISTRIBUTIONS.F.cdf([n, m], statistic)
    const rest = (1 - level) / 2
    const rows: [Alternative, Alternative, Alternative] = [
      {
        p: Math.min(1, 2 * Math.min(lower, upper)),
        low: estimate / fQuantile(n, m, 1 - rest),
        high: estimate / fQuantile(n, m, rest),
      },
      { p: lower, low: 0, high: estimate / fQuantile(n, m, 1 - level) },
      { p: upper, low: estimate / fQuantile(n, m, level), high: INFINITY },
    ]
    return dictOf([
      ['numeratorDf', Scalar.int(n)],
      ['stat', alternatives('ratio of variances', value, rows)],
      ['denominatorDf', Scalar.int(m)],
      ['confLevel', Scalar.double(level)],
      ['fValue', real(statistic)],
      ['method', Scalar.string('F test to compare two variances')],
    ])
  },
})

/** Columns of a matrix or of a table whose columns are all numeric. */
function groupsArg(name: string, usage: string, x: Arg): Float64Array[] {
  const columns: Vector[] | undefined =
    x?.kind === 'matrix' ? matrixColumns(x) : x?.kind === 'table' ? x.columns : undefined
  if (columns === undefined) throw usageError(usage, 'X must be a matrix or a table of numeric columns.')
  return columns.map((c) => toDoubles(name, c))
}

const usageChi = 'chiSquareTest(X, [Y])'
define(usageChi, {
  doc: "Of vectors: the chi-square goodness of fit of the counts X to the distribution Y (scaled to the sum of X). Of a matrix or table: Pearson's test that rows and columns are independent. A dictionary: pValue, df, chiSquaredValue, method. Nulls count as 0.",
  call: ([x, y]) => {
    let statistic = 0
    let df: number
    let method: string
    const total = (v: Float64Array): number => v.reduce((s, e) => s + e, 0)
    const filled = (v: Float64Array): Float64Array => v.map((e) => (Number.isNaN(e) ? 0 : e)) as Float64Array
    if (x?.kind === 'vector') {
      const observed = filled(toDoubles('chiSquareTest', x))
      const expected = filled(toDoubles('chiSquareTest', vectorArg(y, usageChi, 'Y')))
      if (observed.length !== expected.length || observed.length < 2)
        throw usageError(usageChi, 'X and Y must be of the same length, with at least two elements.')
      const scale = total(observed) / total(expected)
      for (let k = 0; k < observed.length; k++)
        statistic += (observed[k] - expected[k] * scale) ** 2 / (expected[k] * scale)
      df = observed.length - 1
      method = 'Chi-square goodness of fit test'
    } else {
      const columns = groupsArg('chiSquareTest', usageChi, x).map(filled)
      const rows = columns[0]?.length ?? 0
      if (columns.length < 2 || rows < 2) throw usageError(usageChi, 'X must have at least two rows and columns.')
      const byColumn = columns.map(total)
      const byRow = Float64Array.from({ length: rows }, (_, r) => columns.reduce((s, c) => s + c[r], 0))
      const all = total(byRow)
      columns.forEach((column, c) => {
        for (let r = 0; r < rows; r++) {
          const expected = (byColumn[c] * byRow[r]) / all
          statistic += (column[r] - expected) ** 2 / expected
        }
      })
      df = (rows - 1) * (columns.length - 1)
      method = "Pearson's Chi-squared test"
    }
    return dictOf([
      ['pValue', real(chiSquareUpper(df, statistic))],
      ['df', Scalar.int(df)],
      ['chiSquaredValue', real(statistic)],
      ['method', Scalar.string(method)],
    ])
  },
})

const usageKs = 'ksTest(X, Y)'
define(usageKs, {
  doc: "Two-sample Kolmogorov-Smirnov test that X and Y have one distribution. A dictionary: ksValue (D scaled by the sizes of the samples, Stephens' approximation (sqrt(n) + 0.12 + 0.11/sqrt(n)) * D with n = nX*nY/(nX+nY)), pValue by the asymptotic distribution, D, method. Nulls are left out.",
  call: ([x, y]) => {
    const a = sampleArg('ksTest', usageKs, x, 'X', 1).sort()
    const b = sampleArg('ksTest', usageKs, y, 'Y', 1).sort()
    let distance = 0
    for (let i = 0, j = 0; i < a.length && j < b.length; ) {
      const at = Math.min(a[i], b[j])
      while (i < a.length && a[i] === at) i++
      while (j < b.length && b[j] === at) j++
      distance = Math.max(distance, Math.abs(i / a.length - j / b.length))
    }
    const root = Math.sqrt((a.length * b.length) / (a.length + b.length))
    const statistic = (root + 0.12 + 0.11 / root) * distance
    return dictOf([
      ['ksValue', real(statistic)],
      ['pValue', real(kolmogorov(statistic).upper)],
      ['D', real(distance)],
      ['method', Scalar.string('Two-sample Kolmogorov-Smirnov test')],
    ])
  },
})

const usageShapiro = 'shapiroTest(X)'
define(usageShapiro, {
  doc: 'Shapiro-Wilk test that X is normally distributed (algorithm AS R94, 3 to 5000 values). A dictionary: method, pValue, W. Nulls are left out; equal values are an error.',
  call: ([x]) => {
    const sample = sampleArg('shapiroTest', usageShapiro, x, 'X', 3)
    if (sample.length > 5000) throw usageError(usageShapiro, 'X must not hold more than 5000 values.')
    const result = shapiroWilk(sample)
    if (result === undefined) throw usageError(usageShapiro, 'The values of X must not be all equal.')
    return dictOf([
      ['method', Scalar.string('Shapiro-Wilk normality test')],
      ['pValue', real(result.p)],
      ['W', real(result.w)],
    ])
  },
})

const usageAnova = 'anova(X)'
define(usageAnova, {
  doc: 'One-way analysis of variance: each column of a matrix or table is a group. A dictionary: pValue, fValue, ssBetween, dfBetween, ssWithin, dfWithin. Nulls are left out.',
  call: ([x]) => {
    const groups = groupsArg('anova', usageAnova, x).map((g) => g.filter((v) => !Number.isNaN(v)))
    if (groups.length < 2 || groups.some((g) => g.length === 0))
      throw inputError(`Usage: ${usageAnova}. X must have at least two columns, each with a value that is not null.`)
    let n = 0
    let sum = 0
    for (const g of groups)
      for (const v of g) {
        n++
        sum += v
      }
    const grand = sum / n
    let between = 0
    let within = 0
    for (const g of groups) {
      const { mean } = momentsOf(g)
      between += g.length * (mean - grand) ** 2
      for (const v of g) within += (v - mean) ** 2
    }
    const dfBetween = groups.length - 1
    const dfWithin = n - groups.length
    const f = between / dfBetween / (within / dfWithin)
    return dictOf([
      ['pValue', real(fUpper(dfBetween, dfWithin, f))],
      ['fValue', real(f)],
      ['ssBetween', fromDoubles(Float64Array.of(between)).get(0)],
      ['dfBetween', Scalar.int(dfBetween)],
      ['ssWithin', fromDoubles(Float64Array.of(within)).get(0)],
      ['dfWithin', Scalar.int(dfWithin)],
    ])
  },
})
