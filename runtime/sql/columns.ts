/** Values as table columns: broadcasting, stacking pieces, sharing without copying. */
import { inputError } from '../errors.ts'
import { castVector, concatVectors, scalarToVector } from '../ops/cast.ts'
import { filledList } from '../values/heap.ts'
import {
  AnyVector,
  ArrayVector,
  isDecimal,
  isNumeric,
  newVector,
  type Scalar,
  T,
  Table,
  type TypeId,
  typeName,
  type Value,
  type Vector,
} from '../values/index.ts'

/** A vector that another owner keeps as well: nobody may write to it any more. */
export function shared(v: Vector): Vector {
  v.frozen = true
  return v
}

/** `length` copies of a scalar. */
export const repeated = (s: Scalar, length: number): Vector => scalarToVector(s, length)

/** Null column of a type (array types give empty rows). */
export function nullColumn(type: TypeId, length: number, scale = 0): Vector {
  return newVector(type, length, 'null', scale)
}

/** Scale of a decimal vector, 0 for others. */
export const scaleOf = (v: Vector): number => ('scale' in v ? v.scale : 0)

/** One vector of a common type: the type of the first for parts of one type, else the widest numeric type, STRING over SYMBOL. */
export function stack(parts: readonly Vector[]): Vector {
  const filled = parts.filter((p) => p.length > 0)
  if (filled.length === 0) return parts.length === 0 ? new AnyVector([]) : parts[0]
  if (filled.length === 1) return filled[0]
  const type = filled.map((p) => p.type).reduce(commonType)
  const scale = Math.max(...filled.map(scaleOf))
  return concatVectors(
    filled.map((p) => (p.type === type && scaleOf(p) === scale ? p : castVector(p, type, scale))),
    type,
    scale,
  )
}

/** The type in which values of both types compare and stack. */
export function commonType(a: TypeId, b: TypeId): TypeId {
  if (a === b) return a
  if (a === T.VOID) return b
  if (b === T.VOID) return a
  if (isNumeric(a) && isNumeric(b)) return Math.max(rankOrder(a), rankOrder(b)) === rankOrder(a) ? a : b
  if (isDecimal(a) && isDecimal(b)) return Math.max(a, b)
  if ((a === T.SYMBOL && b === T.STRING) || (a === T.STRING && b === T.SYMBOL)) return T.STRING
  const finer = temporalCommon(a, b)
  if (finer !== undefined) return finer
  throw inputError(`Values of type ${typeName(a)} and ${typeName(b)} can't be matched.`, { code: 'incompatibleType' })
}

// BOOL CHAR SHORT INT LONG FLOAT DOUBLE have ascending ids in the order of promotion.
const rankOrder = (type: TypeId): number => type

const DATE_LIKE: readonly TypeId[] = [T.DATE, T.DATEHOUR, T.DATETIME, T.TIMESTAMP, T.NANOTIMESTAMP]
const TIME_LIKE: readonly TypeId[] = [T.MINUTE, T.SECOND, T.TIME, T.NANOTIME]

/** The finer of two temporal types of one family, undefined otherwise. */
export function temporalCommon(a: TypeId, b: TypeId): TypeId | undefined {
  for (const family of [DATE_LIKE, TIME_LIKE]) {
    const x = family.indexOf(a)
    const y = family.indexOf(b)
    if (x >= 0 && y >= 0) return family[Math.max(x, y)]
  }
  return undefined
}

/** A value of a select item or key as a column of `rows` elements; undefined if it is a vector of another length. */
export function asColumn(value: Value, rows: number): Vector | undefined {
  switch (value.kind) {
    case 'scalar':
      return repeated(value, rows)
    case 'vector':
      return value.length === rows ? value : undefined
    case 'matrix':
      // An indexed series of the rows is the column of its values.
      if (value.cols === 1 && value.rows === rows && value.indexed !== 'no') return value.data
      return new AnyVector(filledList(rows, value))
    default:
      return new AnyVector(filledList(rows, value))
  }
}

/** Tables with equal column counts stacked by position under the names of the first. */
export function stackTables(tables: readonly Table[]): Table {
  if (tables.length === 1) return tables[0]
  return new Table(
    tables[0].names.slice(),
    tables[0].columns.map((_, k) => stack(tables.map((t) => t.columns[k]))),
  )
}

/** Rows of a table at these positions. */
export const gatherTable = (t: Table, rows: Int32Array): Table =>
  new Table(
    t.names,
    t.columns.map((c) => c.gather(rows)),
  )

/** Rows [from, to) of a table, clipped to its size. */
export function sliceTable(t: Table, from: number, to: number): Table {
  const a = Math.min(Math.max(from, 0), t.rows)
  const b = Math.min(Math.max(to, a), t.rows)
  if (a === 0 && b === t.rows) return t
  return new Table(
    t.names,
    t.columns.map((c) => c.slice(a, b)),
  )
}

/** Rows of an array vector built from per-group pieces of one flat vector in group order. */
export const arrayOfGroups = (offsets: Int32Array, flat: Vector): Vector => new ArrayVector(offsets, flat)

export const voidScalar = (v: Value): boolean => v.kind === 'scalar' && v.type === T.VOID
