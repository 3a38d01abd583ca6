/** Reserved words that are values: type ids, form ids, `pi`, and the words that builtins take as options. */
import { Scalar, typeByName, type Value } from '../values/index.ts'

/** `DFLT` in a partial application: the parameter keeps its default. Compared by identity. */
export const DEFAULT_MARK = Scalar.DEFAULT

const FORMS: readonly string[] = ['SCALAR', 'VECTOR', 'PAIR', 'MATRIX', 'SET', 'DICT', 'TABLE']

const NUMBERED: Readonly<Record<string, number>> = {
  // Partition schemes, as `database` and `schema` number them.
  SEQ: 0,
  VALUE: 1,
  RANGE: 2,
  LIST: 3,
  COMPO: 4,
  HASH: 5,
  HINT_LOCAL: 1,
  HINT_HASH: 32,
  HINT_SNAPSHOT: 64,
  HINT_KEEPORDER: 128,
  HINT_SEQ: 512,
  HINT_NOMERGE: 1024,
  HINT_PRELOAD: 4096,
  HINT_EXPLAIN: 32768,
  HINT_SORT: 524288,
  HINT_VECTORIZED: 4194304,
  LINE: 0,
  PIE: 1,
  COLUMN: 2,
  BAR: 3,
  AREA: 4,
  HISTOGRAM: 5,
  SCATTER: 6,
}

/** A data type or a constant by name; words that only serve as options (`ALL`, `DFLT`, `VAR`, privileges) are their own text. */
export function constantValue(name: string): Value {
  if (name === 'pi' || name === 'PI') return Scalar.double(Math.PI)
  if (name === 'e' || name === 'E') return Scalar.double(Math.E)
  if (name === 'DFLT') return DEFAULT_MARK
  const type = typeByName(name)
  if (type !== undefined && type.name === name) return Scalar.int(type.id)
  const form = FORMS.indexOf(name)
  if (form >= 0) return Scalar.int(form)
  const number = NUMBERED[name]
  if (number !== undefined) return Scalar.int(number)
  return Scalar.string(name)
}
