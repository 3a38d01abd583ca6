/** What a piece of metacode is made of: objectType and objectComponent. */
import type { Alias, Expr, SelectItem, SelectStatement } from '../../lang/ast.ts'
import { codeNode, codeOf } from '../compile/code.ts'
import { topicTable } from '../registry.ts'
import { AnyVector, CodeValue, Dict, type Key, Scalar, T, type Value } from '../values/index.ts'
import { callOf, GROUP_KINDS, item } from './metaprogramming.ts'

const { entries, define } = topicTable('Metaprogramming')

const OBJECT_TYPES: Partial<Record<Expr['kind'], string>> = {
  literal: 'CONSTOBJ',
  constVector: 'CONSTOBJ',
  value: 'CONSTOBJ',
  constant: 'CONSTOBJ',
  name: 'VAR',
  columnRef: 'COLUMN',
  binary: 'EXPRESSION',
  unary: 'EXPRESSION',
  compareChain: 'EXPRESSION',
  predicate: 'EXPRESSION',
  call: 'FUNCTION',
  infix: 'FUNCTION',
  methodCall: 'METHODCALL',
  sql: 'SQLQUERY',
  tuple: 'TUPLE',
  vector: 'VECTOR',
  functionRef: 'FUNCTIONDEF',
}

define('objectType(obj)', {
  doc: 'Kind of a piece of metacode: CONSTOBJ, VAR, EXPRESSION, FUNCTION, METHODCALL, SQLQUERY, COLUMNDEF ...',
  call: ([x]) => Scalar.string(x instanceof CodeValue ? codeKind(x) : 'CONSTOBJ'),
})

/** Kind of metacode, as objectType names it. */
export function codeKind(x: CodeValue): string {
  const { expr, alias } = codeNode(x).item
  return alias !== null ? 'COLUMNDEF' : (OBJECT_TYPES[expr.kind] ?? expr.kind.toUpperCase())
}

define('objectComponent(obj)', {
  doc: 'Dictionary of the parts of a piece of metacode. Of a query: exec, select, from, where, groupBy, groupFlag (1 group, 0 context, 2 pivot), cgroups, csort, having, orderBy, rowOffset, rowCount, hint, each as metacode or as a tuple of metacodes. Of anything else: type as objectType names it, and components, a tuple of metacodes (operands, arguments, elements). What is no metacode has one component, itself.',
  call: ([x]) => {
    const pairs = x instanceof CodeValue ? componentsOf(x) : constantComponents(x as Value)
    return new Dict(T.STRING, T.ANY, new Map<Key, Value>(pairs), true)
  },
})

const constantComponents = (x: Value): [string, Value][] => [
  ['type', Scalar.string('CONSTOBJ')],
  ['components', new AnyVector([x])],
]

function componentsOf(x: CodeValue): [string, Value][] {
  const { expr } = codeNode(x).item
  if (expr.kind === 'sql' && expr.statement.kind === 'select') return queryComponents(expr.statement, x.captured)
  const parts = directParts(expr).map((e) => codeOf(item(e), x.captured))
  return [
    ['type', Scalar.string(codeKind(x))],
    ['components', new AnyVector(parts)],
  ]
}

function queryComponents(s: SelectStatement, captured: ReadonlyMap<string, Value>): [string, Value][] {
  const code = (expr: Expr, as: Alias | null = null): Value => codeOf(item(expr, as), captured)
  const list = (exprs: readonly Expr[]): Value => new AnyVector(exprs.map((e) => code(e)))
  const items = (of: readonly SelectItem[]): Value => new AnyVector(of.map((i) => code(i.expr, i.alias)))
  const orNothing = (expr: Expr | null | undefined): Value => (expr == null ? Scalar.VOID : code(expr))
  const from = s.from?.kind === 'table' ? s.from.expr : null
  const table = from?.kind === 'name' ? callOf(Scalar.string('objByName'), [Scalar.string(from.name)]) : from
  return [
    ['exec', Scalar.bool(s.exec)],
    ['select', items(s.items)],
    ['from', orNothing(table)],
    ['where', list(s.where)],
    ['groupBy', items(s.group?.keys ?? [])],
    ['groupFlag', s.group === null ? Scalar.VOID : Scalar.int(GROUP_KINDS.indexOf(s.group.kind))],
    ['cgroups', Scalar.int(s.cgroup.length)],
    ['csort', list(s.csort.map((k) => k.expr))],
    ['having', list(s.having)],
    ['orderBy', list(s.orderBy.map((k) => k.expr))],
    ['rowOffset', orNothing(s.limit?.offset)],
    ['rowCount', orNothing(s.limit?.count)],
    ['hint', Scalar.int(s.hint)],
  ]
}

/** The expressions right below one. */
function directParts(expr: Expr): Expr[] {
  const parts: Expr[] = []
  const collect = (x: unknown): void => {
    if (Array.isArray(x)) for (const each of x) collect(each)
    else if (typeof x === 'object' && x !== null && Object.getPrototypeOf(x) === Object.prototype) {
      if ('kind' in x && EXPRESSIONS.has(String(x.kind))) parts.push(x as Expr)
      else for (const below of Object.values(x)) collect(below)
    }
  }
  if (expr.kind !== 'value') for (const below of Object.values(expr)) collect(below)
  return parts
}

/** Kinds of syntax that stand for a value by themselves. */
const EXPRESSIONS: ReadonlySet<string> = new Set(
  (
    'literal constVector value typeName constant name functionRef operatorRef columnRef macro columnSeries star vector tuple dict pair range unary ' +
    'binary compareChain predicate isNull quantified infix ternary call methodCall member memberKey index eachAt partial lambda hof metacode sql case over'
  ).split(' '),
)

export const metacodePartBuiltins = entries
