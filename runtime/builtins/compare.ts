/** Comparison, logic and membership as functions. */
import { inputError } from '../errors.ts'
import { fastBinary } from '../ops/binary.ts'
import { castValue } from '../ops/cast.ts'
import { toDoubles } from '../ops/doubles.ts'
import { betweenOp, ilikeOp, inOp, likeOp } from '../ops/membership.ts'
import { setBinary } from '../ops/sets.ts'
import { mapForm, unaryOp } from '../ops/unary.ts'
import { topicTable } from '../registry.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { T } from '../values/types.ts'
import { FixedVector } from '../values/vector.ts'
import { type Arg, intArg, isGiven, numberArg, required } from './args.ts'
import { asVector } from './shapes.ts'

const { entries, define } = topicTable('Arithmetic, comparison, logic')

const COMPARISONS = {
  eq: 'X equals Y. Operator ==.',
  ne: 'X differs from Y. Operator !=.',
  lt: 'X is less than Y. Operator <.',
  le: 'X is less than or equal to Y. Operator <=.',
  gt: 'X is greater than Y. Operator >.',
  ge: 'X is greater than or equal to Y. Operator >=.',
} as const
for (const [name, doc] of Object.entries(COMPARISONS)) {
  const run = fastBinary[name as keyof typeof COMPARISONS]
  define(`${name}(X, Y)`, {
    kind: 'element',
    doc: `${doc} Null is the smallest value and equals itself; sets are compared by inclusion.`,
    call: (args) => run(args[0]!, args[1]!),
  })
}

const LOGIC = {
  and: ['and', 'Both are true (non-zero); null if either is null. Operator &&.'],
  or: ['orIgnoreNull', 'At least one is true; a single null is ignored (the operator || gives null instead).'],
  xor: ['xor', 'Exactly one is true; null if either is null.'],
} as const
for (const [name, [op, doc]] of Object.entries(LOGIC)) {
  const run = fastBinary[op]
  define(`${name}(X, Y)`, { kind: 'element', doc, call: (args) => run(args[0]!, args[1]!) })
}
define('not(X)', {
  kind: 'element',
  doc: 'True where X is 0, null where it is null. Operator !.',
  call: ([x]) => unaryOp('not', required(x, 'not(X)', 'X')),
})

const pairOf = (name: string, f: (x: Value, y: Value) => Value, doc: string, second = 'Y'): void => {
  const usage = `${name}(X, ${second})`
  define(usage, { kind: 'element', doc, call: ([x, y]) => f(required(x, usage, 'X'), required(y, usage, second)) })
}

pairOf(
  'between',
  betweenOp,
  'Whether X lies in the pair Y, ends included; an open end is null. Temporal types must be identical.',
)
pairOf('notBetween', (x, y) => unaryOp('not', betweenOp(x, y)), 'Whether X lies outside the pair Y.')
pairOf(
  'in',
  inOp,
  'Whether each element of X occurs in Y: a vector, set, keys of a dictionary, one-column table, or keyed table (X then a tuple of key columns).',
)
pairOf('notIn', (x, y) => unaryOp('not', inOp(x, y)), 'Whether each element of X does not occur in Y.')
pairOf(
  'like',
  likeOp,
  'Whether text matches a pattern in which % stands for any run of characters. Case-sensitive.',
  'pattern',
)
pairOf('ilike', ilikeOp, 'As like, without regard to case.', 'pattern')
pairOf(
  'notLike',
  (x, y) => unaryOp('not', likeOp(x, y)),
  'Whether text does not match the pattern of like; true for null.',
  'pattern',
)

for (const [name, op] of [
  ['intersection', 'bitAnd'],
  ['union', 'bitOr'],
  ['symmetricDifference', 'bitXor'],
] as const)
  pairOf(
    name,
    (x, y) => {
      if (x.kind !== 'set' && y.kind !== 'set') throw inputError(`Usage: ${name}(X, Y). X and Y must be sets.`)
      return setBinary(op, x, y)
    },
    `The ${name === 'symmetricDifference' ? 'symmetric difference' : name} of two sets.`,
  )

const usageFloat = 'eqFloat(X, Y, [precision=9])'
define(usageFloat, {
  kind: 'element',
  doc: 'Whether X and Y are equal to `precision` digits after the point, element by element.',
  call: ([x, y, precision]) => {
    // A difference of just one unit of the last digit is one, though its double may be a little below.
    const limit = 10 ** -intArg(precision, usageFloat, 'precision', 9) * (1 - 1e-6)
    const difference = fastBinary.sub(
      castValue(required(x, usageFloat, 'X'), T.DOUBLE),
      castValue(required(y, usageFloat, 'Y'), T.DOUBLE),
    )
    const bothNull = fastBinary.eq(x!, y!)
    const close = mapForm(difference, (f) => {
      const test = (d: number): number => (d > -limit && d < limit ? 1 : 0)
      if (f.kind === 'scalar') return Scalar.bool(test(f.value as number) === 1)
      return new FixedVector(
        T.BOOL,
        Int8Array.from({ length: f.length }, (_, k) => test(f.raw(k) as number)),
      )
    })
    return fastBinary.orIgnoreNull(close, bothNull)
  },
})

const usagePercent = 'eqPercent(X, Y, [toleranceLevel=0.0001])'
define(usagePercent, {
  kind: 'aggregate',
  doc: 'Whether all elements of X and Y differ by at most toleranceLevel percent of Y; without toleranceLevel by at most 0.0001 times Y. Nulls equal each other, of whatever type.',
  call: ([x, y, tolerance]) => {
    const level = isGiven(tolerance) ? numberArg(tolerance, usagePercent, 'toleranceLevel') / 100 : 0.0001
    const doubles = (v: Arg, name: string): Float64Array => {
      const given = required(v, usagePercent, name)
      if (given.kind === 'scalar' && given.type === T.VOID) return Float64Array.of(Number.NaN)
      const flat = asVector(given)
      if (flat === undefined) throw inputError(`Usage: ${usagePercent}. ${name} must be a scalar or a vector.`)
      return toDoubles('eqPercent', flat)
    }
    const a = doubles(x, 'X')
    const b = doubles(y, 'Y')
    if (a.length !== b.length) return Scalar.FALSE
    for (let k = 0; k < a.length; k++) {
      const same = Number.isNaN(a[k]) ? Number.isNaN(b[k]) : Math.abs(a[k] - b[k]) <= Math.abs(b[k]) * level
      if (!same) return Scalar.FALSE
    }
    return Scalar.TRUE
  },
})

export const compareBuiltins = entries
