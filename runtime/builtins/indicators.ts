/** Technical indicators, exponentially weighted statistics, and `bar`. */
import { inputError, operatorError } from '../errors.ts'
import { type Decay, dema, ema, ewm, exponential, kama, sma, t3, tema, trima, wma } from '../kernels/smoothing.ts'
import { countWindows, movingLine } from '../kernels/window.ts'
import { elementwise } from '../ops/binary.ts'
import { castValue } from '../ops/cast.ts'
import { fromDoubles, toDoubles } from '../ops/doubles.ts'
import { topicTable } from '../registry.ts'
import { isMarketName, marketCalendar, weekdayIndex } from '../temporal/market.ts'
import { temporalUnit } from '../temporal/units.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { isTemporal, T, typeName, unpackDuration } from '../values/types.ts'
import { AnyVector, FixedVector, newVector, type Vector } from '../values/vector.ts'
import { type Arg, boolArg, intArg, isGiven, numberArg, required, textArg, vectorArg } from './args.ts'
import { asVector, isNumericColumn, pairwise, vectorOver } from './shapes.ts'

const { entries, define } = topicTable('Cumulative and technical indicators')

type Smoother = (x: Float64Array, n: number) => Float64Array

function windowArg(v: Arg, usage: string, least = 2): number {
  const n = intArg(v, usage, 'window')
  if (n < least) throw inputError(`Usage: ${usage}. window must be an integer of at least ${least}.`)
  return n
}

const smooth = (name: string, usage: string, x: Arg, f: (data: Float64Array) => Float64Array): Value =>
  vectorOver(name, required(x, usage, 'X'), (v) => fromDoubles(f(toDoubles(name, v))), isNumericColumn)

/** The same of the ewm-functions: columns of a table that are no numbers stay as they are. */
const decayed: typeof smooth = (name, usage, x, f) =>
  vectorOver(name, required(x, usage, 'X'), (v) => fromDoubles(f(toDoubles(name, v))), isNumericColumn, 'keep')

const SMOOTHERS: Readonly<Record<string, readonly [Smoother, string]>> = {
  sma: [sma, 'Simple moving mean.'],
  wma: [wma, 'Moving mean with weights 1..n, the newest heaviest.'],
  wilder: [(x, n) => exponential(x, n, 1 / n), 'Exponential mean with factor 1/n.'],
  dema: [dema, 'Double exponential mean: 2*ema - ema of ema.'],
  tema: [tema, 'Triple exponential mean.'],
  trima: [trima, 'Triangular mean: a simple mean of simple means.'],
  kama: [kama, "Kaufman's adaptive mean."],
}
for (const [name, [f, doc]] of Object.entries(SMOOTHERS)) {
  const usage = `${name}(X, window)`
  define(usage, {
    kind: 'vector',
    doc: `${doc} Leading nulls are kept, then the first window-1 results are null.`,
    call: ([x, window]) => {
      const n = windowArg(window, usage)
      return smooth(name, usage, x, (data) => f(data, n))
    },
  })
}

const usageEma = 'ema(X, window, [warmup=false])'
define(usageEma, {
  kind: 'vector',
  doc: 'Exponential mean with factor 2/(window+1), seeded with the mean of the first window elements; with warmup there are no leading nulls: from the first element on, the factor at element i is 2/(i+1) until there are window elements behind it.',
  call: ([x, window, warmup]) => {
    const n = windowArg(window, usageEma, 1)
    const early = boolArg(warmup, usageEma, 'warmup', false)
    return smooth('ema', usageEma, x, (data) => ema(data, n, early))
  },
})
const usageGema = 'gema(X, window, alpha)'
define(usageGema, {
  kind: 'vector',
  doc: 'Exponential mean with the factor alpha.',
  call: ([x, window, alpha]) => {
    const n = windowArg(window, usageGema)
    const factor = numberArg(alpha, usageGema, 'alpha')
    return smooth('gema', usageGema, x, (data) => exponential(data, n, factor))
  },
})
const usageT3 = 't3(X, window, [vfactor=1.0])'
define(usageT3, {
  kind: 'vector',
  doc: 'Triple generalised double exponential mean.',
  call: ([x, window, vfactor]) => {
    const n = windowArg(window, usageT3)
    const factor = numberArg(vfactor, usageT3, 'vfactor', 1)
    return smooth('t3', usageT3, x, (data) => t3(data, n, factor))
  },
})

