/** JSON: the plain form (`toStdJson`), and the typed form that keeps forms and types (`toJson`). */
import { labelsOf } from '../compile/labels.ts'
import { inputError, usageError } from '../errors.ts'
import { tableRow } from '../indexing/read.ts'
import { castScalar } from '../ops/cast.ts'
import { parseRaw, parseTemporal } from '../ops/parse-text.ts'
import { rawText } from '../print/scalars.ts'
import { type Builtin, topicTable } from '../registry.ts'
import { temporalParser } from '../temporal/format.ts'
import { formName } from '../values/form-name.ts'
import { Dict, type Key, Matrix, Pair, SetValue } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import {
  elementType,
  isArrayType,
  isDecimal,
  isFloating,
  isIntegral,
  isLiteral,
  isNullRaw,
  isTemporal,
  nullRaw,
  type Raw,
  T,
  type TypeId,
  typeInfo,
  typeName,
} from '../values/types.ts'
import { AnyVector, ArrayVector, type Vector, vectorOf } from '../values/vector.ts'
import { boolArg, intListArg, required, textArg } from './args.ts'
import { columnType } from './column-type.ts'
import { joinedVector } from './columns.ts'
import { type Json, JsonObject, readJson } from './json-text.ts'

const { entries, define } = topicTable('JSON')
export const jsonBuiltins: readonly Builtin[] = entries

// Plain JSON.

define('toStdJson(obj)', {
  doc: 'JSON text: a table as an array of row objects, a vector as an array, a dictionary as an object. Temporals are texts, null is null.',
  call: ([obj]) => Scalar.string(stdJson(required(obj, 'toStdJson(obj)', 'obj'))),
})

function stdJson(v: Value): string {
  switch (v.kind) {
    case 'scalar':
      return rawJson(v.type, v.value, v.scale)
    case 'vector':
      return `[${elementsJson(v).join(', ')}]`
    case 'set':
      return `[${[...v.members].map((m) => rawJson(v.type, m, 0)).join(', ')}]`
    case 'dict':
      return objectJson(
        [...v.entries].map(([key, x]) => [rawText(v.keyType === T.ANY ? T.STRING : v.keyType, key), stdJson(x)]),
      )
    case 'table':
      return `[${Array.from({ length: v.rows }, (_, k) => stdJson(tableRow(v, k))).join(',')}]`
    default:
      throw usageError('toStdJson(obj)', `A ${formName(v)} has no standard JSON form.`)
  }
}

const objectJson = (fields: readonly (readonly [string, string])[]): string =>
  `{${fields.map(([name, json]) => `${JSON.stringify(name)}: ${json}`).join(',')}}`

function elementsJson(v: Vector): string[] {
  if (v.storage === 'any' || v.storage === 'array') return Array.from({ length: v.length }, (_, k) => stdJson(v.get(k)))
  const scale = 'scale' in v ? v.scale : 0
  return Array.from({ length: v.length }, (_, k) => rawJson(v.type, v.raw(k), scale))
}

function rawJson(type: TypeId, raw: Raw, scale: number): string {
  if (isLiteral(type)) return JSON.stringify(raw)
  if (raw === null || isNullRaw(type, raw)) return 'null'
  if (isFloating(type))
    return Number.isFinite(raw as number) ? rawText(type, raw, scale, { decimals: 15 }).replace('E', 'e') : 'null'
  if (type === T.BOOL || (isIntegral(type) && type !== T.CHAR) || isDecimal(type)) return rawText(type, raw, scale)
  if (isTemporal(type)) return JSON.stringify(rawText(type, raw).replace('T', ' '))
  if (type === T.CHAR) return JSON.stringify(rawText(type, raw))
  throw usageError('toStdJson(obj)', `${typeInfo(type).name} has no standard JSON form.`)
}

define('fromStdJson(X)', {
  doc: 'Objects become dictionaries with STRING keys, arrays vectors (tuples if mixed), numbers DOUBLE; texts that read as temporals become such.',
  call: ([x]) => {
    const signature = 'fromStdJson(X)'
    if (x?.kind === 'vector' && isLiteral(x.type))
      return new AnyVector(Array.from({ length: x.length }, (_, k) => ofStdJson(parseOrdered(String(x.raw(k))))))
    return ofStdJson(parseOrdered(textArg(x, signature, 'X')))
  },
})

