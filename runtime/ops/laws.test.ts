/** Laws of arithmetic, comparison and conversion that hold for every type, each operand a scalar, a vector, a pair, a matrix or a tuple. */

import { describe, expect, it } from 'vitest'
import fc from '../../test/properties.ts'
import { toHoldfastError } from '../errors.ts'
import { Matrix, Pair } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import {
  isDecimal,
  isFloating,
  isNullRaw,
  nullRaw,
  packDuration,
  type Raw,
  T,
  TYPES,
  type TypeId,
} from '../values/types.ts'
import { AnyVector, type Vector, vectorOf } from '../values/vector.ts'
import { binaryOp, fastBinary } from './binary.ts'
import { castScalar, castVector } from './cast.ts'
import { BIT_OPS, type BinaryOpName, COMPARE_OPS, LOGIC_OPS } from './names.ts'
import { promote } from './promotion.ts'
import { unaryOp } from './unary.ts'

const RUNS = { numRuns: 250 }

const BITS: Readonly<Record<number, number>> = { [T.CHAR]: 8, [T.SHORT]: 16, [T.INT]: 32, [T.LONG]: 64 }
const INTEGERS = [T.CHAR, T.SHORT, T.INT, T.LONG]
const NUMBERS = [T.BOOL, ...INTEGERS, T.FLOAT, T.DOUBLE]
const DECIMALS = [T.DECIMAL32, T.DECIMAL64, T.DECIMAL128]
const TEMPORALS = TYPES.filter((t) => t.category === 'temporal').map((t) => t.id)
const TEXTS = [T.STRING, T.BLOB]
const WIDE = [T.UUID, T.IPADDR, T.INT128, T.COMPLEX, T.POINT]
const EVERY = [...NUMBERS, ...DECIMALS, ...TEMPORALS, ...TEXTS, ...WIDE, T.DURATION]

const small = fc.integer({ min: -20, max: 20 })

function rawOf(type: TypeId): fc.Arbitrary<Raw> {
  if (type in BITS) {
    const limit = 1n << BigInt(BITS[type] - 1)
    const any = fc.oneof(fc.bigInt({ min: -9n, max: 9n }), fc.bigInt({ min: 1n - limit, max: limit - 1n }))
    return type === T.LONG ? any : any.map(Number)
  }
  const i64 = fc.oneof(small.map(BigInt), fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }))
  switch (type) {
    case T.BOOL:
      return fc.constantFrom(0, 1)
    case T.FLOAT:
      return fc
        .oneof(
          small.map((n) => n / 4),
          fc.float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(-1e15), max: Math.fround(1e15) }),
        )
        .map((x) => x + 0)
    case T.DOUBLE:
      return fc
        .oneof(
          small.map((n) => n / 4),
          fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e150, max: 1e150 }),
        )
        .map((x) => x + 0)
    case T.DECIMAL32:
      return fc.oneof(small, fc.integer({ min: -999999999, max: 999999999 }))
    case T.DECIMAL64:
    case T.DECIMAL128:
      return i64
    case T.STRING:
    case T.BLOB:
      return fc.constantFrom('a', 'b', 'ab', '12', '2020.01.02', 'é', 'Z')
    case T.UUID:
    case T.IPADDR:
    case T.INT128:
      return fc.bigInt({ min: 1n, max: 2n ** 128n - 1n })
    case T.COMPLEX:
    case T.POINT:
      return fc.tuple(small, small)
    case T.DURATION:
      return fc
        .tuple(fc.integer({ min: 1, max: 9 }), fc.constantFrom('d', 'H', 'ms'))
        .map(([n, unit]) => packDuration(n, unit))
    case T.MONTH:
      return fc.integer({ min: 0, max: 40000 })
    case T.MINUTE:
      return fc.integer({ min: 0, max: 1439 })
    case T.SECOND:
      return fc.integer({ min: 0, max: 86399 })
    case T.TIME:
      return fc.integer({ min: 0, max: 86399999 })
    case T.NANOTIME:
      return fc.bigInt({ min: 0n, max: 86399999999999n })
    case T.TIMESTAMP:
      // To the end of the year 9999, as texts have four digits.
      return fc.oneof(small.map(BigInt), fc.bigInt({ min: -62135596800000n, max: 253402300799999n }))
    case T.NANOTIMESTAMP:
      return i64
    default:
      return fc.oneof(small, fc.integer({ min: -100000, max: 100000 }))
  }
}

