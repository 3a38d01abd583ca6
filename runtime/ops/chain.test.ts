import { describe, expect, test } from 'vitest'
import fc from '../../test/properties.ts'
import { iif } from '../builtins/nulls.ts'
import { assembleAtOnce, LANES_FROM } from '../kernels/simd/elementwise.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { T } from '../values/types.ts'
import { FixedVector } from '../values/vector.ts'
import { fastBinary } from './binary.ts'
import {
  type Chain,
  type ChainOp,
  type ChoiceChain,
  runChain,
  runFused,
  type TruthChain,
  type TruthOp,
} from './chain.ts'

assembleAtOnce()

const SPECIAL = [-Number.MAX_VALUE, Number.MAX_VALUE, Infinity, -Infinity, NaN, 0, -0, 1e308]

/** Ordinary numbers with a few special ones in between. */
const column = fc
  .record({
    seed: fc.integer({ min: 1, max: 99 }),
    at: fc.array(fc.tuple(fc.nat(LANES_FROM - 1), fc.constantFrom(...SPECIAL)), { maxLength: 4 }),
  })
  .map(({ seed, at }) => {
    const data = Float64Array.from({ length: LANES_FROM + 5 }, (_, k) => ((k * seed) % 4001) / 8 - 200)
    for (const [k, x] of at) data[k] = x
    return new FixedVector(T.DOUBLE, data)
  })
const wholeColumn = fc.integer({ min: 1, max: 99 }).map((seed) => {
  const data = Int32Array.from({ length: LANES_FROM + 5 }, (_, k) => ((k * seed) % 31) - 3)
  data[seed] = -2147483648
  return new FixedVector(T.INT, data)
})
const operands: fc.Arbitrary<Value[]> = fc.tuple(
  column,
  column,
  fc.oneof({ weight: 3, arbitrary: column }, wholeColumn),
  fc.constantFrom(Scalar.double(2.5), Scalar.int(3), Scalar.int(0), Scalar.long(7n), Scalar.nullOf(T.INT)),
  fc.constantFrom(Scalar.int(2), Scalar.double(-0.5)),
)
const op = fc.constantFrom<ChainOp>('add', 'sub', 'mul', 'div', 'ratio', 'mod')
const { chain } = fc.letrec<{ chain: Chain; node: Chain }>((tie) => ({
  chain: fc.oneof({ maxDepth: 3, depthSize: 'small' }, fc.nat(4), tie('node')),
  node: fc.tuple(op, tie('chain'), tie('chain')),
}))

function oneByOne(c: Chain, values: readonly Value[]): Value {
  return typeof c === 'number' ? values[c] : fastBinary[c[0]](oneByOne(c[1], values), oneByOne(c[2], values))
}

const typeOf = (v: Value): unknown => ('type' in v ? v.type : undefined)

const bytes = (v: Value): Buffer =>
  v instanceof FixedVector
    ? Buffer.from(v.data.buffer, v.data.byteOffset, v.length * v.data.BYTES_PER_ELEMENT)
    : Buffer.from(String((v as Scalar).value))

describe('a chain of arithmetic', () => {
  test('is what its operators give one by one, and changes no operand', () => {
    fc.assert(
      fc.property(chain, operands, (c, values) => {
        const before = values.map((v) => Buffer.from(bytes(v)))
        const expected = oneByOne(c, values)
        const found = runChain(c, values)
        expect([found.kind, typeOf(found)]).toEqual([expected.kind, typeOf(expected)])
        expect(Buffer.compare(bytes(found), bytes(expected))).toBe(0)
        values.forEach((v, k) => void expect(Buffer.compare(bytes(v), before[k])).toBe(0))
      }),
      { numRuns: 12 },
    )
  })

  test('of vectors that are not equally long is refused as by the operator', () => {
    const vector = (length: number): FixedVector => new FixedVector(T.DOUBLE, new Float64Array(length).fill(1))
    const values = [vector(LANES_FROM), vector(LANES_FROM), vector(LANES_FROM + 1)]
    expect(() => runChain(['mul', ['add', 0, 1], 2], values)).toThrow('Incompatible vector size')
  })
})

