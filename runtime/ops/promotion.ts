/** Which type a numeric operation computes in and yields (language specification, section 2.3). */
import { T, type TypeId, typeInfo } from '../values/types.ts'

/** Result type of + - * / % on two numeric types: the higher rank, at least INT when both are BOOL. */
export function promote(a: TypeId, b: TypeId): TypeId {
  const ra = typeInfo(a).rank
  const rb = typeInfo(b).rank
  const high = ra >= rb ? a : b
  return high === T.BOOL ? T.INT : high
}

/** The widest of two numeric types for literals and appends: as `promote`, but two BOOLs stay BOOL. */
export function widest(a: TypeId, b: TypeId): TypeId {
  return typeInfo(a).rank >= typeInfo(b).rank ? a : b
}

/** Type of `sum` and its relatives: LONG for integers and BOOL, DOUBLE for floating, wider decimals for decimals. */
export function sumType(type: TypeId): TypeId {
  switch (type) {
    case T.BOOL:
    case T.CHAR:
    case T.SHORT:
    case T.INT:
    case T.LONG:
    case T.COMPRESSED:
      return T.LONG
    case T.DECIMAL32:
      return T.DECIMAL64
    case T.DECIMAL64:
    case T.DECIMAL128:
      return T.DECIMAL128
    default:
      return T.DOUBLE
  }
}