const BY_NUMBER: readonly (Smoother | undefined)[] = [
  sma,
  ema,
  wma,
  dema,
  tema,
  trima,
  kama,
  undefined,
  (x, n) => t3(x, n, 1),
]
const usageMa = 'ma(X, window, maType)'
define(usageMa, {
  kind: 'vector',
  doc: 'A moving mean by number: 0 sma, 1 ema, 2 wma, 3 dema, 4 tema, 5 trima, 6 kama, 8 t3.',
  call: ([x, window, maType]) => {
    const n = windowArg(window, usageMa)
    const f = BY_NUMBER[intArg(maType, usageMa, 'maType')]
    if (f === undefined) throw inputError(`Usage: ${usageMa}. maType must be 0 to 6 or 8.`)
    return smooth('ma', usageMa, x, (data) => f(data, n))
  },
})

const usageTrend = 'linearTimeTrend(X, window)'
define(usageTrend, {
  kind: 'vector',
  doc: 'Regression of each window on 0..window-1: the tuple (intercept, slope). Of a matrix: two matrices, column by column.',
  call: ([x, window]) => {
    const n = windowArg(window, usageTrend)
    const line = (data: Float64Array): { intercept: Float64Array; slope: Float64Array } => {
      const time = Float64Array.from({ length: data.length }, (_, k) => k)
      const { intercept, slope } = movingLine(data, time, countWindows(data.length, n))
      // The regression runs on absolute positions; the window's own start at k - n + 1.
      for (let k = 0; k < data.length; k++) intercept[k] += slope[k] * (k - n + 1)
      return { intercept, slope }
    }
    return new AnyVector([
      smooth('linearTimeTrend', usageTrend, x, (data) => line(data).intercept),
      smooth('linearTimeTrend', usageTrend, x, (data) => line(data).slope),
    ])
  },
})

const usageRange = 'trueRange(high, low, close)'
define(usageRange, {
  kind: 'vector',
  doc: 'The largest of high-low, |high - previous close| and |previous close - low|; the first is null.',
  call: ([high, low, close]) => {
    const h = toDoubles('trueRange', vectorArg(high, usageRange, 'high'))
    const l = toDoubles('trueRange', vectorArg(low, usageRange, 'low'))
    const c = toDoubles('trueRange', vectorArg(close, usageRange, 'close'))
    if (h.length !== l.length || l.length !== c.length)
      throw operatorError('Incompatible vector size', { code: 'vectorSize' })
    return fromDoubles(
      h.map((x, k) =>
        k === 0 ? Number.NaN : Math.max(x - l[k], Math.abs(x - c[k - 1]), Math.abs(c[k - 1] - l[k])),
      ) as Float64Array,
    )
  },
})

// ---------------------------------------------------------------------------------------------------------------------
// Exponentially weighted statistics

function decayArgs(args: readonly Arg[], usage: string): Decay {
  const [com, span, halfLife, alpha, minPeriods, adjust, ignoreNA] = args
  const given = [com, span, halfLife, alpha].filter((v) => isGiven(v) && !(v.kind === 'scalar' && v.isNull()))
  if (given.length !== 1)
    throw inputError(`Usage: ${usage}. Exactly one of com, span, halfLife and alpha must be given.`)
  const value = numberArg(given[0], usage, 'decay')
  const factor =
    given[0] === com
      ? 1 / (1 + value)
      : given[0] === span
        ? 2 / (value + 1)
        : given[0] === halfLife
          ? 1 - 2 ** (-1 / value)
          : value
  if (!(factor > 0 && factor <= 1)) throw inputError(`Usage: ${usage}. The decay is out of range.`)
  return {
    alpha: factor,
    minPeriods: intArg(minPeriods, usage, 'minPeriods', 0),
    adjust: boolArg(adjust, usage, 'adjust', true),
    ignoreNull: boolArg(ignoreNA, usage, 'ignoreNA', false),
  }
}

