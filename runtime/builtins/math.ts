/** Arithmetic and elementary functions. Real functions give DOUBLE and turn every result that is not finite into null. */
import { inputError } from '../errors.ts'
import { inBlocks, kernel } from '../kernels/codegen.ts'
import { laneFunctionOf } from '../kernels/simd/operators.ts'
import { binaryOp, elementwise, fastBinary } from '../ops/binary.ts'
import { castScalar, castValue, castVector, scalarToVector } from '../ops/cast.ts'
import { divideRounded, pow10, rescale } from '../ops/decimal-number.ts'
import { type Flat, flatBinary } from '../ops/flat.ts'
import type { BinaryOpName } from '../ops/names.ts'
import { mapForm, unaryOp } from '../ops/unary.ts'
import { topicTable } from '../registry.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { isDecimal, isFloating, isNumeric, NULL_F64, T, typeName } from '../values/types.ts'
import { FixedVector, newVector, unsetFixedArray } from '../values/vector.ts'
import { type Arg, intArg, isGiven, required } from './args.ts'
import { aggregateOver } from './shapes.ts'

const { entries, define } = topicTable('Arithmetic, comparison, logic')

const BINARY: readonly (readonly [string, BinaryOpName, string])[] = [
  [
    'add',
    'add',
    'Sum, element by element; text concatenates; temporal values move by integers of their unit or a DURATION. Operator +.',
  ],
  ['sub', 'sub', 'Difference; of two temporal values an integer; of sets the set difference. Operator -.'],
  ['mul', 'mul', 'Product, element by element. Operator *.'],
  [
    'div',
    'div',
    'Quotient: floor division for integers, real for floating numbers; a zero divisor gives null. Operator /.',
  ],
  ['ratio', 'ratio', 'Real quotient, always DOUBLE. Operator \\.'],
  ['mod', 'mod', 'Remainder with the sign of the divisor. Operator %.'],
  ['pow', 'pow', 'X to the power of Y, DOUBLE.'],
  ['bitAnd', 'bitAnd', 'Bitwise and of integers; intersection of sets. Operator &.'],
  ['bitOr', 'bitOr', 'Bitwise or of integers; union of sets. Operator |.'],
  ['bitXor', 'bitXor', 'Bitwise exclusive or of integers; symmetric difference of sets. Operator ^.'],
  ['lshift', 'lshift', 'Shifts the bits of X to the left; a negative count gives null. Operator <<.'],
  ['rshift', 'rshift', 'Shifts the bits of X to the right, keeping the sign. Operator >>.'],
]
for (const [name, op, doc] of BINARY) {
  const run = fastBinary[op]
  const second = name === 'lshift' || name === 'rshift' ? 'a' : 'Y'
  define(`${name}(X, ${second})`, { kind: 'element', doc, call: (args) => run(args[0]!, args[1]!) })
}
define('dot(X, Y)', {
  doc: 'Inner product of vectors, matrix product. Operator **.',
  call: ([x, y]) => binaryOp('dot', required(x, 'dot(X, Y)', 'X'), required(y, 'dot(X, Y)', 'Y')),
})
define('neg(X)', {
  kind: 'element',
  doc: 'X with the other sign.',
  call: ([x]) => unaryOp('neg', required(x, 'neg(X)', 'X')),
})
define('bitNot(X)', {
  kind: 'element',
  doc: 'Every bit of an integer turned over.',
  call: ([x]) => unaryOp('bitNot', required(x, 'bitNot(X)', 'X')),
})

/** Functions of one real number, as source text in `x`. */
const REAL: readonly (readonly [string, string, string])[] = [
  ['sqrt', 'Math.sqrt(x)', 'Square root; null for negative numbers.'],
  ['square', 'x*x', 'X times X.'],
  ['cbrt', 'Math.cbrt(x)', 'Cube root, of negative numbers too.'],
  ['exp', 'Math.exp(x)', 'e to the power of X.'],
  ['expm1', 'Math.expm1(x)', 'exp(X) - 1, exact for small X.'],
  ['exp2', 'Math.pow(2,x)', '2 to the power of X.'],
  ['log10', 'x>0?Math.log10(x):NaN', 'Logarithm to base 10; null for 0 and negative numbers.'],
  ['log2', 'x>0?Math.log2(x):NaN', 'Logarithm to base 2; null for 0 and negative numbers.'],
  ['log1p', 'x>-1?Math.log1p(x):NaN', 'Natural logarithm of 1 + X.'],
  ['sin', 'Math.sin(x)', 'Sine of an angle in radians.'],
  ['cos', 'Math.cos(x)', 'Cosine of an angle in radians.'],
  ['tan', 'Math.tan(x)', 'Tangent of an angle in radians.'],
  ['asin', 'Math.asin(x)', 'Arc sine; null outside [-1, 1].'],
  ['acos', 'Math.acos(x)', 'Arc cosine; null outside [-1, 1].'],
  ['atan', 'Math.atan(x)', 'Arc tangent.'],
  ['sinh', 'Math.sinh(x)', 'Hyperbolic sine.'],
  ['cosh', 'Math.cosh(x)', 'Hyperbolic cosine.'],
  ['tanh', 'Math.tanh(x)', 'Hyperbolic tangent.'],
  ['asinh', 'Math.asinh(x)', 'Inverse hyperbolic sine.'],
  ['acosh', 'Math.acosh(x)', 'Inverse hyperbolic cosine; null below 1.'],
  ['atanh', 'Math.atanh(x)', 'Inverse hyperbolic tangent; null outside (-1, 1).'],
  ['deg2rad', 'x*Math.PI/180', 'Degrees to radians.'],
  ['rad2deg', 'x*180/Math.PI', 'Radians to degrees.'],
  ['reciprocal', '1/x', '1 / X.'],
]