const compare = fc.constantFrom<TruthOp>('lt', 'le', 'gt', 'ge', 'eq', 'ne')
const plain = fc.letrec<{ chain: Chain; node: Chain }>((tie) => ({
  chain: fc.oneof({ maxDepth: 1, depthSize: 'small' }, fc.nat(4), tie('node')),
  node: fc.tuple(fc.constantFrom<ChainOp>('add', 'sub', 'mul', 'ratio'), tie('chain'), tie('chain')),
})).chain
const { truth } = fc.letrec<{ truth: TruthChain; test: TruthChain; both: TruthChain }>((tie) => ({
  truth: fc.oneof({ maxDepth: 2, depthSize: 'small' }, tie('test'), tie('both')),
  test: fc.tuple(compare, plain, plain),
  both: fc.tuple(fc.constantFrom<TruthOp>('and', 'or'), tie('truth'), tie('truth')),
}))
const numbers: fc.Arbitrary<Value[]> = fc.tuple(
  column,
  column,
  column,
  fc.constantFrom(Scalar.double(2.5), Scalar.int(3), Scalar.int(0)),
  fc.constantFrom(Scalar.int(2), Scalar.double(-0.5)),
)

const truthOneByOne = ([op, a, b]: TruthChain, values: readonly Value[]): Value => {
  const side = (c: Chain | TruthChain): Value =>
    op === 'and' || op === 'or' ? truthOneByOne(c as TruthChain, values) : oneByOne(c as Chain, values)
  return fastBinary[op](side(a), side(b))
}

describe('comparisons in one pass', () => {
  test('are what their operators give one by one, and changes no operand', () => {
    let fused = 0
    fc.assert(
      fc.property(truth, numbers, (c, values) => {
        const expected = truthOneByOne(c, values)
        const found = runFused(c, values)
        if (found === undefined) return
        fused++
        expect(typeOf(found)).toBe(typeOf(expected))
        expect(Buffer.compare(bytes(found), bytes(expected))).toBe(0)
      }),
      { numRuns: 30 },
    )
    expect(fused).toBeGreaterThan(5)
  })

  test('choose as iif does', () => {
    let fused = 0
    fc.assert(
      fc.property(truth, plain, plain, numbers, (c, x, y, values) => {
        const found = runFused(['iif', c, x, y] satisfies ChoiceChain, values)
        if (found === undefined) return
        fused++
        const expected = iif(truthOneByOne(c, values), oneByOne(x, values), oneByOne(y, values))
        expect(typeOf(found)).toBe(typeOf(expected))
        expect(Buffer.compare(bytes(found), bytes(expected))).toBe(0)
      }),
      { numRuns: 30 },
    )
    expect(fused).toBeGreaterThan(5)
  })

  test('of operands that are no doubles, not equally long, or missing are left to the operators', () => {
    const doubles = new FixedVector(T.DOUBLE, new Float64Array(LANES_FROM).fill(1))
    const more = new FixedVector(T.DOUBLE, new Float64Array(LANES_FROM + 1).fill(1))
    const whole = new FixedVector(T.INT, new Int32Array(LANES_FROM))
    const both: TruthChain = ['and', ['gt', 0, 1], ['lt', 0, 2]]
    const one = Scalar.double(1)
    expect(runFused(both, [doubles, one, one])).toBeInstanceOf(FixedVector)
    for (const other of [more, whole, Scalar.long(1n), Scalar.nullOf(T.DOUBLE), Scalar.string('a'), undefined]) {
      expect(runFused(both, [doubles, one, other])).toBeUndefined()
      expect(runFused(['iif', ['gt', 0, 1], 0, 2], [doubles, one, other])).toBeUndefined()
    }
    expect(runFused(['iif', ['gt', 0, 1], 1, 1], [doubles, one])).toBeUndefined()
  })
})
