/**
 * Models: lasso, ridge, elasticNet, logisticRegression, randomForestClassifier, kmeans, pca, and predict. A model is a dictionary of ordinary values, so that it
 * can be looked into, saved and loaded; `modelName` says which it is.
 */
import { inputError, usageError } from '../errors.ts'
import type { Dense } from '../kernels/linalg/dense.ts'
import { decomposeSvd } from '../kernels/linalg/svd.ts'
import { BulkRandom } from '../kernels/random.ts'
import { elasticNet, type PenalizedFit, ridge } from '../kernels/statistics/coordinate-descent.ts'
import { lloyd, nearestCenters, plusPlusStart, randomStart } from '../kernels/statistics/kmeans.ts'
import { logisticFit } from '../kernels/statistics/logistic.ts'
import { forestVotes, growForest, type Tree } from '../kernels/statistics/random-forest.ts'
import { fromDoubles, toDoubles } from '../ops/doubles.ts'
import { SeededRandom } from '../random.ts'
import { type Builtin, topicTable } from '../registry.ts'
import type { Session } from '../session.ts'
import { Dict, Matrix } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { NULL_I32, T } from '../values/types.ts'
import { AnyVector, FixedVector, StringVector, type Vector } from '../values/vector.ts'
import { type Arg, boolArg, intArg, isGiven, numberArg, required, textArg, textListArg } from './args.ts'
import { matrixValue, noConvergence, vectorValue } from './dense-arg.ts'
import { matrixColumns } from './shapes.ts'
import { columnNamed, gatherColumns } from './table-pieces.ts'

const { entries, define } = topicTable('Models')
export const modelBuiltins: readonly Builtin[] = entries

const modelOf = (fields: readonly (readonly [string, Value])[]): Dict =>
  new Dict(T.STRING, T.ANY, new Map(fields), true)

const hasNull = (columns: readonly Float64Array[]): boolean => columns.some((c) => c.some(Number.isNaN))

interface Training {
  readonly y: Float64Array
  readonly columns: readonly Float64Array[]
  readonly names: readonly string[]
  readonly weights: Float64Array | undefined
}

/** The named columns of the data, of which none may hold a null. */
function trainingArg(
  name: string,
  usage: string,
  session: Session,
  ds: Arg,
  yName: Arg,
  xNames: Arg,
  weightName?: Arg,
): Training {
  const target = textArg(yName, usage, 'yColName')
  const names = textListArg(xNames, usage, 'xColNames')
  if (names.length === 0) throw usageError(usage, 'xColNames must not be empty.')
  const weight = isGiven(weightName) ? [textArg(weightName, usage, 'swColName')] : []
  const { columns } = gatherColumns(required(ds, usage, 'ds'), session, usage, [target, ...names, ...weight])
  const data = columns.map((c) => toDoubles(name, c))
  if (data[0].length === 0) throw usageError(usage, 'ds must hold at least one row.')
  if (hasNull(data)) throw usageError(usage, 'The columns must not contain NULL values.')
  return {
    y: data[0],
    columns: data.slice(1, 1 + names.length),
    names,
    weights: weight.length === 0 ? undefined : data[1 + names.length],
  }
}

const builtinNamed = (session: Session, name: string): Value => session.registry.get(name)!

/** Seeded where a seed is given, else by the session's own source. */
function randomFor(session: Session, seed: Arg, usage: string): BulkRandom {
  if (!isGiven(seed) || (seed.kind === 'scalar' && seed.isNull())) return new BulkRandom(session.random)
  const source = new SeededRandom()
  source.seed(intArg(seed, usage, 'randomSeed'))
  return new BulkRandom(source)
}

// Penalised linear regression.

