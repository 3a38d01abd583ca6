/** Literals of the syntax tree as values. */
import type { ConstVectorExpr, DecimalValue, DurationValue, LiteralExpr } from '../../lang/ast.ts'
import { inputError } from '../errors.ts'
import { unifyScalars } from '../ops/assemble.ts'
import { AnyVector, packDuration, type Raw, Scalar, T, type Value } from '../values/index.ts'

export function literalValue(node: LiteralExpr): Scalar {
  const type = T[node.type]
  const value = node.value
  if (value === null) return Scalar.nullOf(type)
  switch (node.type) {
    case 'VOID':
      return Scalar.VOID
    case 'BOOL':
      return Scalar.bool(value === true || value === 1)
    case 'INT':
      return Scalar.int(value as number)
    case 'DECIMAL64': {
      const decimal = value as DecimalValue
      return new Scalar(type, decimal.unscaled, decimal.scale)
    }
    case 'DURATION': {
      const duration = value as DurationValue
      return new Scalar(type, packDuration(duration.count, duration.unit))
    }
    default:
      return new Scalar(type, value as Raw)
  }
}

/** `1 2 3`, `` `A`B ``: a typed vector when the constants unify, else a tuple. */
export function constVectorValue(node: ConstVectorExpr): Value {
  const items = node.items.map(literalValue)
  if (items.every((item) => item.type === T.VOID))
    throw inputError('Not allowed to create void vector', { refId: 'S05005' })
  return unifyScalars(items) ?? new AnyVector(items)
}
