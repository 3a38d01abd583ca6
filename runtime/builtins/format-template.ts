/**
 * `stringFormat`: %b BOOL %c CHAR %h SHORT %i INT %l LONG %f FLOAT %F DOUBLE %d DATE %M MONTH %t TIME %m MINUTE %s SECOND %D DATETIME
 * %T TIMESTAMP %n NANOTIME %N NANOTIMESTAMP %S SYMBOL %W STRING %A tuple %o %x %X integers, with flags, width and precision as in C;
 * `%*f` takes (width, value), `%.*f` (precision, value), `%*.*f` both; `%(key)W` looks up a dictionary, `%%` is a percent sign.
 */
import { inputError, usageError } from '../errors.ts'
import { plainText } from '../print/index.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { isFloating, isIntegral, isLiteral, isNumeric, T } from '../values/types.ts'

export const SIGNATURE = 'stringFormat(format, args...)'

interface Directive {
  readonly flags: string
  readonly width: number
  /** Width, precision or both come with the value. */
  readonly starredWidth: boolean
  readonly starredPrecision: boolean
  readonly precision: number | undefined
  readonly key: string | undefined
  readonly letter: string
}
type Piece = string | Directive

const DIRECTIVE = /%(?:%|(?:\(([^)]*)\))?([-+ 0#]*)(\*|\d+)?(?:\.(\*|\d+))?([bchilfFdMtmsDTnNSWAoxX]))/g

/** Splits a format into literal text and directives. */
export function parseTemplate(format: string): Piece[] {
  const pieces: Piece[] = []
  let from = 0
  for (const m of format.matchAll(DIRECTIVE)) {
    const literal = format.slice(from, m.index)
    if (literal.includes('%')) break
    pieces.push(literal)
    from = m.index + m[0].length
    if (m[0] === '%%') pieces.push('%')
    else {
      const [, key, flags, width, precision, letter] = m
      const starredWidth = width === '*'
      const starredPrecision = precision === '*'
      pieces.push({
        flags,
        width: starredWidth || width === undefined ? 0 : Number(width),
        starredWidth,
        starredPrecision,
        precision: starredPrecision || precision === undefined ? undefined : Number(precision),
        key,
        letter,
      })
    }
  }
  const rest = format.slice(from)
  if (rest.includes('%'))
    throw inputError(`Invalid format [${format}]: unknown directive at [${rest.slice(rest.indexOf('%'))}].`, {
      code: 'stringFormat',
    })
  pieces.push(rest)
  return pieces
}

/** Fills the template with one row of arguments. */
export function fillTemplate(pieces: readonly Piece[], args: readonly Value[]): string {
  let next = 0
  let text = ''
  for (const p of pieces) {
    if (typeof p === 'string') {
      text += p
      continue
    }
    let value: Value | undefined
    if (p.key !== undefined) value = lookUp(args[0], p.key)
    else value = args[next++]
    if (value === undefined) throw usageError(SIGNATURE, 'There are fewer arguments than directives.')
    if (!p.starredWidth && !p.starredPrecision) text += pad(directiveText(p, value), p, p.width)
    else {
      const given = starred(p, value)
      text += pad(directiveText({ ...p, precision: given.precision ?? p.precision }, given.value), p, given.width)
    }
  }
  const keyed = pieces.some((p) => typeof p !== 'string' && p.key !== undefined)
  if (!keyed && next < args.length) throw usageError(SIGNATURE, 'There are more arguments than directives.')
  return text
}

function lookUp(dict: Value | undefined, key: string): Value {
  const value = dict?.kind === 'dict' ? dict.entries.get(key) : undefined
  if (value === undefined) throw usageError(SIGNATURE, `%(${key}) needs a dictionary with that key.`)
  return value
}

/** The tuple (width, precision, value) of what a directive has a `*` for. */
function starred(
  p: Directive,
  v: Value,
): { readonly width: number; readonly precision?: number; readonly value: Value } {
  const count = 1 + Number(p.starredWidth) + Number(p.starredPrecision)
  if (v.kind === 'vector' && v.length === count) {
    const numbers = Array.from({ length: count - 1 }, (_, k) => v.get(k))
    if (numbers.every((n) => n.kind === 'scalar' && isIntegral(n.type) && !n.isNull())) {
      const sizes = numbers.map((n) => Number((n as Scalar).value))
      return {
        width: p.starredWidth ? sizes[0] : p.width,
        precision: p.starredPrecision ? sizes[sizes.length - 1] : undefined,
        value: v.get(count - 1),
      }
    }
  }
  throw usageError(SIGNATURE, `%* needs a tuple of ${count - 1} integer(s) (width, precision) and the value.`)
}

const NUMBER_LETTERS = 'hilfFoxX'

function directiveText(p: Directive, v: Value): string {
  if (p.letter === 'A') return plainText(v)
  if (!(v instanceof Scalar)) throw usageError(SIGNATURE, `%${p.letter} needs a scalar.`)
  if (v.isNull()) return ''
  if (!accepts(p.letter, v)) throw usageError(SIGNATURE, `%${p.letter} does not accept a value of this type.`)
  if (!NUMBER_LETTERS.includes(p.letter)) {
    const text = plainText(v)
    return p.precision === undefined ? text : text.slice(0, p.precision)
  }
  const sign = Number(v.value) < 0 ? '-' : p.flags.includes('+') ? '+' : p.flags.includes(' ') ? ' ' : ''
  switch (p.letter) {
    case 'f':
    case 'F':
      return sign + Math.abs(Number(v.value)).toFixed(p.precision ?? 6)
    case 'o':
      return (p.flags.includes('#') ? '0o' : '') + bits(v).toString(8)
    case 'x':
      return (p.flags.includes('#') ? '0x' : '') + bits(v).toString(16)
    case 'X':
      return (p.flags.includes('#') ? '0X' : '') + bits(v).toString(16).toUpperCase()
    default: {
      const digits = String(v.value).replace('-', '')
      return sign + digits.padStart(p.precision ?? 0, '0')
    }
  }
}

const bits = (v: Scalar): bigint => BigInt.asUintN(v.type === T.LONG ? 64 : 32, BigInt(v.value as number | bigint))

const TEMPORAL_LETTERS: Readonly<Record<string, number>> = {
  d: T.DATE,
  M: T.MONTH,
  t: T.TIME,
  m: T.MINUTE,
  s: T.SECOND,
  D: T.DATETIME,
  T: T.TIMESTAMP,
  n: T.NANOTIME,
  N: T.NANOTIMESTAMP,
}

function accepts(letter: string, v: Scalar): boolean {
  switch (letter) {
    case 'b':
      return v.type === T.BOOL
    case 'c':
      return v.type === T.CHAR
    case 'f':
    case 'F':
      return isNumeric(v.type)
    case 'S':
    case 'W':
      return isLiteral(v.type)
    case 'h':
    case 'i':
    case 'l':
    case 'o':
    case 'x':
    case 'X':
      return isNumeric(v.type) && !isFloating(v.type)
    default:
      return TEMPORAL_LETTERS[letter] === v.type
  }
}

function pad(text: string, p: Directive, width: number): string {
  if (text.length >= width) return text
  if (p.flags.includes('-')) return text.padEnd(width)
  if (!p.flags.includes('0') || !NUMBER_LETTERS.includes(p.letter)) return text.padStart(width)
  const sign = /^[-+ ]|^0[xX]/.exec(text)?.[0] ?? ''
  return sign + text.slice(sign.length).padStart(width - sign.length, '0')
}
