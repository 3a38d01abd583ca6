/** Models that learn labels from rows of a table: knn (nearest neighbours) and gaussianNB (naive Bayes). */
import { usageError } from '../errors.ts'
import { checkInterrupt } from '../interrupt.ts'
import { fromDoubles, toDoubles } from '../ops/doubles.ts'
import { type Builtin, topicTable } from '../registry.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { isNumeric } from '../values/types.ts'
import { AnyVector, type Vector } from '../values/vector.ts'
import { type Arg, intArg, numberArg, textArg, vectorArg } from './args.ts'
import { denseArg, matrixValue } from './dense-arg.ts'
import { anyNull } from './nulls.ts'
import { matrixColumns } from './shapes.ts'
import { modelField, modelOf } from './spline-arg.ts'

const { entries, define } = topicTable('Models')
export const classifierBuiltins: readonly Builtin[] = entries

/** Columns of a table, a matrix or a tuple, without nulls. */
function featuresArg(x: Arg, usage: string): Float64Array[] {
  const columns: readonly Vector[] =
    x?.kind === 'table'
      ? x.columns
      : x?.kind === 'matrix'
        ? matrixColumns(x)
        : x?.kind === 'vector' && x.storage === 'any' && x.values.every((v) => v.kind === 'vector')
          ? (x.values as Vector[])
          : []
  if (columns.length === 0) throw usageError(usage, 'X must be a table, a matrix or a tuple of vectors.')
  if (columns.some((c) => !isNumeric(c.type) || c.length !== columns[0].length))
    throw usageError(usage, 'X must have numeric columns of one length.')
  const data = columns.map((c) => toDoubles('X', c))
  if (data.some((c) => c.some(Number.isNaN))) throw usageError(usage, 'X must not contain NULL values.')
  return data
}

interface Training {
  readonly labels: Vector
  readonly features: readonly Float64Array[]
}

function trainingArg(y: Arg, x: Arg, usage: string): Training {
  const features = featuresArg(x, usage)
  const labels = vectorArg(y, usage, 'Y')
  if (labels.length !== features[0].length || labels.length === 0)
    throw usageError(usage, 'Y must have a label for each row of X, of which there must be one.')
  if (anyNull(labels)) throw usageError(usage, 'Y must not contain NULL values.')
  return { labels, features }
}

const featureMatrix = (features: readonly Float64Array[]): Value => {
  const rows = features[0].length
  const data = new Float64Array(rows * features.length)
  for (let c = 0; c < features.length; c++) data.set(features[c], c * rows)
  return matrixValue({ data, rows, cols: features.length })
}

/** What a model keeps of its training. */
function trainedArg(model: Arg, usage: string, maker: string): Training {
  const inner = modelField(model, 'model', usage, maker)
  const [labels, matrix] = inner.kind === 'vector' && inner.storage === 'any' ? inner.values : []
  if (labels?.kind !== 'vector' || matrix?.kind !== 'matrix')
    throw usageError(usage, `model must be a model of ${maker}.`)
  const dense = denseArg(matrix, usage, 'model')
  const features = Array.from({ length: dense.cols }, (_, c) => dense.data.slice(c * dense.rows, (c + 1) * dense.rows))
  return { labels, features }
}

function newFeatures(x: Arg, count: number, usage: string): Float64Array[] {
  const features = featuresArg(x, usage)
  if (features.length !== count) throw usageError(usage, `X must have the ${count} columns of the model.`)
  return features
}

/** Distinct labels, ascending, and the number of each row's label among them. */
function classesOf(labels: Vector): { readonly representatives: Int32Array; readonly numbers: Int32Array } {
  const first = new Map<unknown, number>()
  const rows: number[] = []
  for (let k = 0; k < labels.length; k++) if (!first.has(labels.raw(k))) first.set(labels.raw(k), rows.push(k) - 1)
  const order = rows.map((_, c) => c).sort((a, b) => comparison(labels.raw(rows[a]), labels.raw(rows[b])))
  const place = new Int32Array(order.length)
  order.forEach((c, k) => {
    place[c] = k
  })
  return {
    representatives: Int32Array.from(order, (c) => rows[c]),
    numbers: Int32Array.from({ length: labels.length }, (_, k) => place[first.get(labels.raw(k))!]),
  }
}

