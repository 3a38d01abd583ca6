/** Canonical text of syntax, as metacode prints (language specification, 6.4). */
import type {
  Alias,
  Argument,
  BinaryOperator,
  CallExpr,
  Expr,
  InfixExpr,
  LiteralExpr,
  MetacodeItem,
  Parameter,
  SelectItem,
  SelectStatement,
  SortKey,
  SqlStatement,
  TableSource,
  UpdateStatement,
} from '../../lang/ast.ts'
import { OPERATOR_LEVELS } from '../../lang/index.ts'
import { displayValue, setCodePrinter, setLambdaPrinter } from '../print/index.ts'
import { generatedName } from '../sql/names.ts'
import { type CodeValue, Scalar, type UserFunction, type Value, vectorOf } from '../values/index.ts'
import { codeNode } from './code.ts'
import { constVectorValue, literalValue } from './literals.ts'
import { userCode } from './user-code.ts'

const SYMBOLS: Readonly<Record<BinaryOperator, string>> = {
  or: '||',
  and: '&&',
  lt: '<',
  le: '<=',
  gt: '>',
  ge: '>=',
  eq: '==',
  ne: '!=',
  bitOr: '|',
  bitXor: '^',
  bitAnd: '&',
  lshift: '<<',
  rshift: '>>',
  add: '+',
  sub: '-',
  mul: '*',
  dot: '**',
  div: '/',
  ratio: '\\',
  mod: '%',
  cast: '$',
  join: '<-',
  pair: ':',
  seq: '..',
}

/** A function between its operands (`x f y`) stands where multiplication does. */
export const levelOf = (op: string): number => OPERATOR_LEVELS.get(op) ?? 10

/** `< a + b >`. */
export function codeText(code: CodeValue): string {
  return `< ${wholeText(codeNode(code).item)} >`
}

/** `{def (k, x)->pow(x, k)}`: what a closure has captured comes before its parameters. A body of statements stands as it was written. */
function lambdaText(lambda: UserFunction): string {
  const { definition, captures, source } = userCode(lambda)
  const params = paramsText(definition.params)
  const head = `${definition.aggregate ? 'defg' : 'def'} (${[...captures, ...(params === '' ? [] : [params])].join(', ')})`
  const body = definition.body
  if (body === null) return `{${head}}`
  return `{${head}${body.kind === 'expression' ? `->${exprText(body.expr)}` : source.slice(body.span)}}`
}

const paramsText = (params: readonly Parameter[]): string =>
  params
    .map((p) => (p.mutable ? 'mutable ' : '') + p.name + (p.default === null ? '' : `=${exprText(p.default)}`))
    .join(', ')

export function itemText(item: MetacodeItem | SelectItem): string {
  return exprText(item.expr) + aliasText(item.alias)
}

/** A query that is the whole of the code needs no parentheses; inside anything else it has them. */
export function wholeText(item: MetacodeItem): string {
  return item.expr.kind === 'sql' ? sqlText(item.expr.statement) + aliasText(item.alias) : itemText(item)
}

/** Items of a query that compute something show the name of their column, also where it was not written. */
function namedItemText(item: SelectItem, position: number): string {
  const { expr, alias } = item
  if (alias !== null || !NAMED.has(expr.kind)) return itemText(item)
  const name = generatedName(expr, () => undefined, position)
  return /^(?!col\d)[A-Za-z]\w*$/.test(name) ? `${exprText(expr)} as ${name}` : exprText(expr)
}

const NAMED: ReadonlySet<string> = new Set(['call', 'methodCall', 'infix', 'binary', 'over'])