/** Those that vector registers know. */
const LANES: Readonly<Record<string, 'sqrt' | 'square' | 'exp' | 'log' | undefined>> = {
  'Math.sqrt(x)': 'sqrt',
  'x*x': 'square',
  'Math.exp(x)': 'exp',
  'x>0?Math.log(x):NaN': 'log',
}

type RealKernel = (a: Float64Array, o: Float64Array, from: number, to: number) => void

function onReals(name: string, expression: string, x: Value): Value {
  const run = kernel<RealKernel>(
    `real:${expression}`,
    'a,o,from,to',
    () => `for(let i=from;i<to;i++){const x=a[i];const r=x===${NULL_F64}?NaN:${expression};o[i]=r-r===0?r:${NULL_F64}}`,
  )
  const one = new Float64Array(1)
  const real = (f: Flat): Value => {
    if (f.type === T.VOID) return Scalar.nullOf(T.DOUBLE)
    if (!isNumeric(f.type) && !isDecimal(f.type))
      throw inputError(`The function ${name} does not support ${typeName(f.type)} data.`)
    if (f.kind === 'scalar') {
      one[0] = castScalar(f, T.DOUBLE).value as number
      run(one, one, 0, 1)
      return Scalar.double(one[0])
    }
    const source = (castVector(f, T.DOUBLE) as FixedVector).data as Float64Array
    // What was made for the conversion can hold the result.
    const out =
      f.type === T.DOUBLE || source.length !== f.length ? (unsetFixedArray('f64', f.length) as Float64Array) : source
    const range = (from: number, to: number): void => run(source, out, from, to)
    const lanes = LANES[expression]
    if (lanes === undefined || !laneFunctionOf(lanes, source, out, f.length, range)) inBlocks(f.length, range)
    return new FixedVector(T.DOUBLE, out)
  }
  return mapForm(x, real, name)
}

for (const [name, expression, doc] of REAL)
  define(`${name}(X)`, {
    kind: 'element',
    doc: `${doc} DOUBLE; null stays null.`,
    call: ([x]) => onReals(name, expression, required(x, `${name}(X)`, 'X')),
  })

define('log(X, [Y])', {
  kind: 'element',
  doc: 'Logarithm of X, natural or to base Y; null for 0 and negative numbers.',
  call: ([x, y]) => {
    const source = required(x, 'log(X, [Y])', 'X')
    if (!isGiven(y)) return onReals('log', 'x>0?Math.log(x):NaN', source)
    const top = onReals('log', 'x>0?Math.log(x):NaN', source)
    return elementwise('ratio', top, onReals('log', 'x>0?Math.log(x):NaN', y))
  },
})

/** Element-wise on numbers where integers and floating numbers take different ways. */
function byKind(name: string, x: Value, whole: (f: Flat) => Value, real: (f: Flat) => Value): Value {
  const number = (f: Flat): Value => {
    if (f.type === T.VOID) return f
    if (isFloating(f.type)) return real(f)
    if (isNumeric(f.type) || isDecimal(f.type)) return whole(f)
    throw inputError(`The function ${name} does not support ${typeName(f.type)} data.`)
  }
  return mapForm(x, number, name)
}

/** Doubles without a sign: the larger of x and 0 - x, as for all other types. */
function absolute(f: FixedVector): FixedVector {
  const out = unsetFixedArray('f64', f.length)
  const run = kernel<RealKernel>(
    'absolute',
    'a,o,from,to',
    () => `for(let i=from;i<to;i++){const x=a[i];o[i]=x===${NULL_F64}||x!==x?${NULL_F64}:x>=0?x:0-x}`,
  )
  const range = (from: number, to: number): void => run(f.data as Float64Array, out as Float64Array, from, to)
  if (!laneFunctionOf('abs', f.data, out, f.length, range)) inBlocks(f.length, range)
  return new FixedVector(T.DOUBLE, out)
}

