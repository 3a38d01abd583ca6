/** What `if`, `while` and `assert` take as true. */
import { inputError } from '../errors.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { isLiteral, T } from '../values/types.ts'

/** Truth of a condition: non-zero is true, every null is false; a vector of one element is that element, any other an error. */
export function toBool(v: Value): boolean {
  if (v instanceof Scalar) {
    if (v.type === T.BOOL) return v.value === 1
    if (v.isNull()) return false
    if (isLiteral(v.type)) throw inputError("The string can't be converted to bool scalar.")
    return typeof v.value === 'bigint' ? v.value !== 0n : v.value !== 0
  }
  if (v.kind === 'vector' && v.length === 1 && v.storage !== 'any' && v.storage !== 'array') return toBool(v.get(0))
  const name = v.kind === 'vector' ? 'vector' : v.kind
  throw inputError(`The ${name} can't be converted to bool scalar.`, { code: 'condition' })
}
