/** Least values: of linear and quadratic functions under constraints (linprog, quadprog), of functions of the script (fmin, brute). */
import { inputError, usageError } from '../errors.ts'
import { checkInterrupt } from '../interrupt.ts'
import { choleskyFactor } from '../kernels/linalg/cholesky.ts'
import { type Dense, zeros } from '../kernels/linalg/dense.ts'
import { toDoubles } from '../ops/doubles.ts'
import { type Builtin, topicTable } from '../registry.ts'
import type { Session } from '../session.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { AnyVector } from '../values/vector.ts'
import { type Arg, intArg, isGiven, numberArg, required, textArg } from './args.ts'
import { fromDoubles } from './columns.ts'
import { matrixArg, squareArg } from './dense-arg.ts'
import { functionArg } from './higher-order.ts'
import { solveLinearProgram } from './linear-program.ts'
import { downhillSimplex } from './nelder-mead.ts'
import { solveQuadraticProgram } from './quadratic-program.ts'
import { asVector } from './shapes.ts'
import { modelOf } from './spline-arg.ts'

const { entries, define } = topicTable('Optimization')
export const optimizationBuiltins: readonly Builtin[] = entries

const isMissing = (v: Arg): boolean => !isGiven(v) || (v.kind === 'scalar' && v.isNull())

function numbersArg(v: Arg, usage: string, name: string): Float64Array {
  const flat = v === undefined ? undefined : asVector(v)
  if (flat === undefined) throw usageError(usage, `${name} must be a numeric vector.`)
  const data = toDoubles(name, flat)
  if (data.some(Number.isNaN)) throw usageError(usage, `${name} must not contain NULL values.`)
  return data
}

interface Constraints {
  readonly rows: Dense
  readonly right: Float64Array
}

/** A matrix with a column for each variable and its right side; both or neither. */
function constraintsArg(
  m: Arg,
  right: Arg,
  count: number,
  usage: string,
  names: readonly [string, string],
): Constraints {
  if (isMissing(m) && isMissing(right)) return { rows: zeros(0, count), right: new Float64Array(0) }
  if (isMissing(m) || isMissing(right)) throw usageError(usage, `${names[0]} and ${names[1]} must be given together.`)
  const rows = matrixArg(m, usage, names[0], 'refused')
  const values = numbersArg(right, usage, names[1])
  if (rows.cols !== count) throw usageError(usage, `${names[0]} must have ${count} columns, one for each variable.`)
  if (rows.rows !== values.length)
    throw usageError(usage, `${names[1]} must have an element for each row of ${names[0]}.`)
  return { rows, right: values }
}

/** One bound for all variables, or one for each; null is none. */
function boundsArg(v: Arg, count: number, usage: string, name: string): Float64Array {
  if (isMissing(v)) return new Float64Array(count).fill(Number.NaN)
  if (v!.kind === 'scalar') return new Float64Array(count).fill(numberArg(v, usage, name))
  const flat = asVector(v!)
  if (flat === undefined || flat.length !== count)
    throw usageError(usage, `${name} must be a number or a vector with an element for each variable.`)
  return toDoubles(name, flat)
}

const optimum = (value: number, x: Float64Array): Value => new AnyVector([Scalar.double(value), fromDoubles(x)])

const usageLinprog = "linprog(f, [A], [b], [Aeq], [beq], [lb], [ub], [method='simplex'])"
define(usageLinprog, {
  doc: "The x at which the linear function f' x is least under A ** x <= b, Aeq ** x = beq and lb <= x <= ub: a tuple of the least value and x. lb and ub are one bound for all variables or one for each; null is no bound. The simplex method with the rule of Bland serves both methods, 'simplex' and 'interior-point'. Constraints that no x satisfies, and a function that falls without end, are errors.",
  call: ([f, a, b, aeq, beq, lb, ub, method]) => {
    const factors = numbersArg(f, usageLinprog, 'f')
    const count = factors.length
    const by = textArg(method, usageLinprog, 'method', 'simplex')
    if (by !== 'simplex' && by !== 'interior-point')
      throw usageError(usageLinprog, "method must be 'simplex' or 'interior-point'.")
    const inequalities = constraintsArg(a, b, count, usageLinprog, ['A', 'b'])
    const equalities = constraintsArg(aeq, beq, count, usageLinprog, ['Aeq', 'beq'])
    const solution = solveLinearProgram({
      f: factors,
      a: inequalities.rows,
      b: inequalities.right,
      equal: equalities.rows,
      target: equalities.right,
      lower: boundsArg(lb, count, usageLinprog, 'lb'),
      upper: boundsArg(ub, count, usageLinprog, 'ub'),
    })
    if (solution.kind === 'optimal') return optimum(solution.value, solution.x)
    throw inputError(
      solution.kind === 'infeasible'
        ? 'linprog: no x satisfies the constraints.'
        : 'linprog: the function falls without end under the constraints.',
      { code: solution.kind },
    )
  },
})

