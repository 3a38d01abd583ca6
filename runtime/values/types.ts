/**
 * The data types of the dialect: ids, names, categories, how an element is stored, and its null.
 * Ids and names are those that `type(x)` and `typestr(x)` report (language specification, section 2.2).
 */

export const T = {
  VOID: 0,
  BOOL: 1,
  CHAR: 2,
  SHORT: 3,
  INT: 4,
  LONG: 5,
  DATE: 6,
  MONTH: 7,
  TIME: 8,
  MINUTE: 9,
  SECOND: 10,
  DATETIME: 11,
  TIMESTAMP: 12,
  NANOTIME: 13,
  NANOTIMESTAMP: 14,
  FLOAT: 15,
  DOUBLE: 16,
  SYMBOL: 17,
  STRING: 18,
  UUID: 19,
  FUNCTIONDEF: 20,
  HANDLE: 21,
  CODE: 22,
  DATASOURCE: 23,
  RESOURCE: 24,
  ANY: 25,
  COMPRESSED: 26,
  DATEHOUR: 28,
  IPADDR: 30,
  INT128: 31,
  BLOB: 32,
  COMPLEX: 34,
  POINT: 35,
  DURATION: 36,
  DECIMAL32: 37,
  DECIMAL64: 38,
  DECIMAL128: 39,
} as const

export type TypeName = keyof typeof T
/** A type id. An array type is 64 + the id of its element type (`INT[]` is 68). */
export type TypeId = number

export type Category =
  | 'void'
  | 'logical'
  | 'integral'
  | 'temporal'
  | 'floating'
  | 'literal'
  | 'binary'
  | 'decimal'
  | 'system'
  | 'mixed'

/**
 * How the elements of a vector of the type are kept:
 * i8 i16 i32 f32 f64 i64 are typed arrays with one slot an element (i64 is a BigInt64Array);
 * x2i64 and x2f64 are BigInt64Array / Float64Array with two slots an element (low 64 bits first; first part first);
 * symbol is an Int32Array of codes into a SymbolBase; string and any are their own vector classes.
 */
export type Storage = 'i8' | 'i16' | 'i32' | 'i64' | 'f32' | 'f64' | 'x2i64' | 'x2f64' | 'symbol' | 'string' | 'any'

export interface TypeInfo {
  readonly id: TypeId
  readonly name: TypeName
  readonly category: Category
  readonly storage: Storage
  /** Rank in numeric promotion (BOOL 1 .. DOUBLE 7); 0 for types that do not promote. */
  readonly rank: number
}

const i = (name: TypeName, category: Category, storage: Storage, rank = 0): TypeInfo => ({
  id: T[name],
  name,
  category,
  storage,
  rank,
})

export const TYPES: readonly TypeInfo[] = [
  i('VOID', 'void', 'any'),
  i('BOOL', 'logical', 'i8', 1),
  i('CHAR', 'integral', 'i8', 2),
  i('SHORT', 'integral', 'i16', 3),
  i('INT', 'integral', 'i32', 4),
  i('LONG', 'integral', 'i64', 5),
  i('DATE', 'temporal', 'i32'),
  i('MONTH', 'temporal', 'i32'),
  i('TIME', 'temporal', 'i32'),
  i('MINUTE', 'temporal', 'i32'),
  i('SECOND', 'temporal', 'i32'),
  i('DATETIME', 'temporal', 'i32'),
  i('TIMESTAMP', 'temporal', 'i64'),
  i('NANOTIME', 'temporal', 'i64'),
  i('NANOTIMESTAMP', 'temporal', 'i64'),
  i('DATEHOUR', 'temporal', 'i32'),
  i('FLOAT', 'floating', 'f32', 6),
  i('DOUBLE', 'floating', 'f64', 7),
  i('SYMBOL', 'literal', 'symbol'),
  i('STRING', 'literal', 'string'),
  i('BLOB', 'literal', 'string'),
  i('UUID', 'binary', 'x2i64'),
  i('IPADDR', 'binary', 'x2i64'),
  i('INT128', 'binary', 'x2i64'),
  i('COMPLEX', 'binary', 'x2f64'),
  i('POINT', 'binary', 'x2f64'),
  i('DECIMAL32', 'decimal', 'i32'),
  i('DECIMAL64', 'decimal', 'i64'),
  i('DECIMAL128', 'decimal', 'x2i64'),
  i('DURATION', 'system', 'i64'),
  i('FUNCTIONDEF', 'system', 'any'),
  i('HANDLE', 'system', 'any'),
  i('CODE', 'system', 'any'),
  i('DATASOURCE', 'system', 'any'),
  i('RESOURCE', 'system', 'any'),
  i('COMPRESSED', 'integral', 'i8'),
  i('ANY', 'mixed', 'any'),
]

