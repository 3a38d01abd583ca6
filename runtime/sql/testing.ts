/** For tests of SQL: a session, and results as compact text. */
import { createInterpreter, createRegistry } from '../index.ts'
import type { Interpreter } from '../interpreter.ts'
import { plainText } from '../print/index.ts'
import type { Builtin } from '../registry.ts'
import { Table, type Value, type Vector } from '../values/index.ts'

/** A session; `variables` are set before anything runs. */
export function sqlSession(
  variables: Readonly<Record<string, Value>> = {},
  more: readonly Builtin[] = [],
): Interpreter {
  const session = createInterpreter({ registry: createRegistry(more), print: () => {}, now: () => 0 })
  for (const [name, value] of Object.entries(variables)) session.setVariable(name, value)
  return session
}

/** `sym,qty|A,3|B,4`: header and rows of a table; `[1,2]` for a vector; the scalar's text. */
export function compact(value: Value): string {
  if (value instanceof Table)
    return [value.names.join(','), ...Array.from({ length: value.rows }, (_, k) => row(value.columns, k))].join('|')
  if (value.kind === 'vector') return `[${Array.from({ length: value.length }, (_, k) => cell(value, k)).join(',')}]`
  if (value.kind === 'scalar') return value.isNull() ? 'NULL' : plainText(value)
  if (value.kind === 'matrix') {
    const labels = (v: Vector | undefined): string => (v === undefined ? '' : compact(v))
    return `${labels(value.rowLabels)}x${labels(value.colLabels)}:${compact(value.data)}`
  }
  return value.kind
}

const row = (columns: readonly Vector[], k: number): string => columns.map((c) => cell(c, k)).join(',')

function cell(v: Vector, k: number): string {
  if (v.storage === 'array') return `[${compact(v.get(k)).slice(1, -1).replaceAll(',', ' ')}]`
  if (v.isNullAt(k)) return ''
  return plainText(v.get(k))
}