const usageQuadprog = 'quadprog(H, f, [A], [b], [Aeq], [beq])'
define(usageQuadprog, {
  doc: "The x at which x' H x / 2 + f' x is least under A ** x <= b and Aeq ** x = beq: a tuple of the least value and x. H must be symmetric and positive definite. The dual method of Goldfarb and Idnani. Constraints that no x satisfies are an error.",
  call: ([h, f, a, b, aeq, beq]) => {
    const quadratic = squareArg(h, usageQuadprog, 'H', 'refused')
    const count = quadratic.rows
    for (let c = 0; c < count; c++)
      for (let r = 0; r < c; r++)
        if (quadratic.data[c * count + r] !== quadratic.data[r * count + c])
          throw usageError(usageQuadprog, 'H must be symmetric.')
    if (choleskyFactor(quadratic) === undefined) throw usageError(usageQuadprog, 'H must be positive definite.')
    const linear = numbersArg(f, usageQuadprog, 'f')
    if (linear.length !== count) throw usageError(usageQuadprog, 'f must have an element for each column of H.')
    const inequalities = constraintsArg(a, b, count, usageQuadprog, ['A', 'b'])
    const equalities = constraintsArg(aeq, beq, count, usageQuadprog, ['Aeq', 'beq'])
    const solution = solveQuadraticProgram({
      h: quadratic,
      f: linear,
      a: inequalities.rows,
      b: inequalities.right,
      equal: equalities.rows,
      target: equalities.right,
    })
    if (solution === undefined) throw inputError('quadprog: no x satisfies the constraints.', { code: 'infeasible' })
    return optimum(solution.value, solution.x)
  },
})

// ---------------------------------------------------------------------------------------------------------------------
// Functions of the script

/** The function at a place: a number for a scalar start, else a vector. */
function objective(session: Session, func: Arg, isScalar: boolean, usage: string): (x: Float64Array) => number {
  const fn = functionArg(func, usage)
  return (x) => {
    checkInterrupt()
    const value = session.call(fn, [isScalar ? Scalar.double(x[0]) : fromDoubles(x.slice())])
    const flat =
      value.kind === 'scalar' || (value.kind === 'vector' && value.length === 1) ? asVector(value) : undefined
    const at = flat === undefined ? Number.NaN : toDoubles('func', flat)[0]
    if (Number.isNaN(at)) throw inputError(`Usage: ${usage}. func must return a number.`, { code: 'usage' })
    return at
  }
}

