/**
 * Who may change a value in place.
 *
 * - `owned`: a variable holds it. Binding an owned value to a second variable makes it `frozen`.
 * - `frozen`: more than one owner can see it; whoever wants to write copies it first and stores the copy back.
 * - Whatever is inside a tuple or a dictionary, was captured by a closure, or is a constant of the script is frozen.
 * - A function's local that is returned loses its owner, so building a vector in a function and returning it costs no copy.
 * - A shared table is one object for everybody: it is never frozen.
 * - A copied table shares its columns with the original: they are frozen, and whoever writes one thaws only that one.
 */
import { operatorError } from '../errors.ts'
import { giveBack, keptFromBytes } from '../values/allocator.ts'
import { AnyVector, Dict, FixedVector, Matrix, Pair, Scalar, SetValue, Table, type Value } from '../values/index.ts'
import { subarrays } from '../values/vector.ts'

/** A value on its way into a variable. */
export function own(value: Value): Value {
  if (value instanceof Scalar) return value
  switch (value.kind) {
    case 'vector':
    case 'pair':
    case 'matrix':
    case 'set':
    case 'dict':
      if (value.owned) value.frozen = true
      else value.owned = true
      return value
    case 'table':
      if (value.owned && value.sharedName === undefined) value.frozen = true
      else value.owned = true
      return value
    default:
      return value
  }
}

/** `x = value` where x held `old`: `x = x.append!(1)` is no second owner. */
export function rebind(old: Value | undefined, value: Value): Value {
  if (value === old || value instanceof Scalar) return value
  // Other kinds of values may have been made around the old one's elements.
  if (old instanceof FixedVector && value instanceof FixedVector && value.data.buffer !== old.data.buffer) letGo(old)
  return own(value)
}

/** The same where what x held may be needed still. */
export function replace(old: Value | undefined, value: Value): Value {
  return value === old || value instanceof Scalar ? value : own(value)
}

/** `x = NULL` where x held `old`. */
export function unbind(old: Value | undefined, value: Value): Value {
  if (old instanceof FixedVector) letGo(old)
  return value
}

const shown = new WeakSet<Value>()

/** The value of a statement has gone to whoever runs the script: a variable that lets go of it leaves its memory alone. */
export function keepShown(value: Value): void {
  if (isLarge(value)) shown.add(value)
}

const isLarge = (value: Value): value is FixedVector =>
  value instanceof FixedVector && value.data.byteLength >= keptFromBytes

/** The memory of a large vector that only this variable held serves the next one. */
function letGo(old: FixedVector): void {
  if (old.owned && !old.frozen && isLarge(old) && !shown.has(old)) giveBack(old.data.buffer)
}

/** A local that is returned: the frame that owned it is gone. */
export function disown(value: Value): Value {
  if (!(value instanceof Scalar) && 'owned' in value && !value.frozen) value.owned = false
  return value
}

/** Marks a value that gets a second owner outside variables: an element of a tuple, a captured value, a constant. */
export function freeze(value: Value): Value {
  if (value instanceof Scalar || !('frozen' in value)) return value
  if (value.kind === 'table' && value.sharedName !== undefined) return value
  value.frozen = true
  return value
}

/** Freezes only what a variable holds: a fresh value stays free. For arguments that a builtin may keep. */
export function freezeOwned(value: Value): void {
  if (!(value instanceof Scalar) && 'owned' in value && value.owned) freeze(value)
}

/** The value itself if it may be changed in place, else a copy that may. The caller stores the result back where it came from. */
export function writable(value: Value): Value {
  if (value instanceof Scalar || !('frozen' in value) || !value.frozen) return value
  if (subarrays.has(value))
    throw operatorError("Immutable sub vector doesn't support method set", {
      code: 'subarray',
      hint: 'write to the vector it is taken from, or to a copy: copy(x)',
    })
  const copy = copyOf(value)
  if ('owned' in copy) copy.owned = true
  return copy
}

/** An unfrozen copy, as shallow as immutability allows. */
export function copyOf(value: Value): Value {
  switch (value.kind) {
    case 'vector':
      if (value instanceof AnyVector) {
        const copy = value.copy()
        copy.columnar = value.columnar
        for (const element of copy.values) freeze(element)
        return copy
      }
      return value.copy()
    case 'pair':
      return new Pair(value.type, value.first, value.second, value.scale)
    case 'matrix': {
      const copy = new Matrix(value.data.copy(), value.rows, value.cols, value.rowLabels, value.colLabels)
      copy.indexed = value.indexed
      return copy
    }
    case 'set':
      return new SetValue(value.type, new Set(value.members))
    case 'dict': {
      for (const element of value.entries.values()) freeze(element)
      return new Dict(value.keyType, value.valueType, new Map(value.entries), value.ordered, value.scale)
    }
    case 'table': {
      for (const column of value.columns) column.frozen = true
      const copy = new Table(value.names.slice(), value.columns.slice())
      copy.keyColumns = value.keyColumns?.slice()
      copy.latestBy = value.latestBy
      copy.indexed = value.indexed
      copy.keyIndex = value.keyIndex?.copy()
      return copy
    }
    default:
      return value
  }
}

/** Elements out of a container: the container still holds them. */
export function element(value: Value): Value {
  return freeze(value)
}

export function readOnlyError(functionName: string): Error {
  return operatorError(`Read only object can't be applied to mutable function ${functionName}`)
}