function parse(text: string): unknown {
  return parsed(() => JSON.parse(text))
}

/** The same with the entries of objects in their order. */
const parseOrdered = (text: string): Json => parsed(() => readJson(text))

function parsed<X>(read: () => X): X {
  try {
    return read()
  } catch (cause) {
    throw inputError(`Invalid JSON: ${(cause as Error).message}`, { code: 'json', cause })
  }
}

function ofStdJson(x: Json): Value {
  if (x === null) return Scalar.VOID
  switch (typeof x) {
    case 'boolean':
      return Scalar.bool(x)
    case 'number':
      return Scalar.double(x)
    case 'string':
      return temporalOrText(x)
    default:
      if (!(x instanceof JsonObject)) return ofArray(x.map(ofStdJson))
      return new Dict(T.STRING, T.ANY, new Map([...x.entries].map(([k, v]) => [k, ofStdJson(v)] as const)))
  }
}

function ofArray(items: Value[]): Vector {
  const scalars = items.every((i) => i.kind === 'scalar') && items.length > 0
  return (scalars ? joinedVector(items as Scalar[]) : undefined) ?? new AnyVector(items)
}

const TEMPORAL_TEXTS: readonly (readonly [RegExp, TypeId])[] = [
  [/^\d{4}[.-]\d{2}[.-]\d{2}$/, T.DATE],
  [/^\d{4}\.\d{2}M$/, T.MONTH],
  [/^\d{2}:\d{2}m$/, T.MINUTE],
  [/^\d{2}:\d{2}:\d{2}$/, T.SECOND],
  [/^\d{2}:\d{2}:\d{2}\.\d{3}$/, T.TIME],
  [/^\d{2}:\d{2}:\d{2}\.\d{9}$/, T.NANOTIME],
  [/^\d{4}[.-]\d{2}[.-]\d{2}[ T]\d{2}$/, T.DATEHOUR],
  [/^\d{4}[.-]\d{2}[.-]\d{2}[ T]\d{2}:\d{2}:\d{2}$/, T.DATETIME],
  [/^\d{4}[.-]\d{2}[.-]\d{2}[ T]\d{2}:\d{2}:\d{2}\.\d{3}$/, T.TIMESTAMP],
  [/^\d{4}[.-]\d{2}[.-]\d{2}[ T]\d{2}:\d{2}:\d{2}\.\d{9}$/, T.NANOTIMESTAMP],
]

function temporalOrText(text: string): Scalar {
  const type = TEMPORAL_TEXTS.find(([pattern]) => pattern.test(text))?.[1]
  if (type !== undefined) {
    const raw = parseTemporal(text, type)
    if (!isNullRaw(type, raw)) return new Scalar(type, raw)
  }
  return Scalar.string(text)
}

// Typed JSON: {"name","form","type","size","value"}.

interface Typed {
  readonly name?: string
  readonly form: string
  /** In small letters; tables have none. */
  readonly type?: string
  readonly size: string
  readonly value: unknown
}

define('toJson(X)', {
  doc: 'JSON text with name (of the variable that was passed), form, type, size and value, from which fromJson makes the same object.',
  call: (args) => Scalar.string(JSON.stringify(typed(required(args[0], 'toJson(X)', 'X'), labelsOf(args)[0] ?? ''))),
})