const PENALTIES = {
  lasso: {
    usage:
      'lasso(ds, yColName, xColNames, [alpha=1.0], [intercept=true], [normalize=false], [maxIter=1000], [tolerance=0.0001], [positive=false], [swColName], [checkInput=true])',
    doc: 'Linear regression with an L1 penalty: minimises sum((y - X w)^2) / (2 n) + alpha * sum(abs(w)).',
  },
  elasticNet: {
    usage:
      'elasticNet(ds, yColName, xColNames, [alpha=1.0], [l1Ratio=0.5], [intercept=true], [normalize=false], [maxIter=1000], [tolerance=0.0001], [positive=false], [swColName], [checkInput=true])',
    doc: 'Linear regression with L1 and L2 penalties: minimises sum((y - X w)^2) / (2 n) + alpha * l1Ratio * sum(abs(w)) + alpha * (1 - l1Ratio) / 2 * sum(w^2).',
  },
} as const

for (const name of ['lasso', 'elasticNet'] as const) {
  const { usage, doc } = PENALTIES[name]
  define(usage, {
    doc: `${doc} Coordinate descent until the duality gap is below tolerance times the sum of squares of y. ds is a table, a data source or a tuple of them; normalize centres the columns and brings them to length 1; positive allows no negative coefficients; swColName names a column of weights. Nulls are an error, whatever checkInput says. A dictionary: modelName, coefficients, intercept, dual_gap, tolerance, iterations, xColNames, predict.`,
    call: (args, session) => {
      const [ds, yName, xNames, alpha] = args
      const l1Ratio = name === 'lasso' ? 1 : numberArg(args[4], usage, 'l1Ratio', 0.5)
      if (!(l1Ratio >= 0 && l1Ratio <= 1)) throw usageError(usage, 'l1Ratio must be between 0 and 1.')
      const [intercept, normalize, maxIter, tolerance, positive, weightName] = args.slice(name === 'lasso' ? 4 : 5)
      const training = trainingArg(name, usage, session, ds, yName, xNames, weightName)
      const options = {
        alpha: numberArg(alpha, usage, 'alpha', 1),
        l1Ratio,
        intercept: boolArg(intercept, usage, 'intercept', true),
        normalize: boolArg(normalize, usage, 'normalize', false),
        maxIter: intArg(maxIter, usage, 'maxIter', 1000),
        tolerance: numberArg(tolerance, usage, 'tolerance', 0.0001),
        positive: boolArg(positive, usage, 'positive', false),
      }
      if (!(options.alpha >= 0)) throw usageError(usage, 'alpha must not be negative.')
      if (options.maxIter < 1) throw usageError(usage, 'maxIter must be positive.')
      const fit = elasticNet(training.y, training.columns, training.weights, options)
      return linearModel(name, training, fit, session, [
        ['dual_gap', vectorValue(Float64Array.of(fit.gap)).get(0)],
        ['tolerance', Scalar.double(options.tolerance)],
        ['iterations', Scalar.int(fit.iterations)],
      ])
    },
  })
}

function linearModel(
  name: string,
  training: Training,
  fit: PenalizedFit,
  session: Session,
  more: readonly (readonly [string, Value])[],
): Dict {
  return modelOf([
    ['modelName', Scalar.string(name)],
    ['coefficients', fromDoubles(fit.coefficients)],
    ['intercept', Scalar.double(fit.intercept)],
    ...more,
    ['xColNames', new StringVector(training.names.slice())],
    ['predict', builtinNamed(session, 'coordinateDescentPredict')],
  ])
}

const usageRidge =
  "ridge(ds, yColName, xColNames, [alpha=1.0], [intercept=true], [normalize=false], [maxIter=1000], [tolerance=0.0001], [solver='svd'], [swColName])"
