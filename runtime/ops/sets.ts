/** Set algebra: `-` difference, `&` intersection, `|` union, `^` symmetric difference; comparisons are subset tests. */
import { operatorError } from '../errors.ts'
import { formName } from '../values/form-name.ts'
import { type Key, keyOf, SetValue } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import type { TypeId } from '../values/types.ts'
import { castScalar } from './cast.ts'
import type { BinaryOpName } from './names.ts'

function membersOf(v: Value, type: TypeId): Set<Key> {
  if (v.kind === 'set' && v.type === type) return v.members
  const out = new Set<Key>()
  if (v.kind === 'set') for (const k of v.members) out.add(keyOf(castScalar(new Scalar(v.type, k), type)))
  else if (v.kind === 'scalar') out.add(keyOf(castScalar(v, type)))
  else if (v.kind === 'vector')
    for (let k = 0; k < v.length; k++) {
      const element = v.get(k)
      if (element.kind !== 'scalar') throw operatorError(`A set can't hold a ${formName(element)}.`)
      out.add(keyOf(castScalar(element, type)))
    }
  else throw operatorError(`A set can't be combined with a ${formName(v)}.`)
  return out
}

const subset = (a: Set<Key>, b: Set<Key>): boolean => a.isSubsetOf(b)

/** The operator where at least one side is a set. */
export function setBinary(op: BinaryOpName, a: Value, b: Value): Value {
  const type = (a.kind === 'set' ? a : (b as SetValue)).type
  const x = membersOf(a, type)
  const y = membersOf(b, type)
  switch (op) {
    case 'sub':
      return new SetValue(type, x.difference(y))
    case 'bitAnd':
      return new SetValue(type, x.intersection(y))
    case 'bitOr':
      return new SetValue(type, x.union(y))
    case 'bitXor':
      return new SetValue(type, x.symmetricDifference(y))
    case 'eq':
      return Scalar.bool(x.size === y.size && subset(x, y))
    case 'ne':
      return Scalar.bool(!(x.size === y.size && subset(x, y)))
    case 'le':
      return Scalar.bool(subset(x, y))
    case 'lt':
      return Scalar.bool(x.size < y.size && subset(x, y))
    case 'ge':
      return Scalar.bool(subset(y, x))
    case 'gt':
      return Scalar.bool(y.size < x.size && subset(y, x))
    default:
      throw operatorError(`The function ${op} does not support sets.`, { code: 'operandTypes' })
  }
}