/** Decay by time: halfLife is a DURATION, times the temporal vector. */
function timedDecay(args: readonly Arg[], halfLife: Scalar, usage: string): Decay {
  const times = vectorArg(args[7], usage, 'times')
  const { count, unit } = unpackDuration(halfLife.value as bigint)
  const facts = temporalUnit(times.type)
  const inDays = unit === 'B' || isMarketName(unit)
  if (
    facts === undefined ||
    facts.perDay === 0 ||
    count <= 0 ||
    (inDays ? times.type !== T.DATE : !(unit in DAY_FRACTION))
  )
    throw inputError(`Usage: ${usage}. times must be temporal data that halfLife, a positive DURATION, can divide.`)
  const index = unit === 'B' ? weekdayIndex : inDays ? marketCalendar(unit).index : (t: number) => t
  const half = inDays ? count : (count * facts.perDay) / DAY_FRACTION[unit]
  const data = toDoubles('ewmMean', times)
  for (let k = 0; k < data.length; k++)
    if (Number.isNaN(data[k]) || (k > 0 && data[k] <= data[k - 1]))
      throw inputError(`Usage: ${usage}. times must be strictly increasing and hold no nulls.`)
  if (!boolArg(args[5], usage, 'adjust', true)) throw inputError(`Usage: ${usage}. times needs adjust=true.`)
  const plain = args.map((a, k) => (k === 2 ? undefined : k === 3 ? new Scalar(T.DOUBLE, 0.5) : a))
  return { ...decayArgs(plain, usage), times: data.map((t) => index(t) / half) }
}

const usageMean =
  'ewmMean(X, [com], [span], [halfLife], [alpha], [minPeriods=0], [adjust=true], [ignoreNA=false], [times])'
define(usageMean, {
  kind: 'vector',
  doc: 'Exponentially weighted mean; exactly one of com (1/(1+com)), span (2/(span+1)), halfLife and alpha gives the decay. A halfLife that is a DURATION needs times, strictly increasing and as long as X: weights then decay with time (B and markets: with business or trading days; times are then DATE).',
  call: ([x, ...rest]) => {
    const halfLife = rest[2]
    const timed = halfLife?.kind === 'scalar' && halfLife.type === T.DURATION
    if (timed !== isGiven(rest[7]))
      throw inputError(`Usage: ${usageMean}. times goes with a halfLife that is a DURATION, and only with that.`)
    const decay = timed ? timedDecay(rest, halfLife, usageMean) : decayArgs(rest, usageMean)
    return decayed('ewmMean', usageMean, x, (data) => {
      if (decay.times !== undefined && decay.times.length !== data.length)
        throw operatorError('Incompatible vector size', { code: 'vectorSize' })
      return ewm(data, data, decay, true).mean
    })
  },
})
for (const name of ['ewmVar', 'ewmStd'] as const) {
  const usage = `${name}(X, [com], [span], [halfLife], [alpha], [minPeriods=0], [adjust=true], [ignoreNA=false], [bias=false])`
  define(usage, {
    kind: 'vector',
    doc: `Exponentially weighted ${name === 'ewmVar' ? 'variance' : 'standard deviation'}, corrected for bias unless bias is true.`,
    call: ([x, ...rest]) => {
      const decay = decayArgs(rest, usage)
      const bias = boolArg(rest[7], usage, 'bias', false)
      return decayed(name, usage, x, (data) => {
        const { cov } = ewm(data, data, decay, bias)
        return name === 'ewmVar' ? cov : cov.map(Math.sqrt)
      })
    },
  })
}
/** Of a table the columns that hold numbers, with those of another table at their places; the others stay as they are. */
function onNumbers(x: Value, other: Value, f: (x: Value, other: Value) => Value): Value {
  if (x.kind !== 'table') return f(x, other)
  const numbers = x.columns.flatMap((c, k) => (isNumericColumn(c) ? [k] : []))
  const part = (t: Table): Table =>
    new Table(
      numbers.map((k) => t.names[k]),
      numbers.map((k) => t.columns[k]),
    )
  const both = other.kind === 'table' && other.columns.length === x.columns.length
  const found = f(part(x), both ? part(other) : other) as Table
  const columns = x.columns.map((c) => c.copy())
  for (const [at, k] of numbers.entries()) columns[k] = found.columns[at]
  return new Table(x.names.slice(), columns)
}