function typed(v: Value, name = ''): Typed {
  const make = (form: string, type: string, size: number, value: unknown): Typed => ({
    name,
    form,
    ...(type === '' ? {} : { type: type.toLowerCase() }),
    size: String(size),
    value,
  })
  switch (v.kind) {
    case 'scalar':
      return make('scalar', typeName(v.type, v.scale), 1, jsonRaw(v.type, v.value, v.scale))
    case 'vector':
      return make('vector', typeName(v.type, scaleOf(v)), v.length, vectorJson(v))
    case 'pair':
      return make('pair', typeName(v.type, v.scale), 2, [
        jsonRaw(v.type, v.first, v.scale),
        jsonRaw(v.type, v.second, v.scale),
      ])
    case 'matrix':
      return make('matrix', typeName(v.type, scaleOf(v.data)), v.data.length, {
        rows: v.rows,
        cols: v.cols,
        data: vectorJson(v.data),
        rowLabels: v.rowLabels === undefined ? null : typed(v.rowLabels),
        colLabels: v.colLabels === undefined ? null : typed(v.colLabels),
      })
    case 'set':
      return make(
        'set',
        typeName(v.type),
        v.members.size,
        [...v.members].map((m) => jsonRaw(v.type, m, 0)),
      )
    case 'dict': {
      const keys = [...v.entries.keys()].map((k) => jsonRaw(v.keyType === T.ANY ? T.STRING : v.keyType, k, 0))
      return make('dictionary', `${typeName(v.keyType)}->${typeName(v.valueType, v.scale)}`, v.entries.size, {
        ordered: v.ordered,
        keys,
        values: [...v.entries.values()].map((x) => typed(x)),
      })
    }
    case 'table':
      return make(
        'table',
        '',
        v.rows,
        v.columns.map((c, k) => typed(c, v.names[k])),
      )
    default:
      throw usageError('toJson(X)', `A ${formName(v)} has no JSON form.`)
  }
}

const scaleOf = (v: Vector): number => ('scale' in v ? v.scale : 0)

function vectorJson(v: Vector): unknown[] {
  if (v.storage === 'any') return v.values.map((x) => typed(x))
  if (v.storage === 'array') return Array.from({ length: v.length }, (_, k) => vectorJson(v.get(k)))
  return Array.from({ length: v.length }, (_, k) => jsonRaw(v.type, v.raw(k), scaleOf(v)))
}

/** Numbers that JSON holds exactly stay numbers; everything else is text. */
function jsonRaw(type: TypeId, raw: Raw, scale: number): unknown {
  if (isLiteral(type)) return raw
  if (raw === null || isNullRaw(type, raw)) return null
  if (typeof raw === 'number' && (isFloating(type) || isIntegral(type))) return Number.isFinite(raw) ? raw : String(raw)
  if (type === T.BOOL) return raw === 1
  if (typeof raw === 'object') return [...raw]
  if (type === T.LONG && Math.abs(Number(raw)) <= Number.MAX_SAFE_INTEGER) return Number(raw)
  return rawText(type, raw, scale)
}

define('fromJson(X)', {
  doc: 'The object of a text that toJson made.',
  call: ([x]) => ofTyped(parse(textArg(x, 'fromJson(X)', 'X'))),
})

const malformed = (): Error => inputError('The text is not in the form that toJson makes.', { code: 'json' })

function ofTyped(x: unknown): Value {
  if (typeof x !== 'object' || x === null || !('form' in x) || !('value' in x)) throw malformed()
  const { form, type = '', value } = x as Typed
  switch (form) {
    case 'scalar': {
      const t = typeOf(type)
      return t.type === T.VOID ? Scalar.VOID : new Scalar(t.type, rawOf(t.type, value, t.scale), t.scale)
    }
    case 'vector':
      return vectorOfJson(type, value)
    case 'pair': {
      const t = typeOf(type)
      const [a, b] = listOf(value)
      return new Pair(t.type, rawOf(t.type, a, t.scale), rawOf(t.type, b, t.scale), t.scale)
    }
    case 'matrix': {
      const m = value as { rows: number; cols: number; data: unknown; rowLabels: unknown; colLabels: unknown }
      const labels = (l: unknown): Vector | undefined => (l === null ? undefined : (ofTyped(l) as Vector))
      return new Matrix(vectorOfJson(type, m.data), m.rows, m.cols, labels(m.rowLabels), labels(m.colLabels))
    }
    case 'set': {
      const t = typeOf(type)
      return new SetValue(t.type, new Set(listOf(value).map((m) => rawOf(t.type, m, 0) as Key)))
    }
    case 'dictionary': {
      const [keyText, valueText] = String(type).split('->')
      const [k, v] = [typeOf(keyText), typeOf(valueText)]
      const d = value as { ordered: boolean; keys: unknown; values: unknown }
      const values = listOf(d.values).map(ofTyped)
      const entries = new Map(
        listOf(d.keys).map(
          (key, n) => [rawOf(k.type === T.ANY ? T.STRING : k.type, key, 0) as Key, values[n]] as const,
        ),
      )
      return new Dict(k.type, v.type, entries, d.ordered === true, v.scale)
    }
    case 'table': {
      const columns = listOf(value)
      return new Table(
        columns.map((c) => String((c as Typed).name)),
        columns.map((c) => ofTyped(c) as Vector),
      )
    }
    default:
      throw malformed()
  }
}

