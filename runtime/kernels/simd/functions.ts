/**
 * exp and log of doubles in vector registers: the algorithms of fdlibm (Sun Microsystems, 1993; e_exp.c and e_log.c), which V8 has for Math.exp and
 * Math.log, step by step and without branches. The same operations in the same order give the same bits; what fdlibm decides by the high word of a number
 * is decided by comparing with the smallest number that has it.
 *
 * `exp` takes |x| < 700, `log` normal positive numbers; whoever calls leaves all others to JavaScript.
 */
import { type Code, doubles, i32Const, ifThen, localGet, localSet, op, repeated } from './wasm-module.ts'

type Binary = (a: Code, b: Code) => Code
const binary =
  (instruction: Code): Binary =>
  (a, b) => [...a, ...b, ...instruction]

const add = binary(op['f64x2.add'])
const sub = binary(op['f64x2.sub'])
const mul = binary(op['f64x2.mul'])
const div = binary(op['f64x2.div'])
const both = binary(op['v128.and'])
const either = binary(op['v128.or'])
/** The bits of the first that the second does not have. */
const without = binary(op['v128.andnot'])
const addLong = binary(op['i64x2.add'])
const subLong = binary(op['i64x2.sub'])
const abs = (x: Code): Code => [...x, ...op['f64x2.abs']]
const less = binary(op['f64x2.lt'])
const notLess = binary(op['f64x2.ge'])
const select = (yes: Code, no: Code, mask: Code): Code => [...yes, ...no, ...mask, ...op['v128.bitselect']]
const shiftLeft = (x: Code, count: number): Code => [...x, ...i32Const(count), ...op['i64x2.shl']]
const shiftRight = (x: Code, count: number): Code => [...x, ...i32Const(count), ...op['i64x2.shr_u']]

const longs = (value: bigint): Code => repeated([...new Uint8Array(BigInt64Array.of(value).buffer)])
/** What the code of a function asks of the loop that it stands in. */
export interface Scope {
  /** A local of type v128. */
  newLocal(): number
  /** Reads a register that is loaded once, before the loop: to make it from the bytes takes several instructions. */
  constant(bytes: Code): Code
}

/** Writes the code of one function: statements gather, and the value comes at the end. */
class Writer {
  readonly #scope: Scope
  readonly #statements: number[] = []

  constructor(scope: Scope) {
    this.#scope = scope
  }

  /** A value that is computed here and read from a local afterwards. */
  name(value: Code): Code {
    const local = this.#scope.newLocal()
    this.#statements.push(...value, ...localSet(local))
    return localGet(local)
  }

  /** A value of which some lanes are computed otherwise, which hardly ever happens. */
  unless(isRare: Code, rare: Code, value: Code): Code {
    const local = this.#scope.newLocal()
    const mask = this.name(isRare)
    const replaced = select(rare, localGet(local), mask)
    this.#statements.push(...value, ...localSet(local))
    this.#statements.push(...mask, ...op['v128.any_true'], ...ifThen([...replaced, ...localSet(local)]))
    return localGet(local)
  }

  number(value: number): Code {
    return this.#scope.constant(doubles(value))
  }

  bits(value: bigint): Code {
    return this.#scope.constant(longs(value))
  }

  /** The smallest positive number with this high word. */
  withHighWord(word: number): Code {
    return this.bits(BigInt(word) << 32n)
  }

  /** c[0] + x * (c[1] + x * (c[2] + ...)) */
  polynomial(x: Code, [first, ...rest]: readonly number[]): Code {
    const c = this.number(first)
    return rest.length === 0 ? c : add(c, mul(x, this.polynomial(x, rest)))
  }