const scalarOf = (type: TypeId, nulls = true): fc.Arbitrary<Scalar> => {
  const scale = isDecimal(type) ? fc.integer({ min: 0, max: 4 }) : fc.constant(0)
  const raw = nulls
    ? fc.oneof({ weight: 5, arbitrary: rawOf(type) }, { weight: 1, arbitrary: fc.constant(nullRaw(type)) })
    : rawOf(type)
  return fc.tuple(raw, scale).map(([r, s]) => new Scalar(type, r, s))
}
const oneOf = (types: readonly TypeId[], nulls = true): fc.Arbitrary<Scalar> =>
  fc.constantFrom(...types).chain((t) => scalarOf(t, nulls))

/** Type, scale and value of a scalar: what must be equal for two to be the same. */
const seen = (v: Value): unknown => {
  if (v.kind !== 'scalar') return v.kind
  const nothing = v.isNull()
  return [v.type, v.scale, nothing ? 'null' : v.value === 0 ? 0 : v.value]
}
/** The result, or the message of the error. An error of kind `bug` fails the test. */
function outcome(f: () => unknown): unknown {
  try {
    return f()
  } catch (thrown) {
    const error = toHoldfastError(thrown)
    if (error.kind === 'bug') throw thrown
    return `!! ${error.message}`
  }
}
const scalarResult = (op: BinaryOpName, a: Scalar, b: Scalar): Scalar => binaryOp(op, a, b) as Scalar
const repeated = (s: Scalar): Vector => vectorOf(s.type, [s.value, s.value, s.value], s.scale)
const isTrue = (v: Value): boolean => v.kind === 'scalar' && v.value === 1

const ELEMENT_OPS: readonly BinaryOpName[] = [
  'add',
  'sub',
  'mul',
  'div',
  'ratio',
  'mod',
  'pow',
  'max',
  'min',
  ...COMPARE_OPS,
  ...LOGIC_OPS,
  ...BIT_OPS,
]

describe('every form gives what its elements give', () => {
  const forms: readonly [string, (op: BinaryOpName, a: Scalar, b: Scalar) => Value][] = [
    ['vector with vector', (op, a, b) => (binaryOp(op, repeated(a), repeated(b)) as Vector).get(1)],
    ['vector with scalar', (op, a, b) => (binaryOp(op, repeated(a), b) as Vector).get(2)],
    ['scalar with vector', (op, a, b) => (binaryOp(op, a, repeated(b)) as Vector).get(0)],
    ['the short path', (op, a, b) => fastBinary[op](a, b)],
    ['tuple with scalar', (op, a, b) => (binaryOp(op, new AnyVector([a, a]), b) as Vector).get(1)],
    [
      'pair with scalar',
      (op, a, b) => {
        const p = binaryOp(op, new Pair(a.type, a.value, a.value, a.scale), b) as Pair
        return new Scalar(p.type, p.second, p.scale)
      },
    ],
    [
      'matrix with scalar',
      (op, a, b) =>
        (binaryOp(op, new Matrix(vectorOf(a.type, [a.value, a.value], a.scale), 1, 2), b) as Matrix).data.get(1),
    ],
  ]
  it.each(forms)('%s', (_, apply) => {
    fc.assert(
      fc.property(fc.constantFrom(...ELEMENT_OPS), oneOf(EVERY), oneOf(EVERY), (op, a, b) => {
        const expected = outcome(() => seen(binaryOp(op, a, b)))
        expect(outcome(() => seen(apply(op, a, b)))).toEqual(expected)
      }),
      { numRuns: 1000 },
    )
  })
  it('of an empty vector is an empty vector of the same type', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ELEMENT_OPS), oneOf(NUMBERS), oneOf(NUMBERS), (op, a, b) => {
        const empty = outcome(() => (binaryOp(op, vectorOf(a.type, []), b) as Vector).type)
        expect(empty).toEqual(outcome(() => scalarResult(op, a, b).type))
      }),
      RUNS,
    )
  })
})