define(usageRidge, {
  doc: "Linear regression with an L2 penalty: minimises sum((y - X w)^2) + alpha * sum(w^2). Solved directly by Cholesky decomposition of the centred columns, whichever of the solvers 'svd' and 'cholesky' is named; maxIter and tolerance are accepted. ds, normalize, swColName as for lasso; nulls are an error. A dictionary: modelName, coefficients, intercept, xColNames, predict.",
  call: ([ds, yName, xNames, alpha, intercept, normalize, , , solver, weightName], session) => {
    const training = trainingArg('ridge', usageRidge, session, ds, yName, xNames, weightName)
    if (!['svd', 'cholesky'].includes(textArg(solver, usageRidge, 'solver', 'svd')))
      throw usageError(usageRidge, "solver must be 'svd' or 'cholesky'.")
    const size = numberArg(alpha, usageRidge, 'alpha', 1)
    if (!(size >= 0)) throw usageError(usageRidge, 'alpha must not be negative.')
    const fit = ridge(training.y, training.columns, training.weights, {
      alpha: size,
      intercept: boolArg(intercept, usageRidge, 'intercept', true),
      normalize: boolArg(normalize, usageRidge, 'normalize', false),
    })
    if (fit === undefined) throw inputError('The matrix is singular.', { code: 'singularMatrix' })
    return linearModel('ridge', training, fit, session, [])
  },
})

// Prediction.

interface Observations {
  readonly columns: readonly Float64Array[]
  readonly rows: number
}

const field = (model: Dict, key: string, usage: string): Value => {
  const v = model.entries.get(key)
  if (v === undefined) throw usageError(usage, `The model has no ${key}.`)
  return v
}

function modelArg(v: Arg, usage: string): Dict {
  if (v?.kind !== 'dict') throw usageError(usage, 'model must be a dictionary that a fitting function gave.')
  return v
}

/** The columns that a model was fitted on, by name from a table, by position from a matrix, tuple or vector. */
function observationsArg(x: Arg, names: readonly string[] | undefined, count: number, usage: string): Observations {
  let columns: Vector[]
  if (x?.kind === 'table') columns = names === undefined ? x.columns : names.map((n) => columnNamed(x, n))
  else if (x?.kind === 'matrix') columns = matrixColumns(x)
  else if (x?.kind === 'vector' && x.storage !== 'any') columns = [x]
  else if (x?.kind === 'vector' && x.storage === 'any' && x.values.every((v) => v.kind === 'vector'))
    columns = x.values as Vector[]
  else throw usageError(usage, 'X must be a table, a matrix, a vector or a tuple of vectors.')
  if (columns.length !== count) throw usageError(usage, `X must have the ${count} columns of the model.`)
  const data = columns.map((c) => toDoubles('predict', c))
  return { columns: data, rows: data[0].length }
}

/** A row with a null has no label. */
function withNulls(labels: Int32Array, columns: readonly Float64Array[]): Int32Array<ArrayBuffer> {
  return Int32Array.from(labels, (label, k) => (columns.some((c) => Number.isNaN(c[k])) ? NULL_I32 : label))
}

const namesOf = (model: Dict, usage: string): readonly string[] =>
  textListArg(field(model, 'xColNames', usage), usage, 'xColNames')
const doublesOf = (model: Dict, key: string, usage: string): Float64Array => {
  const v = field(model, key, usage)
  if (v.kind !== 'vector') throw usageError(usage, `${key} of the model must be a vector.`)
  return toDoubles('predict', v)
}

function scoresOf(theta: Float64Array, intercept: number, { columns, rows }: Observations): Float64Array {
  const out = new Float64Array(rows).fill(intercept)
  columns.forEach((column, c) => {
    for (let k = 0; k < rows; k++) out[k] += theta[c] * column[k]
  })
  return out
}

const usageLinear = 'coordinateDescentPredict(model, X)'
define(usageLinear, {
  doc: 'What a model of lasso, ridge or elasticNet predicts for the rows of X, DOUBLE; null where a value is null.',
  call: ([m, x]) => {
    const model = modelArg(m, usageLinear)
    const names = namesOf(model, usageLinear)
    const observations = observationsArg(x, names, names.length, usageLinear)
    const intercept = numberArg(field(model, 'intercept', usageLinear), usageLinear, 'intercept')
    return fromDoubles(scoresOf(doublesOf(model, 'coefficients', usageLinear), intercept, observations))
  },
})