const comparison = (a: unknown, b: unknown): number => ((a as number) < (b as number) ? -1 : a === b ? 0 : 1)

// ---------------------------------------------------------------------------------------------------------------------
// Nearest neighbours

const usageKnn = 'knn(Y, X, type, nNeighbor, [power=2])'
define(usageKnn, {
  doc: "A model of the nearest neighbours: predict gives each row the commonest label (type 'classifier'; the smallest of equally common ones) or the mean of the labels (type 'regressor') of the nNeighbor rows of X that are nearest by Minkowski's distance of that power; of equally near rows the first ones. X is a table (a matrix, a tuple) with a row for each label of Y. A dictionary: nNeighbor, modelName, model (labels and features), power, type, predict. Nulls are an error.",
  call: ([y, x, type, nNeighbor, power], session) => {
    const { labels, features } = trainingArg(y, x, usageKnn)
    const kind = textArg(type, usageKnn, 'type')
    if (kind !== 'regressor' && kind !== 'classifier')
      throw usageError(usageKnn, "type must be 'regressor' or 'classifier'.")
    if (kind === 'regressor' && !isNumeric(labels.type))
      throw usageError(usageKnn, 'Y must be numeric for a regressor.')
    const neighbours = intArg(nNeighbor, usageKnn, 'nNeighbor')
    if (neighbours < 1 || neighbours > labels.length)
      throw usageError(usageKnn, 'nNeighbor must be between 1 and the number of rows of X.')
    const p = intArg(power, usageKnn, 'power', 2)
    if (p < 1) throw usageError(usageKnn, 'power must be a positive integer.')
    return modelOf([
      ['nNeighbor', Scalar.int(neighbours)],
      ['modelName', Scalar.string('KNN')],
      ['model', new AnyVector([labels, featureMatrix(features)])],
      ['power', Scalar.int(p)],
      ['type', Scalar.string(kind)],
      ['predict', session.registry.get('knnPredict')!],
    ])
  },
})

const usageKnnPredict = 'knnPredict(model, X)'
define(usageKnnPredict, {
  doc: 'What a model of knn predicts for the rows of X: labels, or DOUBLE means.',
  call: ([model, x]) => {
    const { labels, features } = trainedArg(model, usageKnnPredict, 'knn')
    const field = (key: string): Value => modelField(model, key, usageKnnPredict, 'knn')
    const neighbours = intArg(field('nNeighbor'), usageKnnPredict, 'nNeighbor')
    const power = intArg(field('power'), usageKnnPredict, 'power')
    const isClassifier = textArg(field('type'), usageKnnPredict, 'type') === 'classifier'
    const wanted = newFeatures(x, features.length, usageKnnPredict)
    const { representatives, numbers } = classesOf(labels)
    const values = isClassifier ? undefined : toDoubles('knn', labels)
    const out = new Float64Array(wanted[0].length)
    const order = Int32Array.from({ length: labels.length }, (_, k) => k)
    for (let r = 0; r < out.length; r++) {
      if ((r & 63) === 0) checkInterrupt()
      const distance = distances(features, wanted, r, power)
      order.sort((a, b) => distance[a] - distance[b] || a - b)
      const near = order.subarray(0, neighbours)
      out[r] =
        values === undefined
          ? commonest(near, numbers, representatives.length)
          : near.reduce((sum, k) => sum + values[k], 0) / neighbours
    }
    return values === undefined ? labels.gather(Int32Array.from(out, (c) => representatives[c])) : fromDoubles(out)
  },
})