function aliasText(alias: Alias | null): string {
  if (alias === null) return ''
  switch (alias.kind) {
    case 'name':
      return ` as ${alias.name}`
    case 'names':
      return ` as ${alias.names.map((n) => `\`${n}`).join('')}`
    case 'macro':
      return ` as ${alias.many ? '_$$' : '_$'}${alias.name}`
    case 'series':
      return ` as ${alias.from}...${alias.to}`
  }
}

/** The text of a value inside code: strings quoted, vectors in brackets; a table is its name, or `t`, because it has none. */
export function valueText(v: Value): string {
  if (v.kind === 'code') return itemText(codeNode(v).item)
  if (v.kind === 'table') return v.sharedName ?? 't'
  if (v.kind === 'source') return v.source.tableName
  if (v.kind === 'scalar' && typeof v.value === 'string') return JSON.stringify(v.value)
  if (v.kind === 'scalar' && v.value !== null)
    return displayValue(vectorOf(v.type, [v.value], v.scale)).slice(1, -1) || displayValue(v)
  return displayValue(v)
}

const literalText = (node: LiteralExpr): string => valueText(literalValue(node))

/** `expr(sum, 1 2 3)` prints `sum [1,2,3]`: a value put behind a function, which takes the rest of the expression for its argument. */
const isApplied = (node: CallExpr): boolean => node.juxtaposed && node.args[0]?.value?.kind === 'value'

/** How tightly a node holds together: the level of its operator, or more than any where it is closed. */
function levelOfNode(node: Expr): number {
  switch (node.kind) {
    case 'binary':
      return levelOf(node.op)
    case 'compareChain':
    case 'predicate':
    case 'isNull':
    case 'quantified':
      return 3
    case 'infix':
      return infixLevel(node)
    case 'eachAt':
      return 20
    case 'pair':
    case 'range':
      return 15
    case 'unary':
      return 18
    case 'ternary':
    case 'lambda':
      return 0
    case 'call':
      return isApplied(node) ? 0 : 100
    default:
      return 100
  }
}

/** A sub-expression in parentheses where its operator binds less tightly than the place needs. */
function inner(node: Expr, level: number, right = false): string {
  const text = exprText(node)
  const own = levelOfNode(node)
  return own < level || (own === level && right) ? `(${text})` : text
}

/** `x +:E y` stands where the operator does, any other function between its operands where multiplication does. */
const infixLevel = ({ func }: InfixExpr): number =>
  func.kind === 'hof' && func.func.kind === 'operatorRef' ? levelOf(func.func.op) : 10

/** What is called: a lambda in braces, so that it ends where it should. */
const calleeText = (node: Expr): string => (node.kind === 'lambda' ? `{${exprText(node)}}` : inner(node, 21))

const isComparison = (node: Expr): boolean =>
  node.kind === 'compareChain' || (node.kind === 'binary' && levelOf(node.op) === 3)

/** A minus before a number would be read as its sign. */
const isNumber = (node: Expr): boolean => node.kind === 'literal' && node.type !== 'STRING' && node.type !== 'BOOL'

const list = (items: readonly (Expr | null)[]): string => items.map((i) => (i === null ? '' : exprText(i))).join(',')
const argsText = (args: readonly Argument[]): string =>
  args
    .map(
      (a) =>
        (a.name === null ? '' : `${a.name}=`) +
        (a.value === null ? '' : exprText(a.value)) +
        (a.alias === null ? '' : ` as ${a.alias}`),
    )
    .join(', ')

export function exprText(node: Expr): string {
  switch (node.kind) {
    case 'literal':
      return literalText(node)
    case 'constVector':
      return displayValue(constVectorValue(node))
    case 'value':
      return node.text
    case 'typeName':
      return `${node.name}${node.scale === null ? '' : `(${exprText(node.scale)})`}${node.array ? '[]' : ''}`
    case 'constant':
    case 'name':
      return node.name
    case 'functionRef':
      return (node.form === 'root' ? '::' : node.form === 'ampersand' ? '&' : '') + node.path.join('::')
    case 'operatorRef':
      return node.op === 'neg' ? '-' : node.op === 'not' ? '!' : SYMBOLS[node.op]
    case 'columnRef':
      return `_${JSON.stringify(node.name)}`
    case 'macro':
      return `${node.many ? '_$$' : '_$'}${node.name}`
    case 'columnSeries':
      return `${node.from}...${node.to}`
    case 'star':
      return node.qualifier === null ? '*' : `${node.qualifier}.*`
    case 'vector':
      return `[${list(node.items)}]`
    case 'tuple':
      return `(${list(node.items)})`
    case 'dict':
      return `{${node.entries.map((e) => `${literalText(e.key)}: ${exprText(e.value)}`).join(', ')}}`
    case 'pair':
      return `${node.lower === null ? '' : inner(node.lower, 15)} : ${node.upper === null ? '' : inner(node.upper, 15, true)}`.trim()
    case 'range':
      return `${inner(node.from, 15)} .. ${inner(node.to, 15, true)}`
    case 'unary':
      return node.op === 'not'
        ? `! ${inner(node.operand, 18)}`
        : isNumber(node.operand)
          ? `-(${exprText(node.operand)})`
          : `-${inner(node.operand, 18)}`
    case 'binary':
      // A comparison of a comparison is no chain.
      return `${inner(node.left, levelOf(node.op), levelOf(node.op) === 3 && isComparison(node.left))} ${SYMBOLS[node.op]} ${inner(node.right, levelOf(node.op), true)}`
    case 'compareChain':
      return node.operands.map((o, k) => (k === 0 ? '' : ` ${SYMBOLS[node.ops[k - 1]]} `) + inner(o, 3, true)).join('')
    case 'predicate': {
      const right =
        node.op === 'between' && node.right.kind === 'pair' && node.right.lower !== null && node.right.upper !== null
          ? `pair(${exprText(node.right.lower)}, ${exprText(node.right.upper)})`
          : inner(node.right, 3, true)
      return `${inner(node.left, 3)} ${node.negated ? 'not ' : ''}${node.op} ${right}`
    }
    case 'isNull':
      return `${inner(node.operand, 3)} is ${node.negated ? 'not ' : ''}null`
    case 'quantified':
      return `${inner(node.left, 3)} ${SYMBOLS[node.op]} ${node.quantifier}(${exprText(node.right)})`
    case 'infix':
      return `${inner(node.left, infixLevel(node))} ${calleeText(node.func)} ${inner(node.right, 10, true)}`
    case 'ternary':
      return `${inner(node.condition, 21)} ? ${exprText(node.then)} : ${exprText(node.otherwise)}`
    case 'call':
      return isApplied(node)
        ? `${calleeText(node.callee)} ${argsText(node.args)}`
        : `${calleeText(node.callee)}(${argsText(node.args)})`
    case 'methodCall':
      return `${calleeText(node.method)}(${[exprText(node.object), ...(node.args.length === 0 ? [] : [argsText(node.args)])].join(', ')})`
    case 'member':
      return `${inner(node.object, 20)}.${node.name}`
    case 'memberKey':
      return `${inner(node.object, 20)}.${exprText(node.key)}`
    case 'index':
      return `${inner(node.object, 20)}[${list(node.slots)}]`
    case 'eachAt':
      return `${inner(node.func, 20)} @ ${inner(node.arg, 20, true)}`
    case 'partial':
      return `${calleeText(node.func)}{${argsText(node.args)}}`
    case 'lambda':
      return `${node.aggregate ? 'defg' : 'def'} (${paramsText(node.params)})${node.body.kind === 'expression' ? `->${exprText(node.body.expr)}` : (node.blockText ?? '')}`
    case 'hof':
      return calleeText(node.func) + node.suffixes.map((s) => `:${s.symbol}${s.rule ?? ''}`).join('')
    case 'metacode':
      return node.list ? `(< [${node.items.map(itemText).join(', ')}] >)` : `(< ${wholeText(node.items[0])} >)`
    case 'sql':
      return `(${sqlText(node.statement)})`
    case 'case':
      return `case ${node.whens.map((w) => `when ${exprText(w.condition)} then ${exprText(w.value)}`).join(' ')}${node.otherwise === null ? '' : ` else ${exprText(node.otherwise)}`} end`
    case 'over':
      return `${exprText(node.call)} over (${[
        node.partitionBy.length === 0 ? '' : `partition by ${node.partitionBy.map(exprText).join(',')}`,
        node.orderBy.length === 0 ? '' : `order by ${node.orderBy.map((k) => sortText(k)).join(',')}`,
      ]
        .filter((p) => p !== '')
        .join(' ')})`
  }
}

const sortText = (key: SortKey): string =>
  `${exprText(key.expr)} ${key.descending ? 'desc' : 'asc'}${key.nulls === null ? '' : ` nulls ${key.nulls}`}`

function sourceText(source: TableSource): string {
  if (source.kind === 'table') return exprText(source.expr) + (source.alias === null ? '' : ` as ${source.alias}`)
  const words: Readonly<Record<string, string>> = { leftSemi: 'left semi join', comma: ',' }
  const word = words[source.type] ?? `${source.type} join`
  return `${sourceText(source.left)} ${word} ${sourceText(source.right)}${source.on === null ? '' : ` on ${exprText(source.on)}`}`
}

const isNegative = (e: Expr): boolean =>
  (e.kind === 'unary' && e.op === 'neg') ||
  (e.kind === 'literal' && typeof e.value === 'number' && e.value < 0) ||
  (e.kind === 'value' && e.value instanceof Scalar && !e.value.isNull() && Number(e.value.value) < 0)

function selectText(s: SelectStatement): string {
  const parts = [s.exec ? 'exec' : 'select']
  if (s.hint !== 0) parts.push(`[${s.hint}]`)
  if (s.distinct) parts.push('distinct')
  if (s.top !== null) parts.push(s.top.range ? `top ${s.top.start}:${s.top.end}` : `top ${s.top.end}`)
  else if (s.limit !== null && !isNegative(s.limit.count))
    parts.push(`top ${s.limit.offset === null ? '' : `${exprText(s.limit.offset)}:`}${exprText(s.limit.count)}`)
  // In a pivot a row function without a name is called otherwise than with its generated name.
  const text = s.group?.kind === 'pivot' ? itemText : namedItemText
  parts.push(s.items.map(text).join(','))
  if (s.from !== null) parts.push(`from ${sourceText(s.from)}`)
  if (s.where.length > 0) parts.push(`where ${s.where.map(exprText).join(',')}`)
  if (s.group !== null) parts.push(`${s.group.kind} by ${s.group.keys.map(text).join(',')}`)
  if (s.cgroup.length > 0) parts.push(`cgroup by ${s.cgroup.map(itemText).join(',')}`)
  if (s.csort.length > 0) parts.push(`csort ${s.csort.map(sortText).join(',')}`)
  if (s.having.length > 0) parts.push(`having ${s.having.map(exprText).join(',')}`)
  if (s.orderBy.length > 0) parts.push(`order by ${s.orderBy.map(sortText).join(',')}`)
  if (s.top === null && s.limit !== null && isNegative(s.limit.count)) parts.push(`limit ${exprText(s.limit.count)}`)
  if (s.map) parts.push('map')
  return parts.join(' ')
}

function updateText(s: UpdateStatement): string {
  const parts = [`update ${exprText(s.table)} set ${s.sets.map((x) => `${x.column} = ${exprText(x.value)}`).join(',')}`]
  if (s.from !== null) parts.push(`from ${sourceText(s.from)}`)
  if (s.where.length > 0) parts.push(`where ${s.where.map(exprText).join(',')}`)
  if (s.context.length > 0) parts.push(`context by ${s.context.map(itemText).join(',')}`)
  if (s.csort.length > 0) parts.push(`csort ${s.csort.map(sortText).join(',')}`)
  if (s.having.length > 0) parts.push(`having ${s.having.map(exprText).join(',')}`)
  return parts.join(' ')
}

export function sqlText(s: SqlStatement): string {
  switch (s.kind) {
    case 'select':
      return selectText(s)
    case 'union':
      return `${sqlText(s.left)} union ${s.all ? 'all ' : ''}${sqlText(s.right)}`
    case 'with':
      return `with ${s.tables.map((t) => `${t.name} as (${sqlText(t.query)})`).join(', ')} ${sqlText(s.body)}`
    case 'update':
      return updateText(s)
    case 'delete':
      return [
        `delete ${s.table === null ? '' : `${exprText(s.table)} `}from ${sourceText(s.from)}`,
        ...(s.where.length > 0 ? [`where ${s.where.map(exprText).join(',')}`] : []),
      ].join(' ')
    case 'insert': {
      const source = s.source
      const columns = s.columns === null ? '' : `(${s.columns.join(', ')})`
      const rows =
        source.kind === 'values'
          ? `values ${source.rows.map((r) => `(${r.map(exprText).join(', ')})`).join(', ')}`
          : source.kind === 'query'
            ? sqlText(source.query)
            : exprText(source.expr)
      return `insert into ${exprText(s.table)}${columns} ${rows}`
    }
    case 'createDatabase':
      return `create database ${exprText(s.path)}`
    case 'createTable':
      return `create table ${s.database === null ? '' : `${exprText(s.database)}.`}${s.name}`
    case 'alterTable':
      return `alter table ${exprText(s.table)}`
    case 'dropDatabase':
      return `drop database ${s.database === null ? '' : exprText(s.database)}`
    case 'dropTable':
      return `drop table ${s.database === null ? '' : `${exprText(s.database)}.`}${s.table ?? ''}`
  }
}

setCodePrinter(codeText)
setLambdaPrinter(lambdaText)
