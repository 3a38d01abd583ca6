/** The arguments of regressions: a dependent vector, factors in any form, and the tables in which results are shown. */
import { inputError, usageError } from '../errors.ts'
import { fUpper, studentTwoSided } from '../kernels/statistics/distributions.ts'
import { fromDoubles, toDoubles } from '../ops/doubles.ts'
import { Dict } from '../values/forms.ts'
import type { Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { T } from '../values/types.ts'
import { FixedVector, StringVector, type Vector } from '../values/vector.ts'
import type { Arg } from './args.ts'
import { transposed } from './matrices.ts'
import { matrixColumns } from './shapes.ts'

export interface Factors {
  readonly names: readonly string[]
  readonly columns: readonly Float64Array[]
}

/** Nulls become 0, as the regressions of the catalogue do. */
export function zeroed(name: string, v: Vector): Float64Array {
  const data = toDoubles(name, v)
  for (let k = 0; k < data.length; k++) if (Number.isNaN(data[k])) data[k] = 0
  return data
}

/** A vector is one factor; a matrix, table or tuple one for each column. A matrix of another height is taken by rows. */
export function factorsArg(name: string, usage: string, x: Arg, length: number): Factors {
  const vectors = factorVectors(usage, x, length)
  for (const v of vectors.columns)
    if (v.length !== length) throw inputError(`Usage: ${usage}. X and Y must have the same number of observations.`)
  return { names: vectors.names, columns: vectors.columns.map((v) => zeroed(name, v)) }
}

function factorVectors(usage: string, x: Arg, length: number): { names: string[]; columns: Vector[] } {
  const numbered = (columns: Vector[]): { names: string[]; columns: Vector[] } => ({
    names: columns.map((_, k) => `x${k + 1}`),
    columns,
  })
  if (x?.kind === 'table') return { names: x.names.slice(), columns: x.columns }
  if (x?.kind === 'matrix') {
    const m = x.rows !== length && x.cols === length ? transposed(x) : x
    const { names, columns } = numbered(matrixColumns(m))
    const labels = m.colLabels
    if (labels === undefined) return { names, columns }
    return { names: columns.map((_, k) => String(labels.raw(k))), columns }
  }
  if (x?.kind === 'vector' && x.storage === 'any') {
    if (x.values.every((v) => v.kind === 'vector')) return numbered(x.values as Vector[])
  } else if (x?.kind === 'vector') return numbered([x])
  throw usageError(usage, 'X must be a vector, a matrix, a table or a tuple of vectors.')
}

/** What a fit needs to be reported. */
export interface FitReport {
  readonly names: readonly string[]
  readonly coefficients: Float64Array
  readonly leverage: Float64Array
  /** Sums of squares of the residuals and about the mean (about 0 without an intercept). */
  readonly ssError: number
  readonly ssTotal: number
  readonly observations: number
  readonly intercept: boolean
  /** Sum of squares of the fitted values about the mean, where it is not what the residuals leave of the total. */
  readonly ssRegression?: number
}

const errorFreedom = (fit: FitReport): number => fit.observations - fit.coefficients.length

export function coefficientTable(fit: FitReport): Table {
  const variance = fit.ssError / errorFreedom(fit)
  const stdError = Float64Array.from(fit.leverage, (l) => Math.sqrt(variance * l))
  const tstat = Float64Array.from(fit.coefficients, (b, k) => b / stdError[k])
  const pvalue = Float64Array.from(tstat, (t) => studentTwoSided(errorFreedom(fit), t))
  return new Table(
    ['factor', 'beta', 'stdError', 'tstat', 'pvalue'],
    [
      new StringVector(fit.names.slice()),
      fromDoubles(fit.coefficients.slice()),
      fromDoubles(stdError),
      fromDoubles(tstat),
      fromDoubles(pvalue),
    ],
  )
}

/** ANOVA, RegressionStat, Coefficient, and Residual where there are residuals. */
export function fitDictionary(fit: FitReport, residuals?: Float64Array): Dict {
  const p = fit.coefficients.length - (fit.intercept ? 1 : 0)
  const total = fit.observations - (fit.intercept ? 1 : 0)
  const rest = errorFreedom(fit)
  const ssRegression = fit.ssRegression ?? fit.ssTotal - fit.ssError
  const msRegression = ssRegression / p
  const msError = fit.ssError / rest
  const f = msRegression / msError
  const none = Number.NaN
  const r2 = fit.ssRegression === undefined ? 1 - fit.ssError / fit.ssTotal : ssRegression / fit.ssTotal
  const entries: [string, Value][] = [
    [
      'ANOVA',
      new Table(
        ['Breakdown', 'DF', 'SS', 'MS', 'F', 'Significance'],
        [
          new StringVector(['Regression', 'Residual', 'Total']),
          new FixedVector(T.INT, Int32Array.of(p, rest, total)),
          fromDoubles(Float64Array.of(ssRegression, fit.ssError, fit.ssTotal)),
          fromDoubles(Float64Array.of(msRegression, msError, none)),
          fromDoubles(Float64Array.of(f, none, none)),
          fromDoubles(Float64Array.of(fUpper(p, rest, f), none, none)),
        ],
      ),
    ],
    [
      'RegressionStat',
      new Table(
        ['item', 'statistics'],
        [
          new StringVector(['R2', 'AdjustedR2', 'StdError', 'Observations']),
          fromDoubles(Float64Array.of(r2, 1 - ((1 - r2) * total) / rest, Math.sqrt(msError), fit.observations)),
        ],
      ),
    ],
    ['Coefficient', coefficientTable(fit)],
  ]
  if (residuals !== undefined) entries.push(['Residual', fromDoubles(residuals)])
  return new Dict(T.STRING, T.ANY, new Map(entries), true)
}
