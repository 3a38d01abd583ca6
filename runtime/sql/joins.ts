/**
 * Joins of two relations: which columns come out, under which names (SQL reference, section 12). All left columns come first, then the
 * right ones without the join columns; a right column whose name is taken is called `<rightTable>_<column>`. Join columns of the right
 * side stay readable by their qualified name.
 */
import { inputError } from '../errors.ts'
import type { Vector } from '../values/index.ts'
import { asofMatches } from './asof-match.ts'
import {
  crossMatches,
  type EquiJoin,
  equiMatches,
  type Matches,
  type MatchFilters,
  prefixMatches,
} from './join-match.ts'
import { type Field, Relation } from './relation.ts'

export type JoinKind = EquiJoin | 'cross' | 'asof' | 'right' | 'prefix'

/** Keys of one side: columns by position, or computed ones (`on date(a.ts) = b.date`). */
export interface JoinKeys {
  readonly left: readonly JoinKey[]
  readonly right: readonly JoinKey[]
}

export interface JoinKey {
  readonly values: Vector
  /** Position of the field when the key is a plain column. */
  readonly field: number
}

export function joinRelations(
  kind: JoinKind,
  left: Relation,
  right: Relation,
  keys: JoinKeys,
  filters: MatchFilters = {},
): Relation {
  const matches = matchRows(kind, left, right, keys, filters)
  return kind === 'right'
    ? rightOutput(left, right, keys, matches)
    : leftOutput(left, right, matches, hiddenKeys(kind, keys.right), kind === 'full' ? keys.right : [])
}

function matchRows(kind: JoinKind, left: Relation, right: Relation, keys: JoinKeys, filters: MatchFilters): Matches {
  const l = keys.left.map((k) => k.values)
  const r = keys.right.map((k) => k.values)
  switch (kind) {
    case 'cross':
      return crossMatches(left.rows, right.rows)
    case 'asof':
      return { left: undefined, right: asofMatches(l, r) }
    case 'prefix':
      if (l.length !== 1) throw inputError('A prefix join has one matching column.', { refId: 'S02016' })
      return prefixMatches(l[0], r[0])
    case 'right': {
      const swapped = equiMatches('left', r, l, { left: filters.right, right: filters.left })
      return { left: swapped.right, right: swapped.left }
    }
    default:
      return equiMatches(kind, l, r, filters)
  }
}

/** Right join columns that are not part of the output. */
function hiddenKeys(kind: JoinKind, keys: readonly JoinKey[]): Set<number> {
  if (kind === 'full' || kind === 'cross' || kind === 'prefix') return new Set()
  const leading = kind === 'asof' ? keys.slice(0, -1) : keys
  return new Set(leading.map((k) => k.field))
}

/**
 * Pairs of rows as a relation with the columns of both sides; `hidden` are positions of right fields. Of `keys`, join columns of the right, one stays out whose
 * new name the left side has already: scripts join one table after another of the same name and drop that column once.
 */
export function leftOutput(
  left: Relation,
  right: Relation,
  matches: Matches,
  hidden: ReadonlySet<number>,
  keys: readonly JoinKey[] = [],
): Relation {
  const names = new Set(left.fields.filter((f) => !f.hidden).map((f) => f.name))
  const keyFields = new Set(keys.map((k) => k.field))
  const rightFields = right.fields.map((f, k) => {
    const isRepeated = keyFields.has(k) && names.has(f.name) && names.has(besides(f))
    if (f.hidden || hidden.has(k) || isRepeated) return { ...f, hidden: true }
    return renamed(f, names)
  })
  return combined([...left.fields, ...rightFields], left, right, matches, left.fields.length)
}

/** Left columns without the join columns, then all right columns. */
function rightOutput(left: Relation, right: Relation, keys: JoinKeys, matches: Matches): Relation {
  const joinColumns = new Set(keys.left.map((k) => k.field))
  const leftFields = left.fields.map((f, k) => (joinColumns.has(k) ? { ...f, hidden: true } : f))
  const names = new Set(leftFields.filter((f) => !f.hidden).map((f) => f.name))
  const rightFields = right.fields.map((f) => (f.hidden ? f : renamed(f, names)))
  return combined([...leftFields, ...rightFields], left, right, matches, leftFields.length)
}

/** The name of a right column whose own one is taken. */
const besides = ({ table, name }: Field): string => `${table === '' ? 'right' : table}_${name}`

function renamed(field: Field, taken: Set<string>): Field {
  let { name } = field
  if (taken.has(name)) {
    name = besides(field)
    if (taken.has(name)) throw inputError(`Duplicate column name: [${name}].`, { refId: 'S02001' })
  }
  taken.add(name)
  return { ...field, name }
}

function combined(
  fields: readonly Field[],
  left: Relation,
  right: Relation,
  matches: Matches,
  split: number,
): Relation {
  const leftRows = matches.left === undefined || isIdentity(matches.left, left.rows) ? undefined : matches.left
  return new Relation(fields, matches.right.length, (k) => {
    if (k >= split) return right.column(k - split).gather(matches.right)
    return leftRows === undefined ? left.column(k) : left.column(k).gather(leftRows)
  })
}

function isIdentity(rows: Int32Array, total: number): boolean {
  if (rows.length !== total) return false
  for (let k = 0; k < rows.length; k++) if (rows[k] !== k) return false
  return true
}

/** Key columns by name; S02016 for a name that the side does not have. */
export function keyColumns(side: Relation, names: readonly string[]): JoinKey[] {
  return names.map((name) => {
    const field = side.find(name)
    if (field < 0) throw inputError(`Invalid column in join: [${name}].`, { refId: 'S02016' })
    return { values: side.column(field), field }
  })
}
