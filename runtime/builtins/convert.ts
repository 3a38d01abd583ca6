/** Conversions between types, integers from text, symbol codes. */
import { cast, converted, typeSpec } from '../compile/construct.ts'
import { inputError, operatorError } from '../errors.ts'
import { castValue, scalarToVector } from '../ops/cast.ts'
import { mapForm } from '../ops/unary.ts'
import { topicTable } from '../registry.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { categoryOf, isLiteral, nullRaw, type Raw, T, type TypeId, typeName } from '../values/types.ts'
import { FixedVector, SymbolVector, WideVector } from '../values/vector.ts'
import { intArg, isGiven, required } from './args.ts'

const { entries, define } = topicTable('Types, conversion, null tests')

const CONVERSIONS: readonly (readonly [string, TypeId, string])[] = [
  ['bool', T.BOOL, 'Zero is false, other numbers are true; the texts "true" and "false" are read.'],
  ['char', T.CHAR, '8-bit integer; a one-character text gives its code.'],
  ['short', T.SHORT, '16-bit integer; wider integers wrap, floating numbers round.'],
  ['int', T.INT, '32-bit integer; floating numbers round half away from zero, texts are cut at the point.'],
  ['long', T.LONG, '64-bit integer; floating numbers round half away from zero, texts are cut at the point.'],
  ['float', T.FLOAT, '32-bit floating number.'],
  ['double', T.DOUBLE, '64-bit floating number.'],
  ['date', T.DATE, 'Day; an integer counts days since 1970.01.01; the time of day is dropped.'],
  ['month', T.MONTH, 'Month of a temporal value or of a text such as "2012.12".'],
  [
    'time',
    T.TIME,
    'Time of day in milliseconds; an integer counts milliseconds after midnight, past which it begins again.',
  ],
  [
    'minute',
    T.MINUTE,
    'Minute of the day as a MINUTE value; an integer counts minutes after midnight, past which it begins again.',
  ],
  [
    'second',
    T.SECOND,
    'Second of the day as a SECOND value; an integer counts seconds after midnight, past which it begins again.',
  ],
  ['datetime', T.DATETIME, 'Date and time in seconds; an integer counts seconds since 1970.01.01.'],
  ['timestamp', T.TIMESTAMP, 'Date and time in milliseconds; an integer counts milliseconds since 1970.01.01.'],
  [
    'nanotime',
    T.NANOTIME,
    'Time of day in nanoseconds; an integer counts nanoseconds after midnight, past which it begins again.',
  ],
  ['nanotimestamp', T.NANOTIMESTAMP, 'Date and time in nanoseconds.'],
  ['datehour', T.DATEHOUR, 'Date and hour; an integer counts hours since 1970.01.01.'],
  ['string', T.STRING, 'The text that print shows; null gives the empty text.'],
  ['blob', T.BLOB, 'Text as BLOB.'],
  ['uuid', T.UUID, 'UUID from its text.'],
  ['ipaddr', T.IPADDR, 'IPv4 or IPv6 address from its text.'],
  ['int128', T.INT128, '128-bit value from 32 hexadecimal digits.'],
  ['duration', T.DURATION, 'DURATION from a text such as "20ms".'],
]

for (const [name, type, what] of CONVERSIONS)
  define(`${name}([X])`, {
    kind: 'element',
    doc: `${what} Without an argument the null of the type. The form of X is kept; what can not be read becomes null.`,
    call: ([x]) => (isGiven(x) ? converted(x, type) : Scalar.nullOf(type)),
  })

define('symbol(X)', {
  kind: 'element',
  doc: 'Encodes a STRING vector as SYMBOL; a scalar stays a STRING.',
  call: ([x]) => castValue(required(x, 'symbol(X)', 'X'), T.SYMBOL),
})

for (const [name, type] of [
  ['decimal32', T.DECIMAL32],
  ['decimal64', T.DECIMAL64],
  ['decimal128', T.DECIMAL128],
] as const)
  define(`${name}(X, scale)`, {
    kind: 'element',
    doc: 'Decimal with `scale` digits after the point. Texts are rounded to the scale, numbers are cut; overflow is an error.',
    call: ([x, scale]) =>
      converted(required(x, `${name}(X, scale)`, 'X'), type, intArg(scale, `${name}(X, scale)`, 'scale')),
  })

define('cast(X, Y)', {
  kind: 'element',
  doc: 'X as the type Y (a type, its name, or a pair rows:cols, which reshapes column by column). The same as X$Y.',
  call: ([x, y]) => cast(required(x, 'cast(X, Y)', 'X'), required(y, 'cast(X, Y)', 'Y')),
})

for (const [name, type] of [
  ['point', T.POINT],
  ['complex', T.COMPLEX],
] as const)
  define(`${name}([X], [Y])`, {
    kind: 'element',
    doc: `A ${name.toUpperCase()} of two numbers, or a vector of them from two vectors. Without arguments the null of the type.`,
    call: ([x, y]) =>
      isGiven(x) || isGiven(y)
        ? paired(name, type, required(x, `${name}(X, Y)`, 'X'), required(y, `${name}(X, Y)`, 'Y'))
        : Scalar.nullOf(type),
  })