const typeOf = (text: string): { type: TypeId; scale: number } => columnType(Scalar.string(text.toUpperCase()))

function listOf(x: unknown): unknown[] {
  if (Array.isArray(x)) return x
  throw malformed()
}

function vectorOfJson(typeText: string, value: unknown): Vector {
  const { type, scale } = typeOf(typeText)
  const items = listOf(value)
  if (type === T.ANY) return new AnyVector(items.map(ofTyped))
  if (isArrayType(type)) {
    const rows = items.map(listOf)
    const offsets = new Int32Array(rows.length + 1)
    for (let k = 0; k < rows.length; k++) offsets[k + 1] = offsets[k] + rows[k].length
    const flat = rows.flat().map((x) => rawOf(elementType(type), x, scale))
    return new ArrayVector(offsets, vectorOf(elementType(type), flat, scale))
  }
  return vectorOf(
    type,
    items.map((i) => rawOf(type, i, scale)),
    scale,
  )
}

function rawOf(type: TypeId, x: unknown, scale: number): Raw {
  if (x === null || x === undefined) return nullRaw(type)
  if (type === T.BOOL) return x === true ? 1 : 0
  if (Array.isArray(x)) return [Number(x[0]), Number(x[1])]
  if (typeof x === 'number' && type === T.LONG) return BigInt(Math.trunc(x))
  if (typeof x === 'number' && isFloating(type)) return x
  if (typeof x === 'number' && isIntegral(type)) return Math.trunc(x)
  if (type === T.CHAR) return Number(x)
  return parseRaw(String(x), type, scale)
}

// Extracting.

define('jsonExtract(json, location, type)', {
  doc: 'The value at a key, a 1-based position (negative from the end), or a path of them (a tuple); null if it is missing.',
  call: ([json, location, type]) => {
    const signature = 'jsonExtract(json, location, type)'
    const path = pathOf(required(location, signature, 'location'), signature)
    const target = columnType(required(type, signature, 'type'))
    const one = (text: string): Raw => {
      const found = follow(text, path)
      return found === undefined || found === null || typeof found === 'object'
        ? nullRaw(target.type)
        : rawOf(target.type, typeof found === 'boolean' && target.type !== T.BOOL ? Number(found) : found, target.scale)
    }
    if (json?.kind === 'vector' && isLiteral(json.type))
      return vectorOf(
        target.type,
        Array.from({ length: json.length }, (_, k) => one(String(json.raw(k)))),
        target.scale,
      )
    return new Scalar(target.type, one(textArg(json, signature, 'json')), target.scale)
  },
})

function pathOf(v: Value, signature: string): (string | number)[] {
  if (v.kind === 'vector') return Array.from({ length: v.length }, (_, k) => pathOf(v.get(k), signature)[0])
  if (v.kind === 'scalar' && isLiteral(v.type)) return [v.value as string]
  return intListArg(v, signature, 'location')
}

/** The value at the path; undefined if there is none or the text is no JSON. */
function follow(text: string, path: readonly (string | number)[]): Json | undefined {
  let at: Json | undefined
  try {
    at = readJson(text)
  } catch {
    // Documented: what can not be extracted is null, and a text that is no JSON holds nothing.
    return undefined
  }
  for (const step of path) {
    if (typeof at !== 'object' || at === null) return undefined
    const items: readonly Json[] = at instanceof JsonObject ? [...at.entries.values()] : at
    if (typeof step === 'number') at = items[step > 0 ? step - 1 : items.length + step]
    else at = at instanceof JsonObject ? at.entries.get(step) : undefined
  }
  return at
}