const usageFmin = 'fmin(func, X0, [xtol=0.0001], [ftol=0.0001], [maxIter], [maxFun])'
define(usageFmin, {
  doc: 'The place near X0 (a number or a vector) at which func is least, by the downhill simplex of Nelder and Mead, without derivatives. func gets what X0 is and returns a number. A dictionary: xopt, fopt, iterations, fcalls, warnFlag (0; 1 after maxFun calls, 2 after maxIter iterations, each 200 for each variable when neither is given). It ends where the corners of the simplex are within xtol of the best one and their values within ftol.',
  call: ([func, x0, xtol, ftol, maxIter, maxFun], session) => {
    const start = numbersArg(x0, usageFmin, 'X0')
    if (start.length === 0) throw usageError(usageFmin, 'X0 must not be empty.')
    const f = objective(session, func, required(x0, usageFmin, 'X0').kind === 'scalar', usageFmin)
    const tolerance = (v: Arg, name: string): number => {
      const t = numberArg(v, usageFmin, name, 0.0001)
      if (!(t > 0)) throw usageError(usageFmin, `${name} must be positive.`)
      return t
    }
    const most = (v: Arg, other: Arg, name: string): number => {
      if (isMissing(v)) return isMissing(other) ? 200 * start.length : Number.POSITIVE_INFINITY
      const n = intArg(v, usageFmin, name)
      if (n < 0) throw usageError(usageFmin, `${name} must not be negative.`)
      return n
    }
    const found = downhillSimplex(f, start, {
      xTolerance: tolerance(xtol, 'xtol'),
      valueTolerance: tolerance(ftol, 'ftol'),
      iterationsMax: most(maxIter, maxFun, 'maxIter'),
      callsMax: most(maxFun, maxIter, 'maxFun'),
    })
    return modelOf([
      ['xopt', fromDoubles(found.x)],
      ['fopt', Scalar.double(found.value)],
      ['iterations', Scalar.int(found.iterations)],
      ['fcalls', Scalar.int(found.calls)],
      ['warnFlag', Scalar.int(found.warning)],
    ])
  },
})

const usageBrute = 'brute(func, ranges, [ns=20], [finish=fmin])'
const GRID_MAX = 2 ** 26
define(usageBrute, {
  doc: 'The place at which func is least on a grid, and from there by finish: a dictionary with xopt and fopt. ranges is a tuple with (low, high) or (low, high, num) for each variable: num, else ns, places from low to high. func gets a vector and returns a number. finish(func, X) answers a dictionary with xopt and fopt; NULL keeps the place of the grid.',
  call: ([func, ranges, ns, finish], session) => {
    const axes = axesArg(ranges, intArg(ns, usageBrute, 'ns', 20))
    const count = axes.reduce((n, axis) => n * axis.length, 1)
    if (count > GRID_MAX) throw usageError(usageBrute, `The grid of ${count} places is too large.`)
    const f = objective(session, func, false, usageBrute)
    const x = new Float64Array(axes.length)
    let best = new Float64Array(axes.length)
    let least = Number.POSITIVE_INFINITY
    for (let k = 0; k < count; k++) {
      let rest = k
      for (let a = axes.length - 1; a >= 0; a--) {
        x[a] = axes[a][rest % axes[a].length]
        rest = Math.floor(rest / axes[a].length)
      }
      const value = f(x)
      if (value >= least) continue
      least = value
      best = x.slice()
    }
    if (finish?.kind === 'scalar' && finish.isNull()) return placeOf(fromDoubles(best), Scalar.double(least))
    const by = isGiven(finish) ? functionArg(finish, usageBrute) : session.registry.get('fmin')!
    const found = session.call(by, [required(func, usageBrute, 'func'), fromDoubles(best)])
    const xopt = found.kind === 'dict' ? found.entries.get('xopt') : undefined
    const fopt = found.kind === 'dict' ? found.entries.get('fopt') : undefined
    if (xopt === undefined || fopt === undefined)
      throw usageError(usageBrute, 'finish must return a dictionary with xopt and fopt.')
    return placeOf(xopt, fopt)
  },
})

const placeOf = (xopt: Value, fopt: Value): Value =>
  modelOf([
    ['xopt', xopt],
    ['fopt', fopt],
  ])

function axesArg(v: Arg, ns: number): Float64Array[] {
  const parts = v?.kind === 'vector' && v.storage === 'any' ? v.values : []
  if (parts.length === 0) throw usageError(usageBrute, 'ranges must be a tuple of (low, high) or (low, high, num).')
  return parts.map((part) => {
    const items = part.kind === 'pair' ? [part.first, part.second] : undefined
    const range = items === undefined ? numbersArg(part, usageBrute, 'ranges') : Float64Array.from(items, Number)
    const [low, high, num = ns] = range
    if (range.length < 2 || range.length > 3 || !Number.isInteger(num) || num < 1)
      throw usageError(usageBrute, 'ranges must be a tuple of (low, high) or (low, high, num).')
    return Float64Array.from({ length: num }, (_, k) => (num === 1 ? low : low + ((high - low) * k) / (num - 1)))
  })
}