/** Powers of distances, which order rows as distances do. */
function distances(
  features: readonly Float64Array[],
  wanted: readonly Float64Array[],
  row: number,
  power: number,
): Float64Array {
  const out = new Float64Array(features[0].length)
  features.forEach((feature, c) => {
    const at = wanted[c][row]
    for (let k = 0; k < out.length; k++) out[k] += Math.abs(feature[k] - at) ** power
  })
  return out
}

function commonest(rows: Int32Array, numbers: Int32Array, classes: number): number {
  const counts = new Int32Array(classes)
  for (const k of rows) counts[numbers[k]]++
  return counts.indexOf(Math.max(...counts))
}

// ---------------------------------------------------------------------------------------------------------------------
// Naive Bayes

const usageBayes = 'gaussianNB(Y, X, [varSmoothing=1e-9])'
define(usageBayes, {
  doc: "A classifier by Bayes' rule that takes the columns of X for independent and normally distributed within each label of Y: predict gives each row its most likely label. varSmoothing times the largest variance of a column is added to all variances. X is a table (a matrix, a tuple) with a row for each label. A dictionary: modelName, model (labels and features), varSmoothing, predict. Nulls are an error.",
  call: ([y, x, varSmoothing], session) => {
    const { labels, features } = trainingArg(y, x, usageBayes)
    const smoothing = numberArg(varSmoothing, usageBayes, 'varSmoothing', 1e-9)
    if (!(smoothing > 0)) throw usageError(usageBayes, 'varSmoothing must be positive.')
    return modelOf([
      ['modelName', Scalar.string('GaussianNB')],
      ['model', new AnyVector([labels, featureMatrix(features)])],
      ['varSmoothing', Scalar.double(smoothing)],
      ['predict', session.registry.get('gaussianNBPredict')!],
    ])
  },
})

const usageBayesPredict = 'gaussianNBPredict(model, X)'
define(usageBayesPredict, {
  doc: 'The labels that a model of gaussianNB predicts for the rows of X.',
  call: ([model, x]) => {
    const { labels, features } = trainedArg(model, usageBayesPredict, 'gaussianNB')
    const smoothing = numberArg(
      modelField(model, 'varSmoothing', usageBayesPredict, 'gaussianNB'),
      usageBayesPredict,
      'varSmoothing',
    )
    const wanted = newFeatures(x, features.length, usageBayesPredict)
    const { representatives, numbers } = classesOf(labels)
    const classes = representatives.length
    const extra =
      smoothing *
      Math.max(
        ...features.map(
          (f) =>
            moments(
              f,
              numbers.map(() => 0),
              1,
            ).variances[0],
        ),
      )
    const perFeature = features.map((f) => moments(f, numbers, classes))
    const counts = perFeature[0].counts
    const best = new Int32Array(wanted[0].length)
    for (let r = 0; r < best.length; r++) {
      let most = Number.NEGATIVE_INFINITY
      for (let c = 0; c < classes; c++) {
        let score = Math.log(counts[c] / labels.length)
        perFeature.forEach(({ means, variances }, j) => {
          const variance = variances[c] + extra
          score -= (Math.log(2 * Math.PI * variance) + (wanted[j][r] - means[c]) ** 2 / variance) / 2
        })
        if (score > most) {
          most = score
          best[r] = c
        }
      }
    }
    return labels.gather(best.map((c) => representatives[c]))
  },
})

interface ClassMoments {
  readonly counts: Float64Array
  readonly means: Float64Array
  /** Divided by the counts. */
  readonly variances: Float64Array
}

function moments(x: Float64Array, numbers: Int32Array, classes: number): ClassMoments {
  const counts = new Float64Array(classes)
  const means = new Float64Array(classes)
  const variances = new Float64Array(classes)
  for (let k = 0; k < x.length; k++) {
    counts[numbers[k]]++
    means[numbers[k]] += x[k]
  }
  for (let c = 0; c < classes; c++) means[c] /= counts[c]
  for (let k = 0; k < x.length; k++) variances[numbers[k]] += (x[k] - means[numbers[k]]) ** 2
  for (let c = 0; c < classes; c++) variances[c] /= counts[c]
  return { counts, means, variances }
}