for (const name of ['ewmCov', 'ewmCorr'] as const) {
  const usage = `${name}(X, [com], [span], [halfLife], [alpha], [minPeriods=0], [adjust=true], [ignoreNA=false], [other], [bias=false])`
  define(usage, {
    kind: 'vector',
    doc: `Exponentially weighted ${name === 'ewmCov' ? 'covariance' : 'correlation'} of X and other.`,
    call: ([x, ...rest]) => {
      const decay = decayArgs(rest, usage)
      const biased = name === 'ewmCorr' || boolArg(rest[8], usage, 'bias', false)
      const other = required(rest[7], usage, 'other')
      return onNumbers(required(x, usage, 'X'), other, (part, given) =>
        pairwise(name, part, given, (a, b) => {
          const p = toDoubles(name, a)
          const q = toDoubles(name, b)
          const { cov } = ewm(p, q, decay, biased)
          if (name === 'ewmCov') return fromDoubles(cov)
          const xs = p.map((n, k) => (Number.isNaN(q[k]) ? Number.NaN : n))
          const ys = q.map((n, k) => (Number.isNaN(p[k]) ? Number.NaN : n))
          const vx = ewm(xs, xs, decay, true).cov
          const vy = ewm(ys, ys, decay, true).cov
          return fromDoubles(cov.map((c, k) => c / Math.sqrt(vx[k] * vy[k])) as Float64Array)
        }),
      )
    },
  })
}

// ---------------------------------------------------------------------------------------------------------------------
// Nulls before the first valid element

function leadOf(vectors: readonly Vector[]): number {
  const length = Math.min(...vectors.map((v) => v.length))
  let k = 0
  while (k < length && vectors.some((v) => v.isNullAt(k))) k++
  return k
}
const asVectors = (args: readonly Arg[], usage: string): Vector[] => args.map((a) => vectorArg(a, usage, 'args'))

define('talibNull(args...)', {
  doc: 'The vectors as a tuple, all null up to the first position that is valid in every one.',
  call: (args) => {
    const vectors = asVectors(args, 'talibNull(args...)')
    const lead = leadOf(vectors)
    return new AnyVector(
      vectors.map((v) => v.gather(Int32Array.from({ length: v.length }, (_, k) => (k < lead ? -1 : k)))),
    )
  },
})
define('talib(func, args...)', {
  doc: 'Calls func without the leading nulls that the vectors have in common and puts nulls in front of its result.',
  call: ([func, ...args], session) => {
    if (func?.kind !== 'function') throw inputError('Usage: talib(func, args...). func must be a function.')
    const vectors = args.filter((a) => a?.kind === 'vector') as Vector[]
    const lead = vectors.length === 0 ? 0 : leadOf(vectors)
    const result = session.call(
      func,
      args.map((a) => (a?.kind === 'vector' ? a.slice(Math.min(lead, a.length), a.length) : a)),
    )
    if (result.kind !== 'vector') return result
    return result.gather(Int32Array.from({ length: result.length + lead }, (_, k) => (k < lead ? -1 : k - lead)))
  },
})

for (const [name, smaller] of [
  ['topRange', true],
  ['lowRange', false],
] as const)
  define(`${name}(X)`, {
    kind: 'vector',
    doc: `For each element the number of consecutive ${smaller ? 'smaller' : 'larger'} elements immediately before it.`,
    call: ([x]) =>
      vectorOver(name, required(x, `${name}(X)`, 'X'), (v) => {
        const data = toDoubles(name, v)
        const out = new Int32Array(data.length)
        for (let k = 0; k < data.length; k++) {
          let j = k - 1
          // Whole runs are skipped: what an element dominates, its successor dominates too.
          while (j >= 0 && (smaller ? data[j] < data[k] : data[j] > data[k])) j -= out[j] + 1
          out[k] = k - 1 - j
        }
        return new FixedVector(T.INT, out)
      }),
  })