define('abs(X)', {
  kind: 'element',
  doc: 'Absolute value; the type is kept.',
  call: ([x]) => {
    const positive = (f: Flat): Value => {
      if (f.kind !== 'scalar' && f.type === T.DOUBLE) return absolute(f as FixedVector)
      const minus = unaryOp('neg', f) as Flat
      if (!isDecimal(f.type)) return castValue(flatBinary('max', f, minus), f.type === T.BOOL ? T.INT : f.type)
      return flatBinary('max', f, minus)
    }
    return byKind('abs', required(x, 'abs(X)', 'X'), positive, positive)
  },
})

/** o[i] = whole number by an expression in `x`, as LONG. */
function toWhole(f: Flat, expression: string): Value {
  return castValue(onReals('round', expression, f), T.LONG)
}

function decimalWhole(f: Flat, mode: 'floor' | 'ceil' | 'round'): Value {
  const scale = 'scale' in f ? f.scale : 0
  const one = pow10(scale)
  const whole = (n: bigint): bigint => {
    if (mode === 'round') return divideRounded(n, one)
    const q = n / one
    if (n % one === 0n) return q
    return mode === 'floor' ? (n < 0n ? q - 1n : q) : n > 0n ? q + 1n : q
  }
  const at = (s: Scalar): Scalar => (s.isNull() ? Scalar.nullOf(T.LONG) : Scalar.long(whole(BigInt(s.value as number))))
  if (f.kind === 'scalar') return at(f)
  const out = newVector(T.LONG, f.length) as FixedVector
  for (let k = 0; k < f.length; k++) out.data[k] = at(f.get(k) as Scalar).value as never
  return out
}

for (const name of ['floor', 'ceil'] as const)
  define(`${name}(X)`, {
    kind: 'element',
    doc: `The nearest integer ${name === 'floor' ? 'not above' : 'not below'} X: LONG for floating numbers; integers stay as they are.`,
    call: ([x]) =>
      byKind(
        name,
        required(x, `${name}(X)`, 'X'),
        (f) => (isDecimal(f.type) ? decimalWhole(f, name) : f),
        (f) => toWhole(f, `Math.${name}(x)`),
      ),
  })

define('round(X, [precision=0])', {
  kind: 'element',
  doc: 'Rounded half away from zero: LONG without precision, DOUBLE with 1 to 10 digits.',
  call: ([x, precision]) => {
    const usage = 'round(X, [precision=0])'
    const digits = intArg(precision, usage, 'precision', 0)
    if (digits < 0 || digits > 10) throw inputError(`Usage: ${usage}. precision must be between 0 and 10.`)
    const source = required(x, usage, 'X')
    if (digits === 0)
      return byKind(
        'round',
        source,
        (f) => (isDecimal(f.type) ? decimalWhole(f, 'round') : castValue(f, T.LONG)),
        (f) => toWhole(f, 'x<0?-Math.round(-x):Math.round(x)'),
      )
    // A decimal literal such as 2.675 lies a hair below its text: the nudge is smaller than any digit that counts.
    const scale = 10 ** digits
    const real = (f: Flat): Value =>
      onReals('round', `(x<0?-1:1)*Math.round(Math.abs(x)*${scale}*(1+1e-15))/${scale}`, f)
    return byKind('round', source, (f) => (isDecimal(f.type) ? roundDecimal(f, digits) : real(f)), real)
  },
})

function roundDecimal(f: Flat, digits: number): Value {
  const scale = 'scale' in f ? f.scale : 0
  if (digits >= scale) return f
  const at = (s: Scalar): Scalar => {
    if (s.isNull()) return s
    const n = rescale(rescale(BigInt(s.value as number), scale, digits, 'round'), digits, scale, 'round')
    return new Scalar(s.type, s.type === T.DECIMAL32 ? Number(n) : n, scale)
  }
  if (f.kind === 'scalar') return at(f)
  const out = newVector(f.type, f.length, 'zero', scale)
  for (let k = 0; k < f.length; k++) {
    if (out.storage === 'fixed') out.data[k] = at(f.get(k) as Scalar).value as never
    else if (out.storage === 'wide') out.set(k, at(f.get(k) as Scalar).value)
  }
  return out
}

