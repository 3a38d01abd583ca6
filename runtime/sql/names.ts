/** Names of select items without an alias (SQL reference, section 2.1). */
import type { BinaryOperator, Expr, LiteralExpr } from '../../lang/ast.ts'
import { literalValue } from '../compile/literals.ts'
import { plainText } from '../print/index.ts'
import { isTemporal, PartialFunction, T } from '../values/index.ts'
import { calleeName, callShape, columnName } from './expressions.ts'

/** Resolves a column to the spelling of its table; undefined if the name is no column. */
export type ColumnSpelling = (name: string, qualifier: string | undefined) => string | undefined

/** The generated name of an item; `position` counts items from 0 and names what has no name (`col2`). */
export function generatedName(expr: Expr, spelling: ColumnSpelling, position: number): string {
  const column = columnName(expr)
  if (column !== undefined) return spelling(column.name, column.qualifier) ?? column.name
  const name = (e: Expr): string => generatedName(e, spelling, position)
  switch (expr.kind) {
    case 'literal':
      return literalName(expr)
    case 'constVector':
      return expr.items.map(literalName).join(' ')
    case 'value':
      return expr.text
    case 'constant':
    case 'typeName':
      return expr.name
    case 'macro':
      return expr.name
    case 'unary':
      return `${name(expr.operand)}_${expr.op}`
    case 'binary': {
      // `a+b+c` and `a\b-1` are named after the innermost left operator: the first one written.
      let first = expr
      while (first.left.kind === 'binary') first = first.left
      return `${name(first.left)}_${operatorName(first.op)}`
    }
    case 'compareChain':
      return `${name(expr.operands[0])}_${expr.ops[0]}`
    case 'predicate':
      return `${name(expr.left)}_${expr.negated ? NEGATED[expr.op] : expr.op}`
    case 'isNull':
      return `${expr.negated ? 'isNotNull' : 'isNull'}_${name(expr.operand)}`
    case 'over':
      return callName(expr.call, spelling, true)
    case 'call':
    case 'methodCall':
    case 'infix':
      return callName(expr, spelling, false)
    default:
      return `col${position}`
  }
}

const NEGATED = { in: 'notIn', between: 'notBetween', like: 'notLike' } as const

const operatorName = (op: BinaryOperator): string => op

function callName(expr: Expr, spelling: ColumnSpelling, functionOnly: boolean): string {
  const shape = callShape(expr)
  if (shape === undefined) return 'col0'
  const full = functionName(shape.callee)
  if (functionOnly || shape.args.length === 0) return full
  const first = shape.args[0].value
  if (first === null) return full
  // interval(X=time, ...) is `interval`, but moving(func=avg, ...) is `moving_avg`.
  if (shape.args[0].name !== null && shape.args[0].name !== 'func') return full
  const column = columnName(first)
  if (column !== undefined) {
    const spelled = spelling(column.name, column.qualifier)
    // A formatted column of a report, sqlCol(`id, format{,"000"}), keeps its name.
    if (spelled !== undefined && full === '' && isPartialValue(shape.callee)) return spelled
    if (spelled !== undefined) return `${full}_${spelled}`
    if (first.kind === 'name') return first.binding === 'variable' ? full : `${full}_${first.name}`
  }
  if (first.kind === 'functionRef') return `${full}_${first.path[first.path.length - 1]}`
  return full
}

const isPartialValue = (callee: Expr): boolean => callee.kind === 'value' && callee.value instanceof PartialFunction

/** Anonymous functions have no name, so that a call on a column is `_column`. */
function functionName(callee: Expr): string {
  const name = calleeName(callee)
  if (name !== undefined) return name.slice(name.lastIndexOf(':') + 1)
  if (callee.kind === 'partial' || callee.kind === 'hof') return functionName(callee.func)
  if (callee.kind === 'operatorRef') return callee.op
  return ''
}

function literalName(expr: LiteralExpr): string {
  const { value } = expr
  if (value === null) return 'NULL'
  if (isTemporal(T[expr.type])) return plainText(literalValue(expr))
  if (typeof value === 'object') return 'unit' in value ? `${value.count}${value.unit}` : decimalName(value)
  return String(value)
}

function decimalName(value: { readonly unscaled: bigint; readonly scale: number }): string {
  const digits = String(value.unscaled < 0n ? -value.unscaled : value.unscaled).padStart(value.scale + 1, '0')
  const cut = digits.length - value.scale
  return `${value.unscaled < 0n ? '-' : ''}${digits.slice(0, cut)}${value.scale > 0 ? `.${digits.slice(cut)}` : ''}`
}