const byId: (TypeInfo | undefined)[] = []
for (const t of TYPES) byId[t.id] = t
const byName = new Map<string, TypeInfo>(TYPES.map((t) => [t.name, t]))

/** Facts about a scalar (non-array) type id. Throws on an unknown id: that is a bug of the caller. */
export function typeInfo(id: TypeId): TypeInfo {
  const info = byId[id]
  if (info === undefined) throw new RangeError(`unknown type id ${id}`)
  return info
}

/** Whether a number is the id of a type, or of an array of one. */
export const isTypeId = (id: number): boolean => byId[isArrayType(id) ? elementType(id) : id] !== undefined

/** The type named (`INT`, `int`), or undefined. */
export function typeByName(name: string): TypeInfo | undefined {
  return byName.get(name) ?? byName.get(name.toUpperCase())
}

export const ARRAY_BASE = 64
export const isArrayType = (id: TypeId): boolean => id >= ARRAY_BASE
export const elementType = (id: TypeId): TypeId => (id >= ARRAY_BASE ? id - ARRAY_BASE : id)

/** `INT`, `DECIMAL32(3)`, `INT[]`: the spelling used by typestr, schemas and messages. */
export function typeName(id: TypeId, scale?: number): string {
  if (isArrayType(id)) return `${typeName(elementType(id), scale)}[]`
  const name = typeInfo(id).name
  return scale !== undefined && typeInfo(id).category === 'decimal' ? `${name}(${scale})` : name
}

export const categoryOf = (id: TypeId): Category => (isArrayType(id) ? 'mixed' : typeInfo(id).category)
export const isNumeric = (id: TypeId): boolean => !isArrayType(id) && typeInfo(id).rank > 0
export const isTemporal = (id: TypeId): boolean => categoryOf(id) === 'temporal'
export const isLiteral = (id: TypeId): boolean => categoryOf(id) === 'literal'
export const isDecimal = (id: TypeId): boolean => categoryOf(id) === 'decimal'
export const isIntegral = (id: TypeId): boolean => categoryOf(id) === 'integral'
export const isFloating = (id: TypeId): boolean => id === T.DOUBLE || id === T.FLOAT
/** True if elements are 64-bit integers kept in a BigInt64Array. */
export const isI64 = (id: TypeId): boolean => !isArrayType(id) && typeInfo(id).storage === 'i64'

export const NULL_I8 = -128
export const NULL_I16 = -32768
export const NULL_I32 = -2147483648
export const NULL_I64 = -(2n ** 63n)
export const NULL_F32 = -3.4028234663852886e38
export const NULL_F64 = -Number.MAX_VALUE
export const NULL_I128 = -(2n ** 127n)

/**
 * One element as JavaScript sees it:
 * number for i8..i32, f32, f64; bigint for i64 and for 128-bit types; string for literals; a pair of numbers for COMPLEX and POINT;
 * null only for VOID. A typed null is the sentinel of the type's storage, never undefined.
 */
export type Raw = number | bigint | string | readonly [number, number] | null

/** The null sentinel of a type, in the form that `Raw` uses. */
export function nullRaw(id: TypeId): Raw {
  if (id === T.DECIMAL128) return NULL_I128
  switch (typeInfo(id).storage) {
    case 'i8':
      return NULL_I8
    case 'i16':
      return NULL_I16
    case 'i32':
      return NULL_I32
    case 'i64':
      return NULL_I64
    case 'f32':
      return NULL_F32
    case 'f64':
      return NULL_F64
    case 'x2i64':
      return 0n
    case 'x2f64':
      return [NULL_F64, NULL_F64]
    case 'symbol':
    case 'string':
      return ''
    case 'any':
      return null
  }
}

/** Whether a raw element is the null of its type. NaN counts as null. */
export function isNullRaw(id: TypeId, raw: Raw): boolean {
  switch (typeInfo(id).storage) {
    case 'x2f64': {
      const p = raw as readonly [number, number]
      return p[0] === NULL_F64 || p[1] === NULL_F64 || Number.isNaN(p[0]) || Number.isNaN(p[1])
    }
    case 'f64':
    case 'f32':
      return raw === nullRaw(id) || Number.isNaN(raw as number)
    default:
      return raw === nullRaw(id)
  }
}

/** A DURATION in one 64-bit integer: unit code in the high half, count in the low half. */
export function packDuration(count: number, unit: string): bigint {
  let code = 0
  for (let k = 0; k < unit.length; k++) code = (code << 8) | unit.charCodeAt(k)
  return BigInt.asIntN(64, (BigInt(code >>> 0) << 32n) | BigInt(count >>> 0))
}

export function unpackDuration(packed: bigint): { count: number; unit: string } {
  let code = Number((packed >> 32n) & 0xffffffffn)
  let unit = ''
  for (; code > 0; code = Math.floor(code / 256)) unit = String.fromCharCode(code % 256) + unit
  return { count: Number(BigInt.asIntN(32, packed)), unit }
}