define('signum(X)', {
  kind: 'element',
  aliases: ['sign'],
  doc: '-1, 0 or 1 by the sign of X.',
  call: ([x]) => {
    const sign = (f: Flat): Value => castValue(onReals('signum', 'Math.sign(x)', f), T.INT)
    return byKind('signum', required(x, 'signum(X)', 'X'), sign, sign)
  },
})
define('polynomial(X, coeffs)', {
  kind: 'element',
  doc: 'The value of a polynomial at each element of X; coeffs are its coefficients from the constant on.',
  call: ([x, coeffs]) => {
    const usage = 'polynomial(X, coeffs)'
    const point = required(x, usage, 'X')
    const factors = coeffs?.kind === 'scalar' ? scalarToVector(coeffs, 1) : coeffs
    if (factors?.kind !== 'vector' || factors.length === 0)
      throw inputError(`Usage: ${usage}. coeffs must be a numeric vector.`)
    let sum = elementwise('mul', point, new Scalar(T.CHAR, 0))
    for (let k = factors.length - 1; k >= 0; k--)
      sum = elementwise('add', elementwise('mul', sum, point), factors.get(k))
    return sum
  },
})
define('signbit(X)', {
  kind: 'element',
  doc: 'Whether the sign bit of X is set.',
  call: ([x]) => {
    const sign = (f: Flat): Value => castValue(onReals('signbit', 'x<0||Object.is(x,-0)?1:0', f), T.BOOL)
    return byKind('signbit', required(x, 'signbit(X)', 'X'), sign, sign)
  },
})

// ---------------------------------------------------------------------------------------------------------------------

function clip(x: Value, low: Arg, high: Arg): Value {
  const bound = (v: Arg): Value | undefined => (!isGiven(v) || (v.kind === 'scalar' && v.isNull()) ? undefined : v)
  const lower = bound(low)
  const upper = bound(high)
  // A null among several bounds, unlike a bound that is null, leaves nothing.
  const keep = (result: Value): Value =>
    [low, high].reduce<Value>(
      (r, b) => (isGiven(b) && b.kind !== 'scalar' ? restoreNulls(b, r) : r),
      restoreNulls(x, result),
    )
  const raised = lower === undefined ? x : elementwise('max', x, lower)
  return keep(upper === undefined ? raised : elementwise('min', raised, upper))
}

// A null is the smallest value to max, but clip leaves it null.
function restoreNulls(x: Value, result: Value): Value {
  if (x.kind === 'scalar' && result.kind === 'scalar')
    return x.isNull() ? Scalar.nullOf(result.type, result.scale) : result
  if (x.kind === 'vector' && result.kind === 'vector' && x.storage === 'fixed' && result.storage === 'fixed') {
    const nothing = Scalar.nullOf(result.type, result.scale).value
    for (let k = 0; k < x.length; k++) if (x.isNullAt(k)) result.data[k] = nothing as never
    return result
  }
  if (x.kind === 'matrix' && result.kind === 'matrix') {
    restoreNulls(x.data, result.data)
    return result
  }
  if (x.kind === 'table' && result.kind === 'table')
    for (const [k, c] of x.columns.entries()) restoreNulls(c, result.columns[k])
  return result
}

for (const bang of ['', '!'])
  define(`clip${bang}(X, Y, Z)`, {
    kind: bang === '' ? 'element' : 'general',
    mutates: bang === '!',
    doc: 'X held between Y (lower) and Z (upper); a bound that is null is open, a null among the elements of a bound gives null; Y above Z gives Z everywhere.',
    call: ([x, y, z]) => {
      const source = required(x, 'clip(X, Y, Z)', 'X')
      const result = clip(source, y, z)
      if (bang === '') return result
      if (source.kind === 'vector' && source.storage === 'fixed' && result.kind === 'vector') {
        source.data.set((castValue(result, source.type) as FixedVector).view() as never)
        return source
      }
      if (source.kind === 'matrix' && result.kind === 'matrix') {
        source.data = castVector(result.data, source.type)
        return source
      }
      throw inputError('Usage: clip!(X, Y, Z). X must be a numeric vector or matrix.')
    },
  })

for (const name of ['maxIgnoreNull', 'minIgnoreNull'] as const)
  define(`${name}(X, Y)`, {
    kind: 'element',
    doc: `The ${name.slice(0, 3)} of X and Y element by element; where one is null, the other.`,
    call: ([x, y]) => {
      const a = required(x, `${name}(X, Y)`, 'X')
      const b = required(y, `${name}(X, Y)`, 'Y')
      if (name === 'maxIgnoreNull') return elementwise('max', a, b)
      // Negation turns min into max, which skips nulls because they are the smallest.
      return unaryOp('neg', elementwise('max', unaryOp('neg', a), unaryOp('neg', b)))
    },
  })

define('difference(X)', {
  kind: 'aggregate',
  doc: 'Last element minus first; 0 for a scalar. A matrix or table gives one value per column.',
  call: ([x]) =>
    aggregateOver(
      'difference',
      required(x, 'difference(X)', 'X'),
      (v) => elementwise('sub', v.get(v.length - 1), v.get(0)),
      {
        scalar: () => Scalar.int(0),
      },
    ),
})

export const mathBuiltins = entries
