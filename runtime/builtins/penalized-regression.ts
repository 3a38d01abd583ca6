/** lassoBasic and ridgeBasic: penalised regression of vectors, reported like ols. */
import { inputError, usageError } from '../errors.ts'
import { elasticNet, type PenalizedFit, ridge } from '../kernels/statistics/coordinate-descent.ts'
import { leastSquares } from '../kernels/statistics/least-squares.ts'
import { fromDoubles, toDoubles } from '../ops/doubles.ts'
import { type Builtin, topicTable } from '../registry.ts'
import type { Value } from '../values/scalar.ts'
import { type Arg, boolArg, intArg, isGiven, numberArg, textArg, vectorArg } from './args.ts'
import { anyNull } from './nulls.ts'
import { coefficientTable, type Factors, type FitReport, factorsArg, fitDictionary } from './regression-arg.ts'

const { entries, define } = topicTable('Aggregates and statistics')
export const penalizedRegressionBuiltins: readonly Builtin[] = entries

const MODES =
  'mode 0 gives the coefficients, intercept first; 1 a table factor, beta, stdError, tstat, pvalue; 2 a dictionary with the tables ANOVA, RegressionStat, Coefficient and the vector Residual. Standard errors are those of least squares with the variance of these residuals; the sum of squares of the regression is that of the fitted values about the mean of Y. X is a vector, a matrix, a table or a tuple of vectors; normalize centres its columns and brings them to length 1. Nulls are an error; weights (swColName) are not supported.'

interface Problem {
  readonly y: Float64Array
  readonly factors: Factors
  readonly mode: number
  readonly alpha: number
  readonly intercept: boolean
}

function problemArg(
  name: string,
  usage: string,
  [y, x, mode, alpha, intercept]: readonly Arg[],
  weights: Arg,
): Problem {
  if (isGiven(weights) && !(weights.kind === 'scalar' && weights.isNull()))
    throw inputError(`${name} does not support weights (swColName): use ${name.replace('Basic', '')}.`, {
      code: 'unsupported',
    })
  const source = vectorArg(y, usage, 'Y')
  const target = toDoubles(name, source)
  const factors = factorsArg(name, usage, x, target.length)
  if (target.some(Number.isNaN) || (isGiven(x) && anyNull(x)))
    throw usageError(usage, 'Y and X must not contain NULL values.')
  if (target.length === 0) throw usageError(usage, 'Y must not be empty.')
  const wanted = intArg(mode, usage, 'mode', 0)
  if (wanted < 0 || wanted > 2) throw usageError(usage, 'mode must be 0, 1 or 2.')
  const penalty = numberArg(alpha, usage, 'alpha', 1)
  if (!(penalty >= 0)) throw usageError(usage, 'alpha must not be negative.')
  return { y: target, factors, mode: wanted, alpha: penalty, intercept: boolArg(intercept, usage, 'intercept', true) }
}

function report({ y, factors, mode, intercept }: Problem, fit: PenalizedFit): Value {
  const n = y.length
  const coefficients = intercept ? Float64Array.of(fit.intercept, ...fit.coefficients) : fit.coefficients
  if (mode === 0) return fromDoubles(coefficients)
  const columns = intercept ? [new Float64Array(n).fill(1), ...factors.columns] : factors.columns
  const { leverage } = leastSquares(y, columns, undefined, { pseudo: true, method: 'qr' })!
  const mean = intercept ? y.reduce((sum, v) => sum + v, 0) / n : 0
  const residuals = new Float64Array(n)
  let ssError = 0
  let ssTotal = 0
  let ssRegression = 0
  for (let k = 0; k < n; k++) {
    let fitted = 0
    columns.forEach((c, j) => {
      fitted += c[k] * coefficients[j]
    })
    residuals[k] = y[k] - fitted
    ssError += residuals[k] ** 2
    ssTotal += (y[k] - mean) ** 2
    ssRegression += (fitted - mean) ** 2
  }
  const names = intercept ? ['intercept', ...factors.names] : factors.names
  const parts: FitReport = { names, coefficients, leverage, ssError, ssTotal, observations: n, intercept, ssRegression }
  return mode === 1 ? coefficientTable(parts) : fitDictionary(parts, residuals)
}

const usageLasso =
  'lassoBasic(Y, X, [mode=0], [alpha=1.0], [intercept=true], [normalize=false], [maxIter=1000], [tolerance=0.0001], [positive=false], [swColName], [checkInput=true])'
define(usageLasso, {
  doc: `Linear regression with an L1 penalty: minimises sum((Y - X w)^2) / (2 n) + alpha * sum(abs(w)) by coordinate descent, until the duality gap is below tolerance times the sum of squares of Y. positive allows no negative coefficients. ${MODES}`,
  call: (args) => {
    const [, , , , , normalize, maxIter, tolerance, positive, weights] = args
    const problem = problemArg('lassoBasic', usageLasso, args, weights)
    const rounds = intArg(maxIter, usageLasso, 'maxIter', 1000)
    if (rounds < 1) throw usageError(usageLasso, 'maxIter must be positive.')
    const fit = elasticNet(problem.y, problem.factors.columns, undefined, {
      alpha: problem.alpha,
      l1Ratio: 1,
      intercept: problem.intercept,
      normalize: boolArg(normalize, usageLasso, 'normalize', false),
      maxIter: rounds,
      tolerance: numberArg(tolerance, usageLasso, 'tolerance', 0.0001),
      positive: boolArg(positive, usageLasso, 'positive', false),
    })
    return report(problem, fit)
  },
})

const usageRidge =
  "ridgeBasic(Y, X, [mode=0], [alpha=1.0], [intercept=true], [normalize=false], [maxIter=1000], [tolerance=0.0001], [solver='svd'], [swColName])"
define(usageRidge, {
  doc: `Linear regression with an L2 penalty: minimises sum((Y - X w)^2) + alpha * sum(w^2), solved exactly whatever solver ('svd' or 'cholesky'), maxIter and tolerance say. ${MODES}`,
  call: (args) => {
    const [, , , , , normalize, , , solver, weights] = args
    const problem = problemArg('ridgeBasic', usageRidge, args, weights)
    if (!['svd', 'cholesky'].includes(textArg(solver, usageRidge, 'solver', 'svd')))
      throw usageError(usageRidge, "solver must be 'svd' or 'cholesky'.")
    const fit = ridge(problem.y, problem.factors.columns, undefined, {
      alpha: problem.alpha,
      intercept: problem.intercept,
      normalize: boolArg(normalize, usageRidge, 'normalize', false),
    })
    if (fit === undefined || (problem.alpha === 0 && dependent(problem)))
      throw inputError('ridgeBasic: with alpha 0 the columns of X must not depend on each other.', { code: 'singular' })
    return report(problem, fit)
  },
})

function dependent({ y, factors, intercept }: Problem): boolean {
  const columns = intercept ? [new Float64Array(y.length).fill(1), ...factors.columns] : factors.columns
  return leastSquares(y, columns, undefined, { pseudo: false, method: 'qr' }) === undefined
}