describe('arithmetic', () => {
  it.each(['add', 'mul', 'max', 'min', 'eq', 'ne', 'and', 'or'] as const)('%s is commutative', (op) => {
    fc.assert(
      fc.property(oneOf([...NUMBERS, ...DECIMALS]), oneOf([...NUMBERS, ...DECIMALS]), (a, b) => {
        expect(outcome(() => seen(binaryOp(op, a, b)))).toEqual(outcome(() => seen(binaryOp(op, b, a))))
      }),
      RUNS,
    )
  })

  it.each(['bitAnd', 'bitOr', 'bitXor'] as const)('%s of integers is commutative and associative', (op) => {
    fc.assert(
      fc.property(oneOf(INTEGERS), oneOf(INTEGERS), oneOf(INTEGERS), (a, b, c) => {
        expect(seen(binaryOp(op, a, b))).toEqual(seen(binaryOp(op, b, a)))
        const left = scalarResult(op, scalarResult(op, a, b), c)
        const right = scalarResult(op, a, scalarResult(op, b, c))
        // A partial result that is the minimum of its type has become null on one side only.
        fc.pre(left.isNull() === right.isNull())
        expect(seen(left)).toEqual(seen(right))
      }),
      RUNS,
    )
  })

  it('of integers is that of whole numbers, wrapped to the wider type', () => {
    const exact: Readonly<Record<string, (x: bigint, y: bigint) => bigint>> = {
      add: (x, y) => x + y,
      sub: (x, y) => x - y,
      mul: (x, y) => x * y,
    }
    fc.assert(
      fc.property(fc.constantFrom('add', 'sub', 'mul'), oneOf(INTEGERS, false), oneOf(INTEGERS, false), (op, a, b) => {
        const r = scalarResult(op as BinaryOpName, a, b)
        const type = promote(a.type, b.type)
        const value = BigInt.asIntN(BITS[type], exact[op](BigInt(a.value as number), BigInt(b.value as number)))
        expect(r.type).toBe(type)
        expect(BigInt(r.value as number)).toBe(value)
      }),
      RUNS,
    )
  })

  it('x is (x div y) * y + x mod y, and the remainder has the sign of the divisor', () => {
    fc.assert(
      fc.property(oneOf(INTEGERS, false), oneOf(INTEGERS, false), (x, y) => {
        const quotient = scalarResult('div', x, y)
        const rest = scalarResult('mod', x, y)
        if (BigInt(y.value as number) === 0n) {
          expect(quotient.isNull() && rest.isNull()).toBe(true)
          return
        }
        const [q, r, d] = [quotient, rest, y].map((s) => BigInt(s.value as number))
        expect(q * d + r).toBe(BigInt(x.value as number))
        // Where q * y alone is beyond the type the sum passes through null.
        const again = scalarResult('add', scalarResult('mul', quotient, y), rest)
        if (!again.isNull()) expect(BigInt(again.value as number)).toBe(BigInt(x.value as number))
        expect(r === 0n || (r < 0n === d < 0n && (d < 0n ? r > d : r < d))).toBe(true)
      }),
      RUNS,
    )
  })

  it('of decimals is exact: x + y - y is x, and the product has the digits of both', () => {
    fc.assert(
      fc.property(oneOf(DECIMALS, false), oneOf(DECIMALS, false), (x, y) => {
        const back = scalarResult('sub', scalarResult('add', x, y), y)
        expect(isTrue(binaryOp('eq', back, x))).toBe(true)
        const product = scalarResult('mul', x, y)
        expect(product.scale).toBe(x.scale + y.scale)
        expect(BigInt(product.value as number)).toBe(BigInt(x.value as number) * BigInt(y.value as number))
      }),
      RUNS,
    )
  })

  it('a null on either side gives the null of the type that a number would give', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<BinaryOpName>('add', 'sub', 'mul', 'div', 'ratio', 'mod', 'pow'),
        oneOf([...NUMBERS, ...DECIMALS], false),
        oneOf([...NUMBERS, ...DECIMALS], false),
        (op, a, b) => {
          const plain = outcome(() => scalarResult(op, a, b))
          fc.pre(plain instanceof Scalar && !isDecimal(plain.type))
          const nothing = [Scalar.nullOf(a.type, a.scale), Scalar.nullOf(b.type, b.scale)]
          for (const r of [
            scalarResult(op, nothing[0], b),
            scalarResult(op, a, nothing[1]),
            scalarResult(op, nothing[0], nothing[1]),
          ]) {
            expect(r.isNull()).toBe(true)
            expect(r.type).toBe((plain as Scalar).type)
          }
        },
      ),
      RUNS,
    )
  })

  it('the untyped null takes the type of the other side', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<BinaryOpName>('add', 'sub'),
        oneOf([...NUMBERS.slice(1), ...DECIMALS, ...TEMPORALS]),
        (op, a) => {
          for (const r of [scalarResult(op, Scalar.VOID, a), scalarResult(op, a, Scalar.VOID)])
            expect([r.isNull(), r.type, r.scale]).toEqual([true, a.type, a.scale])
        },
      ),
      RUNS,
    )
  })

  it('a result is never NaN, and infinite only where an infinity came in', () => {
    const wild = fc
      .tuple(fc.constantFrom(T.FLOAT, T.DOUBLE), fc.double({ noNaN: true, noDefaultInfinity: true }))
      .map(([t, x]) => {
        const raw = t === T.FLOAT ? Math.fround(x) : x
        return new Scalar(t, Number.isFinite(raw) ? raw : 1)
      })
    fc.assert(
      fc.property(
        fc.constantFrom<BinaryOpName>('add', 'sub', 'mul', 'div', 'ratio', 'mod', 'pow'),
        wild,
        wild,
        (op, a, b) => {
          for (const r of [
            binaryOp(op, a, b),
            fastBinary[op](a, b),
            (binaryOp(op, repeated(a), repeated(b)) as Vector).get(1),
          ])
            expect(Number.isFinite((r as Scalar).value)).toBe(true)
          const inf = new Scalar(a.type, Number.POSITIVE_INFINITY)
          if (!b.isNull()) expect((binaryOp('add', inf, b) as Scalar).value).toBe(Number.POSITIVE_INFINITY)
          expect((binaryOp('sub', inf, inf) as Scalar).isNull()).toBe(true)
        },
      ),
      RUNS,
    )
  })

  it('negation twice is nothing, and x - y is -(y - x)', () => {
    fc.assert(
      fc.property(oneOf([...INTEGERS, T.FLOAT, T.DOUBLE, ...DECIMALS]), (x) => {
        expect(seen(unaryOp('neg', unaryOp('neg', x)))).toEqual(seen(x))
      }),
      RUNS,
    )
    fc.assert(
      fc.property(
        oneOf([T.INT, T.LONG, T.DOUBLE, ...DECIMALS]),
        oneOf([T.INT, T.LONG, T.DOUBLE, ...DECIMALS]),
        (x, y) => {
          expect(seen(binaryOp('sub', x, y))).toEqual(seen(unaryOp('neg', binaryOp('sub', y, x))))
        },
      ),
      RUNS,
    )
  })

  it('a temporal value moved there and back is where it was, also around midnight', () => {
    fc.assert(
      fc.property(oneOf(TEMPORALS, false), fc.integer({ min: -100000, max: 100000 }), (t, n) => {
        const moved = scalarResult('add', t, Scalar.int(n))
        expect(moved.type).toBe(t.type)
        expect(seen(binaryOp('sub', moved, Scalar.int(n)))).toEqual(seen(t))
        expect(seen(binaryOp('add', Scalar.int(n), t))).toEqual(seen(moved))
      }),
      RUNS,
    )
  })
})