const PARSE_TABLE = 'parseJsonTable(json, [schema], [keyCaseSensitive=true])'
define(PARSE_TABLE, {
  doc: 'Objects one after the other (or in an array) as the rows of a table; columns by key, or those of the schema (name, type and, for texts that hold temporals, format). An empty object is a row of nulls. keyCaseSensitive=false takes keys that differ in case only for one.',
  call: ([json, schema, caseSensitive]) => {
    const texts =
      json?.kind === 'vector'
        ? Array.from({ length: json.length }, (_, k) => String(json.raw(k)))
        : [textArg(json, PARSE_TABLE, 'json')]
    const sensitive = boolArg(caseSensitive, PARSE_TABLE, 'keyCaseSensitive', true)
    const folded = (name: string): string => (sensitive ? name : name.toLowerCase())
    const names = new Map<string, string>()
    const rows = texts.flatMap(splitObjects).map((o) => {
      const row = ofStdJson(o)
      const fields = new Map<string, Value>()
      if (row.kind === 'dict')
        for (const [key, value] of row.entries) {
          const name = folded(String(key))
          if (!names.has(name)) names.set(name, String(key))
          fields.set(name, value)
        }
      return fields
    })
    if (schema?.kind === 'table') return tableBySchema(rows, schema, folded)
    return new Table(
      [...names.values()],
      [...names.keys()].map((n) => ofArray(rows.map((r) => r.get(n) ?? Scalar.VOID))),
    )
  },
})

/** The objects of `{..}{..}` or `[{..},{..}]`. */
function splitObjects(text: string): Json[] {
  const trimmed = text.trim()
  if (trimmed.startsWith('[')) return parseOrdered(trimmed) as Json[]
  const out: Json[] = []
  let depth = 0
  let start = 0
  let inText = false
  for (let k = 0; k < trimmed.length; k++) {
    const c = trimmed[k]
    if (inText) {
      if (c === '\\') k++
      else if (c === '"') inText = false
    } else if (c === '"') inText = true
    else if (c === '{' && depth++ === 0) start = k
    else if (c === '}' && --depth === 0) out.push(parseOrdered(trimmed.slice(start, k + 1)))
  }
  if (depth !== 0) throw inputError('Invalid JSON: an object is not closed.', { code: 'json' })
  return out
}

type Row = ReadonlyMap<string, Value>

function tableBySchema(rows: readonly Row[], schema: Table, folded: (name: string) => string): Table {
  const names = schema.columns[schema.columnIndex('name')]
  const types = schema.columns[schema.columnIndex('type')]
  const formats = schema.columns[schema.columnIndex('format')] as Vector | undefined
  if (names === undefined || types === undefined)
    throw usageError(PARSE_TABLE, 'schema must have the columns name and type.')
  const list = Array.from({ length: schema.rows }, (_, k) => ({
    name: String(names.raw(k)),
    format: formats === undefined || formats.isNullAt(k) ? '' : String(formats.raw(k)),
    ...columnType(types.get(k)),
  }))
  return new Table(
    list.map((c) => c.name),
    list.map((c) => {
      const parser = c.format === '' ? undefined : temporalParser(c.format)
      const cell = (v: Value | undefined): Raw => {
        if (v?.kind !== 'scalar' || v.isNull()) return nullRaw(c.type)
        if (parser !== undefined) {
          const found = parser.parse(rawText(v.type, v.value, v.scale))
          return found === undefined ? nullRaw(c.type) : castScalar(new Scalar(parser.type, found), c.type).value
        }
        if (v.type === c.type) return v.value
        return rawOf(c.type, v.type === T.DOUBLE ? v.value : rawText(v.type, v.value, v.scale), c.scale)
      }
      return vectorOf(
        c.type,
        rows.map((r) => cell(r.get(folded(c.name)))),
        c.scale,
      )
    }),
  )
}
