/** Formatting and parsing by pattern. */
import { inputError, usageError } from '../errors.ts'
import { numberFormatter } from '../print/decimal-format.ts'
import { decimalText } from '../print/numbers.ts'
import { type Builtin, topicTable } from '../registry.ts'
import { temporalFormatter, temporalParser } from '../temporal/format.ts'
import { Matrix } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { isDecimal, isNullRaw, isNumeric, isTemporal, nullRaw, type Raw, type TypeId } from '../values/types.ts'
import { AnyVector, StringVector, type Vector } from '../values/vector.ts'
import { type Arg, required, textArg } from './args.ts'
import { fillTemplate, parseTemplate, SIGNATURE as STRING_FORMAT } from './format-template.ts'
import { mapText } from './text-map.ts'

const { entries, define } = topicTable('Formatting')
export const formatBuiltins: readonly Builtin[] = entries

/** Makes the function that writes one raw value of a type; undefined if the type does not fit. */
type WriterOf = (type: TypeId, scale: number) => ((raw: Raw) => string) | undefined

/** Applies a writer element by element; nulls become the empty string. */
function formatValue(signature: string, x: Value, writerOf: WriterOf, requirement: string): Value {
  const writer = (type: TypeId, scale: number): ((raw: Raw) => string) => {
    const write = writerOf(type, scale)
    if (write === undefined) throw usageError(signature, requirement)
    return (raw) => (isNullRaw(type, raw) ? '' : write(raw))
  }
  const column = (v: Vector): Vector => {
    if (v.storage === 'any') return new AnyVector(v.values.map((e) => formatValue(signature, e, writerOf, requirement)))
    const write = writer(v.type, 'scale' in v ? v.scale : 0)
    return new StringVector(Array.from({ length: v.length }, (_, k) => write(v.raw(k))))
  }
  if (x.kind === 'scalar') return Scalar.string(x.isNull() ? '' : writer(x.type, x.scale)(x.value))
  if (x.kind === 'vector') return column(x)
  if (x.kind === 'matrix') return new Matrix(column(x.data), x.rows, x.cols, x.rowLabels, x.colLabels)
  throw usageError(signature, requirement)
}

const numberWriter =
  (format: string): WriterOf =>
  (type, scale) => {
    if (!isNumeric(type) && !isDecimal(type)) return undefined
    const write = numberFormatter(format)
    if (isDecimal(type)) return (raw) => write(decimalText(raw as number | bigint, scale))
    return (raw) => write(String(raw))
  }

const temporalWriter =
  (format: string): WriterOf =>
  (type) =>
    isTemporal(type) ? temporalFormatter(type, format) : undefined

define('decimalFormat(X, format)', {
  doc: 'Numbers by pattern: `0` forced digit, `#` optional, `,` groups, `%` percent, `E00` exponent, `positive;negative`. Null gives "".',
  kind: 'element',
  call: ([x, format]) => {
    const signature = 'decimalFormat(X, format)'
    const writer = numberWriter(textArg(format, signature, 'format'))
    return formatValue(signature, required(x, signature, 'X'), writer, 'X must be numeric.')
  },
})

define('temporalFormat(X, format)', {
  doc: 'Temporals by pattern: yyyy yy MM MMM dd HH hh aa mm ss SSS nnnnnn nnnnnnnnn; a single letter writes no padding. Null gives "".',
  kind: 'element',
  aliases: ['datetimeFormat'],
  call: ([x, format]) => {
    const signature = 'temporalFormat(X, format)'
    const writer = temporalWriter(textArg(format, signature, 'format'))
    return formatValue(signature, required(x, signature, 'X'), writer, 'X must be temporal.')
  },
})

define('format(X, format)', {
  doc: '`decimalFormat` for numbers, `temporalFormat` for temporals.',
  kind: 'element',
  call: ([x, format]) => {
    const signature = 'format(X, format)'
    const text = textArg(format, signature, 'format')
    const writer: WriterOf = (type, scale) =>
      (isTemporal(type) ? temporalWriter(text) : numberWriter(text))(type, scale)
    return formatValue(signature, required(x, signature, 'X'), writer, 'X must be numeric or temporal.')
  },
})

define('temporalParse(X, format)', {
  doc: 'Text to a temporal; the fields of the format decide the type. Text that does not match gives null.',
  kind: 'element',
  aliases: ['datetimeParse'],
  call: ([x, format]) => {
    const signature = 'temporalParse(X, format)'
    const parser = temporalParser(textArg(format, signature, 'format'))
    const nothing = nullRaw(parser.type)
    return mapText(signature, x, parser.type, (s) => parser.parse(s) ?? nothing)
  },
})

define(STRING_FORMAT, {
  doc: 'Text by a template with % directives as in C; vector arguments give one text per element. `%(key)W` reads a dictionary, `%*f` takes (width, value).',
  call: ([format, ...args]) => {
    const pieces = parseTemplate(textArg(format, STRING_FORMAT, 'format'))
    const values = args.map((a: Arg) => required(a, STRING_FORMAT, 'args'))
    const columns = values.map((v) => (v.kind === 'vector' && v.storage !== 'any' ? v : undefined))
    const lengths = new Set(columns.flatMap((c) => (c === undefined ? [] : [c.length])))
    if (lengths.size === 0) return Scalar.string(fillTemplate(pieces, values))
    if (lengths.size > 1) throw inputError('Incompatible vector size', { code: 'vectorSize' })
    const [length] = lengths
    const rows = Array.from({ length }, (_, k) =>
      fillTemplate(
        pieces,
        values.map((v, a) => columns[a]?.get(k) ?? v),
      ),
    )
    return new StringVector(rows)
  },
})