describe('comparison', () => {
  const ORDERED = [...NUMBERS, ...DECIMALS]
  const families: readonly [string, readonly TypeId[]][] = [
    ['numbers', ORDERED],
    ['text', [T.STRING]],
    ['identifiers', [T.UUID]],
    ...TEMPORALS.map((t): [string, readonly TypeId[]] => [TYPES.find((x) => x.id === t)!.name, [t]]),
  ]
  it.each(families)('of %s: exactly one of <, ==, > holds, the others follow', (_, types) => {
    fc.assert(
      fc.property(oneOf(types), oneOf(types), (a, b) => {
        const [lt, eq, gt, le, ge, ne] = (['lt', 'eq', 'gt', 'le', 'ge', 'ne'] as const).map((op) =>
          isTrue(binaryOp(op, a, b)),
        )
        expect([lt, eq, gt].filter(Boolean)).toHaveLength(1)
        expect([le, ge, ne]).toEqual([lt || eq, gt || eq, !eq])
        expect(isTrue(binaryOp('gt', b, a))).toBe(lt)
      }),
      RUNS,
    )
  })
  it.each(families)('of %s: null is below everything and equal to null', (_, types) => {
    fc.assert(
      fc.property(oneOf(types, false), oneOf(types, false), (a, b) => {
        const nothing = Scalar.nullOf(b.type, b.scale)
        for (const n of [nothing, Scalar.VOID]) {
          expect(isTrue(binaryOp('lt', n, a)), 'null < x').toBe(true)
          expect(isTrue(binaryOp('gt', a, n)), 'x > null').toBe(true)
          expect(isTrue(binaryOp('eq', a, n)), 'x == null').toBe(false)
          expect(isTrue(binaryOp('eq', nothing, n)), 'null == null').toBe(true)
        }
      }),
      RUNS,
    )
  })
  it('of numbers is transitive across types', () => {
    fc.assert(
      fc.property(
        oneOf([...INTEGERS, ...DECIMALS]),
        oneOf([...INTEGERS, ...DECIMALS]),
        oneOf([...INTEGERS, ...DECIMALS]),
        (a, b, c) => {
          if (isTrue(binaryOp('le', a, b)) && isTrue(binaryOp('le', b, c)))
            expect(isTrue(binaryOp('le', a, c))).toBe(true)
        },
      ),
      RUNS,
    )
  })
})