  ended(value: Code): Code {
    return [...this.#statements, ...value]
  }
}

const LN2_HIGH = 0.6931471803691238
const LN2_LOW = 1.9082149292705877e-10

/** |x| below this is what `exp` takes. */
export const EXP_LIMIT = doubles(700)

const EXP_TERMS = [
  0.16666666666666602, -0.0027777777777015593, 6.613756321437934e-5, -1.6533902205465252e-6, 4.1381367970572385e-8,
]

/** Statements and the value: e to the power of what `x` reads. */
export function expCode(x: Code, scope: Scope): Code {
  const write = new Writer(scope)
  const name = (value: Code): Code => write.name(value)
  const number = (value: number): Code => write.number(value)
  // x = k ln 2 + r; k is 0 up to (about) half of ln 2.
  const size = name(abs(x))
  const half = either(number(0.5), both(x, write.bits(-(2n ** 63n))))
  const nearest = [...add(mul(number(Math.LOG2E), x), half), ...op['f64x2.trunc']]
  const k = name(without(nearest, less(size, write.withHighWord(0x3fd62e43))))
  const high = name(sub(x, mul(k, number(LN2_HIGH))))
  const low = name(mul(k, number(LN2_LOW)))
  const r = name(sub(high, low))
  const t = name(mul(r, r))
  const c = name(sub(r, mul(t, write.polynomial(t, EXP_TERMS))))
  const y = sub(number(1), sub(sub(low, div(mul(r, c), sub(number(2), c))), high))
  // Adding 2^52 brings k + 1023 to the low bits, from where it becomes an exponent.
  const power = shiftLeft(add(k, number(4503599627370496 + 1023)), 52)
  const exactOne = name([...x, ...number(1), ...op['f64x2.eq']])
  const tiny = less(size, write.withHighWord(0x3e300000))
  const rare = select(number(Math.E), add(number(1), x), exactOne)
  return write.ended(write.unless(either(exactOne, tiny), rare, mul(y, power)))
}

const LOG_ODD = [0.6666666666666735, 0.2857142874366239, 0.1818357216161805, 0.14798198605116586]
const LOG_EVEN = [0.3999999999940942, 0.22222198432149784, 0.15313837699209373]

/** Statements and the value: the natural logarithm of what `x` reads. */
export function logCode(x: Code, scope: Scope): Code {
  const write = new Writer(scope)
  const name = (value: Code): Code => write.name(value)
  const number = (value: number): Code => write.number(value)
  const bits = (value: bigint): Code => write.bits(value)
  // x = 2^k (1 + f) with 1 + f between the roots of 1/2 and 2: what is added carries into the exponent from the root of 2 on.
  const carried = name(addLong(x, bits(0x95f64n << 32n)))
  // A small integer becomes a double in the low bits of 1.5 * 2^52.
  const exponent = either(shiftRight(carried, 52), bits(0x4338000000000000n))
  const k = name(sub(exponent, number(6755399441055744 + 1023)))
  const scaled = addLong(subLong(x, both(carried, bits(0x7ffn << 52n))), bits(0x3ffn << 52n))
  const f = name(sub(scaled, number(1)))
  const s = name(div(f, add(number(2), f)))
  const z = name(mul(s, s))
  const w = name(mul(z, z))
  const r = name(add(mul(z, write.polynomial(w, LOG_ODD)), mul(w, write.polynomial(w, LOG_EVEN))))
  const high = name(mul(k, number(LN2_HIGH)))
  const low = name(mul(k, number(LN2_LOW)))
  const square = name(mul(mul(number(0.5), f), f))
  const middle = sub(square, add(mul(s, add(square, r)), low))
  const edge = sub(mul(s, sub(f, r)), low)
  // Where the high word of the mantissa is between 0x6147a and 0x6b851.
  const inMiddle = either(notLess(f, number(0x6147a / 2 ** 20)), less(f, number((1 + 0x6b852 / 2 ** 20) / 2 - 1)))
  // Where it is 0, or one of the two largest: f is next to 0.
  const flat = sub(mul(mul(f, f), sub(number(0.5), mul(number(1 / 3), f))), low)
  const isFlat = both(notLess(f, number(-(2 ** -20))), less(f, number(2 ** -20)))
  const rest = write.unless(isFlat, flat, select(middle, edge, inMiddle))
  return write.ended(sub(high, sub(rest, f)))
}