function paired(name: string, type: TypeId, x: Value, y: Value): Value {
  const a = castValue(x, T.DOUBLE)
  const b = castValue(y, T.DOUBLE)
  if (a.kind === 'scalar' && b.kind === 'scalar') return new Scalar(type, [a.value as number, b.value as number])
  const length = a.kind === 'vector' ? a.length : b.kind === 'vector' ? b.length : 0
  if ((a.kind === 'vector' && a.length !== length) || (b.kind === 'vector' && b.length !== length))
    throw operatorError('Incompatible vector size', { code: 'vectorSize' })
  const pick = (v: Value, k: number): number => {
    if (v.kind === 'scalar') return v.value as number
    if (v.kind === 'vector') return v.raw(k) as number
    throw inputError(`Usage: ${name}(X, Y). X and Y must be scalars or vectors.`)
  }
  const data = new Float64Array(2 * length)
  for (let k = 0; k < length; k++) {
    data[2 * k] = pick(a, k)
    data[2 * k + 1] = pick(b, k)
  }
  return new WideVector(type, data, length)
}

function half(name: string, high: boolean, floating: boolean): void {
  define(`${name}(X)`, {
    kind: 'element',
    doc: `The ${high ? 'upper' : 'lower'} 8 bytes of a 16-byte value as ${floating ? 'DOUBLE' : 'LONG'}.`,
    call: ([x]) => {
      const one = (type: TypeId, raw: Raw): Raw => {
        if (floating && Array.isArray(raw)) return raw[high ? 1 : 0] as number
        if (!floating && typeof raw === 'bigint' && categoryOf(type) === 'binary')
          return BigInt.asIntN(64, high ? raw >> 64n : raw)
        throw operatorError(`The function ${name} does not support ${typeName(type)} data.`)
      }
      return mapForm(required(x, `${name}(X)`, 'X'), (f) => {
        const type = floating ? T.DOUBLE : T.LONG
        if (f.kind === 'scalar') return new Scalar(type, one(f.type, f.value))
        const out = new FixedVector(type, floating ? new Float64Array(f.length) : new BigInt64Array(f.length))
        for (let k = 0; k < f.length; k++) out.data[k] = one(f.type, f.raw(k)) as never
        return out
      })
    },
  })
}
half('highLong', true, false)
half('lowLong', false, false)
half('highDouble', true, true)
half('lowDouble', false, true)

// ---------------------------------------------------------------------------------------------------------------------
// Integers from text, symbol codes

const INTEGER_LIMIT: Readonly<Record<number, bigint>> = {
  [T.CHAR]: 127n,
  [T.SHORT]: 32767n,
  [T.INT]: 2147483647n,
  [T.LONG]: 2n ** 63n - 1n,
}

define('parseInteger(X, type, [radix=10])', {
  kind: 'element',
  aliases: ['parseInt'],
  doc: 'Integer of the given type from text in a base from 2 to 36; reading stops at the first character that is no digit; in base 16 "0x" may come first. An empty text gives null, no digit at all is an error.',
  call: ([x, type, radix]) => {
    const usage = 'parseInteger(X, type, [radix=10])'
    const to = typeSpec(required(type, usage, 'type')).type
    const limit = INTEGER_LIMIT[to]
    if (limit === undefined) throw inputError(`Usage: ${usage}. type must be CHAR, SHORT, INT or LONG.`)
    const base = intArg(radix, usage, 'radix', 10)
    const read = (text: string): Raw => {
      if (text.trim() === '') return nullRaw(to)
      const m = (base === 16 ? /^\s*([+-]?)(?:0x)?([0-9a-z]*)/i : /^\s*([+-]?)([0-9a-z]*)/i).exec(text)!
      let value = 0n
      let count = 0
      for (const c of m[2]) {
        const digit = Number.parseInt(c, 36)
        if (!(digit < base)) break
        value = value * BigInt(base) + BigInt(digit)
        count++
      }
      if (count === 0) throw inputError(`The text "${text}" holds no integer.`)
      if (value > limit) return nullRaw(to)
      const signed = m[1] === '-' ? -value : value
      return to === T.LONG ? signed : Number(signed)
    }
    return mapForm(required(x, usage, 'X'), (f) => {
      if (!isLiteral(f.type)) throw inputError(`Usage: ${usage}. X must be text.`)
      if (f.kind === 'scalar') return new Scalar(to, read(f.value as string))
      const out = scalarToVector(Scalar.nullOf(to), f.length) as FixedVector
      for (let k = 0; k < f.length; k++) out.data[k] = read(f.raw(k) as string) as never
      return out
    })
  },
})

define('symbolCode(X)', {
  kind: 'element',
  doc: 'The internal codes of a SYMBOL vector; the empty text is 0.',
  call: ([x]) => {
    if (x?.kind !== 'vector' || !(x instanceof SymbolVector))
      throw inputError('Usage: symbolCode(X). X must be a SYMBOL vector.')
    return new FixedVector(T.INT, x.data.slice(0, x.length))
  },
})

export const convertBuiltins = entries