describe('conversion', () => {
  it('of a vector is that of its elements, for every pair of types', () => {
    fc.assert(
      fc.property(oneOf(EVERY), fc.constantFrom(...EVERY), fc.integer({ min: 0, max: 4 }), (s, to, scale) => {
        const target = isDecimal(to) ? scale : undefined
        const one = outcome(() => seen(castScalar(s, to, target)))
        expect(outcome(() => seen(castVector(repeated(s), to, target).get(1)))).toEqual(one)
      }),
      { numRuns: 2500 },
    )
  })
  it('keeps null, whatever the types', () => {
    fc.assert(
      fc.property(fc.constantFrom(...EVERY), fc.constantFrom(...EVERY), (from, to) => {
        const r = outcome(() => castScalar(Scalar.nullOf(from), to, isDecimal(to) ? 2 : undefined))
        if (r instanceof Scalar) expect(isNullRaw(r.type, r.value)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
  it('to a wider number and back is the same number', () => {
    fc.assert(
      fc.property(oneOf(INTEGERS), fc.constantFrom(...INTEGERS, T.DOUBLE), (s, to) => {
        fc.pre(promote(s.type, to) === to && !(s.type === T.LONG && isFloating(to)))
        expect(seen(castScalar(castScalar(s, to), s.type))).toEqual(seen(s))
      }),
      RUNS,
    )
  })
  it('through text gives the value back', () => {
    fc.assert(
      fc.property(
        oneOf(
          [T.BOOL, T.SHORT, T.INT, T.LONG, ...TEMPORALS.filter((t) => t !== T.MONTH), ...DECIMALS, T.UUID, T.INT128],
          true,
        ),
        (s) => {
          expect(seen(castScalar(castScalar(s, T.STRING), s.type, isDecimal(s.type) ? s.scale : undefined))).toEqual(
            seen(s),
          )
        },
      ),
      { numRuns: 1000 },
    )
  })
})