// ---------------------------------------------------------------------------------------------------------------------
// bar, iterate

const DAY_FRACTION: Readonly<Record<string, number>> = {
  w: 1 / 7,
  d: 1,
  H: 24,
  m: 1440,
  s: 86_400,
  ms: 86_400_000,
  us: 86_400_000_000,
  ns: 86_400_000_000_000,
}

/** A duration as a whole number of the type's units. */
function unitsOf(duration: Scalar, type: number, usage: string): Scalar {
  const { count, unit } = unpackDuration(duration.value as bigint)
  const facts = temporalUnit(type)
  const parts = DAY_FRACTION[unit]
  if (facts === undefined || parts === undefined || facts.perDay === 0)
    throw inputError(`Usage: ${usage}. The duration ${count}${unit} does not divide ${typeName(type)} data.`)
  const units = (count * facts.perDay) / parts
  if (!Number.isInteger(units) || units < 1)
    throw inputError(`Usage: ${usage}. The duration ${count}${unit} is finer than ${typeName(type)}.`)
  return facts.wide ? Scalar.long(units) : Scalar.int(units)
}

const usageBar = "bar(X, interval, [closed='left'])"

function bar(x: Value, interval: Value, right: boolean): Value {
  if (x.kind !== 'scalar' && x.kind !== 'vector')
    throw inputError(`Usage: ${usageBar}. X must be a scalar or a vector.`)
  if (interval.kind === 'scalar' && interval.type === T.DURATION) {
    const { count, unit } = unpackDuration(interval.value as bigint)
    if ((unit === 'M' || unit === 'y') && isTemporal(x.type)) {
      const months = bar(castValue(x, T.MONTH), Scalar.int(unit === 'y' ? count * 12 : count), right)
      return x.type === T.MONTH ? months : castValue(months, x.type)
    }
    return bar(x, unitsOf(interval, x.type, usageBar), right)
  }
  const rest = elementwise('mod', x, interval)
  if (!right) return elementwise('sub', x, rest)
  const step = elementwise('mod', elementwise('sub', interval, rest), interval)
  return elementwise('add', x, step)
}

define(usageBar, {
  kind: 'element',
  doc: "The start of the bar that holds X: X - X % interval. closed='right' gives the end instead. interval is an integer in units of X, a DURATION, or a vector.",
  call: ([x, interval, closed]) => {
    const side = textArg(closed, usageBar, 'closed', 'left')
    if (side !== 'left' && side !== 'right') throw inputError(`Usage: ${usageBar}. closed must be 'left' or 'right'.`)
    return bar(required(x, usageBar, 'X'), required(interval, usageBar, 'interval'), side === 'right')
  },
})

const usageIterate = 'iterate(init, coeffs, input)'
define(usageIterate, {
  doc: 'Linear recursion: each element is coeffs times the last elements (init before the first) plus input; an integer input is the number of elements.',
  call: ([init, coeffs, input]) => {
    const numbers = (v: Arg, name: string): Float64Array => {
      const flat = asVector(required(v, usageIterate, name))
      if (flat === undefined) throw inputError(`Usage: ${usageIterate}. ${name} must be a scalar or a vector.`)
      return toDoubles('iterate', flat)
    }
    const factors = numbers(coeffs, 'coeffs')
    const state = [...numbers(init, 'init')]
    if (state.length !== factors.length)
      throw inputError(`Usage: ${usageIterate}. init and coeffs must have one length.`)
    const source = required(input, usageIterate, 'input')
    const steps =
      source.kind === 'vector' ? toDoubles('iterate', source) : new Float64Array(intArg(source, usageIterate, 'input'))
    const out = newVector(T.DOUBLE, steps.length) as FixedVector
    for (let k = 0; k < steps.length; k++) {
      let value = steps[k]
      for (let j = 0; j < factors.length; j++) value += factors[j] * state[state.length - factors.length + j]
      state.push(value)
      out.data[k] = value
    }
    return fromDoubles(out.data as Float64Array)
  },
})

export const indicatorBuiltins = entries