const usageLogistic =
  'logisticRegression(ds, yColName, xColNames, [intercept=true], [initTheta], [tolerance=0.001], [maxIter=500], [regularizationCoeff=1.0])'
define(usageLogistic, {
  doc: "Logistic regression of classes 0 and 1 by Newton's method, until the log likelihood gains less than tolerance; the penalty is regularizationCoeff / 2 times the sum of squares of the coefficients without the intercept. A dictionary: modelName 'Logistic Regression', logLikelihood (without the penalty), intercept (whether there is one), coefficients (the intercept last), xColNames, iterations, tolerance, predict. Nulls are an error.",
  call: ([ds, yName, xNames, intercept, initTheta, tolerance, maxIter, penalty], session) => {
    const training = trainingArg('logisticRegression', usageLogistic, session, ds, yName, xNames)
    if (training.y.some((v) => v !== 0 && v !== 1)) throw usageError(usageLogistic, 'yColName must hold 0 and 1 only.')
    const hasIntercept = boolArg(intercept, usageLogistic, 'intercept', true)
    const count = training.columns.length
    const columns = hasIntercept ? [...training.columns, new Float64Array(training.y.length).fill(1)] : training.columns
    const start =
      initTheta?.kind === 'vector' ? toDoubles('logisticRegression', initTheta) : new Float64Array(columns.length)
    if (start.length !== columns.length)
      throw usageError(usageLogistic, `initTheta must hold ${columns.length} numbers.`)
    const limit = numberArg(tolerance, usageLogistic, 'tolerance', 0.001)
    const strength = numberArg(penalty, usageLogistic, 'regularizationCoeff', 1)
    if (!(strength >= 0)) throw usageError(usageLogistic, 'regularizationCoeff must not be negative.')
    const fit = logisticFit(training.y, columns, start, {
      penalized: count,
      penalty: strength,
      tolerance: limit,
      maxIter: intArg(maxIter, usageLogistic, 'maxIter', 500),
    })
    return modelOf([
      ['modelName', Scalar.string('Logistic Regression')],
      ['logLikelihood', Scalar.double(fit.logLikelihood)],
      ['intercept', Scalar.bool(hasIntercept)],
      ['coefficients', fromDoubles(fit.theta)],
      ['xColNames', new StringVector(training.names.slice())],
      ['iterations', Scalar.int(fit.iterations)],
      ['tolerance', Scalar.double(limit)],
      ['predict', builtinNamed(session, 'logisticRegressionPredict')],
    ])
  },
})

const usageLogisticPredict = 'logisticRegressionPredict(model, X)'
define(usageLogisticPredict, {
  doc: 'The class, 0 or 1, that a model of logisticRegression finds more probable for each row of X, INT; null where a value is null.',
  call: ([m, x]) => {
    const model = modelArg(m, usageLogisticPredict)
    const names = namesOf(model, usageLogisticPredict)
    const observations = observationsArg(x, names, names.length, usageLogisticPredict)
    const theta = doublesOf(model, 'coefficients', usageLogisticPredict)
    const scores = scoresOf(theta, theta.length > names.length ? theta[names.length] : 0, observations)
    return new FixedVector(
      T.INT,
      Int32Array.from(scores, (z) => (Number.isNaN(z) ? NULL_I32 : z > 0 ? 1 : 0)),
    )
  },
})

// Random forests.

const usageForest =
  'randomForestClassifier(ds, yColName, xColNames, numClasses, [maxFeatures=0], [numTrees=10], [numBins=32], [maxDepth=32], [minImpurityDecrease=0.0], [numJobs=-1], [randomSeed])'
define(usageForest, {
  doc: "A forest of classification trees for the classes 0 to numClasses-1: each on a bootstrap sample, splits by Gini impurity among maxFeatures features (0: the root of their number; a fraction below 1: that part), whose values are cut into numBins bins of equal counts. numJobs is accepted; a session has one thread. A dictionary: numClasses, minImpurityDecrease, maxDepth, numBins, numTrees, maxFeatures, model (a tuple of one table of nodes a tree), modelName 'Random Forest Classifier', xColNames, predict. Nulls are an error.",
  call: (args, session) => {
    const [ds, yName, xNames, numClasses, maxFeatures, numTrees, numBins, maxDepth, minDecrease, , seed] = args
    const training = trainingArg('randomForestClassifier', usageForest, session, ds, yName, xNames)
    const classes = intArg(numClasses, usageForest, 'numClasses')
    if (training.y.some((v) => !Number.isInteger(v) || v < 0 || v >= classes))
      throw usageError(usageForest, 'yColName must hold whole numbers from 0 to numClasses-1.')
    const positive = (v: Arg, name: string, fallback: number): number => {
      const n = intArg(v, usageForest, name, fallback)
      if (n < 1) throw usageError(usageForest, `${name} must be positive.`)
      return n
    }
    const count = training.columns.length
    const wanted = numberArg(maxFeatures, usageForest, 'maxFeatures', 0)
    if (wanted < 0 || wanted > count)
      throw usageError(usageForest, 'maxFeatures must not exceed the number of features.')
    const features = wanted === 0 ? Math.sqrt(count) : wanted < 1 ? wanted * count : wanted
    const options = {
      classes,
      features: Math.max(1, Math.floor(features)),
      trees: positive(numTrees, 'numTrees', 10),
      bins: positive(numBins, 'numBins', 32),
      depth: positive(maxDepth, 'maxDepth', 32),
      minDecrease: numberArg(minDecrease, usageForest, 'minImpurityDecrease', 0),
    }
    const labels = Int32Array.from(training.y)
    const trees = growForest(training.columns, labels, options, randomFor(session, seed, usageForest))
    return modelOf([
      ['numClasses', Scalar.int(classes)],
      ['minImpurityDecrease', Scalar.double(options.minDecrease)],
      ['maxDepth', Scalar.int(options.depth)],
      ['numBins', Scalar.int(options.bins)],
      ['numTrees', Scalar.int(options.trees)],
      ['maxFeatures', Scalar.int(options.features)],
      ['model', new AnyVector(trees.map(treeTable))],
      ['modelName', Scalar.string('Random Forest Classifier')],
      ['xColNames', new StringVector(training.names.slice())],
      ['predict', builtinNamed(session, 'randomForestClassifierPredict')],
    ])
  },
})

const TREE_COLUMNS = ['feature', 'threshold', 'left', 'right', 'label'] as const

const treeTable = (tree: Tree): Table =>
  new Table(
    [...TREE_COLUMNS],
    TREE_COLUMNS.map((c) =>
      c === 'threshold' ? fromDoubles(Float64Array.from(tree[c])) : new FixedVector(T.INT, Int32Array.from(tree[c])),
    ),
  )

function treeOf(v: Value, usage: string): Tree {
  if (v.kind !== 'table') throw usageError(usage, 'model of the model must be a tuple of tables.')
  const numbers = (name: string): number[] => Array.from(toDoubles('predict', columnNamed(v, name)))
  const [feature, threshold, left, right, label] = TREE_COLUMNS.map(numbers)
  return { feature, threshold, left, right, label }
}

const usageForestPredict = 'randomForestClassifierPredict(model, X)'
define(usageForestPredict, {
  doc: 'The class that most trees of a model of randomForestClassifier vote for, for each row of X, INT; null where a value is null.',
  call: ([m, x]) => {
    const model = modelArg(m, usageForestPredict)
    const names = namesOf(model, usageForestPredict)
    const { columns } = observationsArg(x, names, names.length, usageForestPredict)
    const trees = field(model, 'model', usageForestPredict)
    if (!(trees instanceof AnyVector))
      throw usageError(usageForestPredict, 'model of the model must be a tuple of tables.')
    const classes = intArg(field(model, 'numClasses', usageForestPredict), usageForestPredict, 'numClasses')
    const votes = forestVotes(
      trees.values.map((t) => treeOf(t, usageForestPredict)),
      columns,
      classes,
    )
    return new FixedVector(T.INT, withNulls(votes, columns))
  },
})

// Clusters.

function rowMajor(columns: readonly Float64Array[]): Float64Array {
  const dims = columns.length
  const out = new Float64Array(dims * columns[0].length)
  columns.forEach((column, d) => {
    for (let r = 0; r < column.length; r++) out[r * dims + d] = column[r]
  })
  return out
}

const usageKmeans = "kmeans(X, k, [maxIter=300], [randomSeed], [init='random'])"
define(usageKmeans, {
  doc: "K-means clusters of the rows of a table by Lloyd's algorithm. init: 'random' observations, 'k-means++', or a matrix of k rows. A dictionary: centers (a matrix of k rows), predict, modelName 'KMeans', model (the centers again), labels (the number of the cluster of each row, from 1). Nulls are an error.",
  call: ([x, k, maxIter, seed, init], session) => {
    const { columns } = gatherColumns(required(x, usageKmeans, 'X'), session, usageKmeans)
    const data = columns.map((c) => toDoubles('kmeans', c))
    if (hasNull(data)) throw usageError(usageKmeans, 'X must not contain NULL values.')
    const count = intArg(k, usageKmeans, 'k')
    const dims = data.length
    const n = data[0]?.length ?? 0
    if (count < 1 || count > n) throw usageError(usageKmeans, 'k must be between 1 and the number of rows.')
    const rounds = intArg(maxIter, usageKmeans, 'maxIter', 300)
    if (rounds < 1) throw usageError(usageKmeans, 'maxIter must be positive.')
    const rows = rowMajor(data)
    const { centers, labels } = lloyd(rows, dims, startArg(init, rows, dims, count, session, seed), rounds)
    const value = centerMatrix(centers, dims)
    return modelOf([
      ['centers', value],
      ['predict', builtinNamed(session, 'kmeansPredict')],
      ['modelName', Scalar.string('KMeans')],
      ['model', value],
      ['labels', new FixedVector(T.INT, labels.map((l) => l + 1) as Int32Array<ArrayBuffer>)],
    ])
  },
})

function startArg(init: Arg, rows: Float64Array, dims: number, k: number, session: Session, seed: Arg): Float64Array {
  if (init?.kind === 'matrix') {
    if (init.rows !== k || init.cols !== dims)
      throw usageError(usageKmeans, 'init must have k rows and the columns of X.')
    return rowMajor(matrixColumns(init).map((c) => toDoubles('kmeans', c)))
  }
  const random = randomFor(session, seed, usageKmeans)
  switch (textArg(init, usageKmeans, 'init', 'random')) {
    case 'random':
      return randomStart(rows, dims, k, random)
    case 'k-means++':
    case 'kmeans++':
      return plusPlusStart(rows, dims, k, random)
    default:
      throw usageError(usageKmeans, "init must be 'random', 'k-means++' or a matrix.")
  }
}

function centerMatrix(centers: Float64Array, dims: number): Matrix {
  const k = centers.length / dims
  const data = Float64Array.from({ length: centers.length }, (_, at) => centers[(at % k) * dims + Math.floor(at / k)])
  return new Matrix(fromDoubles(data), k, dims)
}

const usageKmeansPredict = 'kmeansPredict(model, X)'
define(usageKmeansPredict, {
  doc: 'The number (from 1) of the cluster whose center is nearest to each row of X, INT; null where a value is null.',
  call: ([m, x]) => {
    const centers = field(modelArg(m, usageKmeansPredict), 'centers', usageKmeansPredict)
    if (centers.kind !== 'matrix') throw usageError(usageKmeansPredict, 'centers of the model must be a matrix.')
    const { columns } = observationsArg(x, undefined, centers.cols, usageKmeansPredict)
    const flat = rowMajor(matrixColumns(centers).map((c) => toDoubles('predict', c)))
    const labels = nearestCenters(rowMajor(columns), centers.cols, flat).map((l) => l + 1)
    return new FixedVector(T.INT, withNulls(labels, columns))
  },
})

// Principal components.

const usagePca = "pca(ds, [colNames], [k], [normalize=false], [maxIter], [svdSolver='auto'], [randomState])"
define(usagePca, {
  doc: "Principal components of columns of a table or of data sources, by the singular value decomposition of the centred (normalize: standardised) columns. A dictionary: components (a matrix with one component in each row, as the sample of the documentation shows it), explainedVarianceRatio, singularValues, each for the first k components. Every svdSolver ('full', 'randomized', 'auto') gives the exact result; maxIter and randomState are accepted. Nulls are an error.",
  call: ([ds, colNames, k, normalize, , solver], session) => {
    const names = isGiven(colNames) ? textListArg(colNames, usagePca, 'colNames') : undefined
    const { columns } = gatherColumns(required(ds, usagePca, 'ds'), session, usagePca, names)
    const data = columns.map((c) => toDoubles('pca', c))
    if (hasNull(data)) throw usageError(usagePca, 'The columns must not contain NULL values.')
    if (!['auto', 'full', 'randomized'].includes(textArg(solver, usagePca, 'svdSolver', 'auto')))
      throw usageError(usagePca, "svdSolver must be 'full', 'randomized' or 'auto'.")
    const cols = data.length
    const rows = data[0]?.length ?? 0
    if (rows < 2) throw usageError(usagePca, 'ds must hold at least two rows.')
    const wanted = intArg(k, usagePca, 'k', Math.min(cols, rows))
    if (wanted < 1 || wanted > Math.min(cols, rows))
      throw usageError(usagePca, 'k must be between 1 and the number of columns.')
    const scaled = boolArg(normalize, usagePca, 'normalize', false)
    const m: Dense = { data: new Float64Array(rows * cols), rows, cols }
    data.forEach((column, c) => {
      const mean = column.reduce((s, v) => s + v, 0) / rows
      const std = scaled ? Math.sqrt(column.reduce((s, v) => s + (v - mean) ** 2, 0) / (rows - 1)) : 1
      for (let r = 0; r < rows; r++) m.data[c * rows + r] = (column[r] - mean) / (std > 0 ? std : 1)
    })
    const d = decomposeSvd(m)
    if (d === undefined) throw noConvergence('pca')
    const total = d.s.reduce((sum, v) => sum + v * v, 0)
    const components: Dense = { data: new Float64Array(wanted * cols), rows: wanted, cols }
    for (let c = 0; c < cols; c++)
      for (let r = 0; r < wanted; r++) components.data[c * wanted + r] = d.vt.data[c * d.vt.rows + r]
    const first = d.s.slice(0, wanted)
    return new Dict(
      T.STRING,
      T.ANY,
      new Map<string, Value>([
        ['components', matrixValue(components)],
        ['explainedVarianceRatio', fromDoubles(first.map((v) => (v * v) / total) as Float64Array)],
        ['singularValues', fromDoubles(first)],
      ]),
      true,
    )
  },
})

const usagePredict = 'predict(model, X)'
define(usagePredict, {
  doc: 'What a model predicts for X: the function under its key predict, called with the model and X. Models come from lasso, ridge, elasticNet, logisticRegression, randomForestClassifier, kmeans, polyFit (mode=1) and linearInterpolateFit.',
  call: ([m, x], session) => {
    const model = modelArg(m, usagePredict)
    const f = model.entries.get('predict')
    if (f?.kind !== 'function') throw usageError(usagePredict, 'The model has no function predict.')
    return session.call(f, [model, required(x, usagePredict, 'X')])
  },
})
