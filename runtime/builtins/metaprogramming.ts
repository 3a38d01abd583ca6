/** Building and running metacode (language specification, section 6). */
import type {
  Alias,
  BinaryExpr,
  BinaryOperator,
  CallExpr,
  CompareOperator,
  Expr,
  GroupClause,
  MetacodeItem,
  PredicateExpr,
  SelectItem,
  SelectStatement,
  SortKey,
  TableSource,
  TopClause,
} from '../../lang/ast.ts'
import { OPERATOR_LEVELS } from '../../lang/index.ts'
import { SourceText } from '../../lang/source.ts'
import { codeNode, codeOf, evaluateCode } from '../compile/code.ts'
import { itemText, levelOf, valueText } from '../compile/code-text.ts'
import type { Host } from '../compile/host.ts'
import { parseExpression } from '../compile/parse.ts'
import { inputError, usageError } from '../errors.ts'
import { topicTable } from '../registry.ts'
import { AnyVector, CodeValue, isIntegral, isLiteral, type Pair, Scalar, type Value } from '../values/index.ts'
import { type Arg, boolArg, intArg, isGiven, textArg, textListArg } from './args.ts'

const { entries, define } = topicTable('Metaprogramming')

const span = { start: 0, end: 0 }

export const item = (expr: Expr, alias: Alias | null = null): MetacodeItem => ({ expr, alias })
const nameExpr = (name: string): Expr => ({ kind: 'name', name, binding: 'free', span })

/** A value as syntax: code is opened, anything else is inlined. */
export function exprOf(v: Value): Expr {
  return v instanceof CodeValue ? codeNode(v).item.expr : { kind: 'value', value: v, text: valueText(v), span }
}

/** Values captured by any of the pieces. */
function capturedBy(values: readonly Arg[]): Map<string, Value> {
  const all = new Map<string, Value>()
  for (const v of values) {
    if (v instanceof CodeValue) for (const [name, value] of v.captured) all.set(name, value)
    else if (v instanceof AnyVector) for (const [name, value] of capturedBy(v.values)) all.set(name, value)
  }
  return all
}

const code = (expr: Expr, from: readonly Arg[], alias: Alias | null = null): CodeValue =>
  codeOf(item(expr, alias), capturedBy(from))

// ---------------------------------------------------------------------------------------------------------------------
// Running

define('eval(expr)', {
  doc: 'Runs metacode and returns its value; a tuple of codes gives a tuple of values.',
  aliases: ['evaluate'],
  call: ([x], session) => {
    if (x instanceof CodeValue) return evaluateCode(session as Host, x)
    if (x instanceof AnyVector && x.values.every((v) => v instanceof CodeValue))
      return new AnyVector(x.values.map((v) => evaluateCode(session as Host, v as CodeValue)))
    throw usageError('eval(expr)', 'expr must be metacode.')
  },
})

define('parseExpr(X, [varDict], [modules], [overloadedOperators])', {
  doc: 'Metacode from text; names are looked up in varDict, then among session variables and shared objects. A text may end with an alias: parseExpr("sum(x) as total"). A vector of texts gives a tuple of codes.',
  call: ([x, variables], session) => {
    const captured = new Map<string, Value>()
    if (isGiven(variables)) {
      if (variables.kind !== 'dict') throw usageError('parseExpr(X, [varDict])', 'varDict must be a dictionary.')
      for (const [name, value] of variables.entries) captured.set(String(name), value)
    }
    const parse = (text: string): CodeValue => {
      const source = new SourceText(text)
      return new CodeValue({ item: parseExpression(source, session as Host, captured), source }, captured)
    }
    const texts = textListArg(x, 'parseExpr(X)', 'X')
    return x?.kind === 'scalar' ? parse(texts[0]) : new AnyVector(texts.map(parse))
  },
})

// ---------------------------------------------------------------------------------------------------------------------
// Expressions

const binaryOf = (f: Value): BinaryOperator | undefined =>
  f.kind === 'function' && OPERATOR_LEVELS.has(f.name) ? (f.name as BinaryOperator) : undefined

function binary(op: BinaryOperator, left: Expr, right: Expr): Expr {
  if (op === 'pair') return { kind: 'pair', lower: left, upper: right, span }
  if (op === 'seq') return { kind: 'range', from: left, to: right, span }
  return { kind: 'binary', op, left, right, word: false, span }
}

/** What stands between two operands. */
interface Between {
  readonly level: number
  readonly op?: BinaryOperator
  readonly join: (left: Expr, right: Expr) => Expr
}

/** The predicates by the names of their functions. */
const PREDICATES: Readonly<Record<string, Pick<PredicateExpr, 'op' | 'negated'>>> = {
  in: { op: 'in', negated: false },
  like: { op: 'like', negated: false },
  between: { op: 'between', negated: false },
  notIn: { op: 'in', negated: true },
  notLike: { op: 'like', negated: true },
  notBetween: { op: 'between', negated: true },
}

/** An operator, a predicate (`x in y`), or a function between its two arguments (`x join y`). */
function betweenOperands(f: Value): Between | undefined {
  const op = binaryOf(f)
  if (op !== undefined) return { level: levelOf(op), op, join: (left, right) => binary(op, left, right) }
  if (f.kind !== 'function') return undefined
  const predicate = f.variant === 'builtin' ? PREDICATES[f.name] : undefined
  if (predicate !== undefined)
    return { level: levelOf('eq'), join: (left, right) => ({ kind: 'predicate', ...predicate, left, right, span }) }
  const func = callOf(f, []).callee
  return { level: levelOf('mul'), join: (left, right) => ({ kind: 'infix', func, left, right, span }) }
}

const COMPARISONS: readonly string[] = ['lt', 'le', 'gt', 'ge', 'eq', 'ne']
const isComparison = (op: BinaryOperator): op is CompareOperator => COMPARISONS.includes(op)

/** `a <= b` and a further comparison: one chain, as in the text `a <= b < c`. */
function comparedFurther(left: Expr, op: CompareOperator, right: Expr): Expr {
  if (left.kind === 'compareChain') return { ...left, operands: [...left.operands, right], ops: [...left.ops, op] }
  const first = left as BinaryExpr
  return {
    kind: 'compareChain',
    operands: [first.left, first.right, right],
    ops: [first.op as CompareOperator, op],
    span,
  }
}

/** Operands with operators between them, by the operators' precedence. */
function chain(operands: readonly Expr[], ops: readonly Between[]): Expr {
  let at = 0
  const climb = (level: number): Expr => {
    let left = operands[at]
    let compared = false
    while (at < ops.length && ops[at].level >= level) {
      const { op, level: own, join } = ops[at]
      at++
      const right = climb(own + 1)
      const compares = op !== undefined && isComparison(op)
      left = compared && compares ? comparedFurther(left, op, right) : join(left, right)
      compared = compares
    }
    return left
  }
  return climb(0)
}

export function callOf(f: Value, args: readonly Value[]): CallExpr {
  const callee: Expr =
    f.kind === 'function' && f.name !== '' && (f.variant === 'builtin' || f.variant === 'user')
      ? { kind: 'name', name: f.name, binding: 'function', span }
      : f.kind === 'scalar' && typeof f.value === 'string'
        ? { kind: 'name', name: f.value, binding: 'function', span }
        : exprOf(f)
  return {
    kind: 'call',
    callee,
    args: args.map((a) => ({ name: null, value: exprOf(a), alias: null, span })),
    juxtaposed: false,
    span,
  }
}

/** `f(args)` as syntax: operators become operators. */
function application(f: Value, args: readonly Value[]): Expr {
  const op = binaryOf(f)
  if (op !== undefined && args.length === 2) return binary(op, exprOf(args[0]), exprOf(args[1]))
  if (f.kind === 'function' && args.length === 1) {
    // The minus before an operand is the operator of a difference.
    const unary = f.name === 'sub' ? 'neg' : f.name
    if (unary === 'not' || unary === 'neg') return { kind: 'unary', op: unary, operand: exprOf(args[0]), span }
  }
  return { ...callOf(f, args), juxtaposed: args.length === 1 }
}

define('expr(args...)', {
  doc: 'Metacode from values, code and operators: expr(6, <, 8), expr(<a+7>, *, 8), expr(<s>, like, "a%"), expr(sum, 1 2 3).',
  call: (args) => {
    const values = args.map((a) => a ?? Scalar.VOID)
    if (values.length === 0) throw usageError('expr(args...)', 'At least one argument is needed.')
    if (values.length === 1) return code(exprOf(values[0]), values)
    if (values[0].kind === 'function' && binaryOf(values[1]) === undefined)
      return code(application(values[0], values.slice(1)), values)
    const ops = values.filter((_, k) => k % 2 === 1).map(betweenOperands)
    if (values.length % 2 === 0 || ops.some((op) => op === undefined))
      throw usageError('expr(args...)', 'Operands and binary operators must alternate.')
    return code(chain(values.filter((_, k) => k % 2 === 0).map(exprOf), ops as Between[]), values)
  },
})

define('binaryExpr(X, Y, optr)', {
  doc: 'Metacode X optr Y.',
  call: ([x, y, f]) => code(application(f as Value, [x as Value, y as Value]), [x, y]),
})

define('unifiedExpr(objs, optrs)', {
  doc: 'Metacode from a tuple of operands and the operators between them.',
  call: ([objs, optrs]) => {
    const operands = listArg(objs)
    const ops = listArg(optrs).map(betweenOperands)
    if (operands.length !== ops.length + 1 || ops.some((op) => op === undefined))
      throw usageError('unifiedExpr(objs, optrs)', 'There must be one binary operator less than operands.')
    return code(chain(operands.map(exprOf), ops as Between[]), operands)
  },
})

const listArg = (v: Arg): Value[] =>
  v === undefined ? [] : v.kind === 'vector' ? Array.from({ length: v.length }, (_, k) => v.get(k)) : [v]

define('makeCall(F, args...)', {
  doc: 'Metacode of a call: makeCall(add, 3, 5) is < add(3, 5) >.',
  call: ([f, ...args]) =>
    code(
      callOf(
        f as Value,
        args.map((a) => a ?? Scalar.VOID),
      ),
      args,
    ),
})

define('makeUnifiedCall(func, args)', {
  doc: 'Metacode of a call whose arguments are the elements of a tuple, or of code that is a tuple; other code is the only argument.',
  call: ([f, args]) => {
    if (args instanceof CodeValue) {
      const tuple = codeNode(args).item.expr
      // Code of anything else is the only argument.
      if (tuple.kind !== 'tuple' && tuple.kind !== 'vector') return code(callOf(f as Value, [args]), [args])
      const call = callOf(f as Value, [])
      return code({ ...call, args: tuple.items.map((value) => ({ name: null, value, alias: null, span })) }, [args])
    }
    const list = listArg(args)
    return code(callOf(f as Value, list), list)
  },
})

define('funcByName(name)', {
  doc: 'The function or operator of a name: funcByName("+").',
  call: ([name], session) => {
    const text = textArg(name, 'funcByName(name)', 'name')
    const found = session.registry.get(OPERATORS[text] ?? text) ?? session.userFunction(text)
    if (found === undefined)
      throw inputError(`The function or procedure '${text}' is not defined.`, { refId: 'S06004' })
    return found
  },
})

const OPERATORS: Readonly<Record<string, string>> = {
  '+': 'add',
  '-': 'sub',
  '*': 'mul',
  '/': 'div',
  '\\': 'ratio',
  '%': 'mod',
  '**': 'dot',
  '<': 'lt',
  '<=': 'le',
  '>': 'gt',
  '>=': 'ge',
  '==': 'eq',
  '!=': 'ne',
  '<>': 'ne',
  '&&': 'and',
  '||': 'or',
  '!': 'not',
  '&': 'bitAnd',
  '|': 'bitOr',
  '^': 'bitXor',
  '<<': 'lshift',
  '>>': 'rshift',
  $: 'cast',
  '<-': 'join',
  ':': 'pair',
  '..': 'seq',
}

// ---------------------------------------------------------------------------------------------------------------------
// Columns and queries

const alias = (name: string): Alias => ({ kind: 'name', name })

function column(name: string, f: Arg, as: string | undefined, qualifier: string | undefined): CodeValue {
  const base: Expr =
    name === '*'
      ? { kind: 'star', qualifier: qualifier ?? null, span }
      : qualifier === undefined
        ? nameExpr(name)
        : { kind: 'member', object: nameExpr(qualifier), name, span }
  const expr = isGiven(f) ? { ...callOf(f, []), args: [{ name: null, value: base, alias: null, span }] } : base
  return codeOf(item(expr, as === undefined ? null : alias(as)))
}

define('sqlCol(colName, [func], [alias], [qualifier])', {
  doc: 'Metacode of a column, or func(column), with an alias; a vector of names gives a tuple of codes.',
  call: ([names, f, as, qualifier]) => {
    const signature = 'sqlCol(colName, [func], [alias], [qualifier])'
    const list = textListArg(names, signature, 'colName')
    const aliases = isGiven(as) ? textListArg(as, signature, 'alias') : []
    const owner = isGiven(qualifier) ? textArg(qualifier, signature, 'qualifier') : undefined
    const functions = f instanceof AnyVector ? f.values : undefined
    const codes = list.map((name, k) => column(name, functions?.[k] ?? f, aliases[k], owner))
    return names?.kind === 'scalar' ? codes[0] : new AnyVector(codes)
  },
})

/** `avg_price` for `avg(price)`. */
function defaultAlias(expr: Expr): string {
  if (expr.kind === 'name') return expr.name
  if (expr.kind === 'member') return expr.name
  if (expr.kind === 'call')
    return [expr.callee, ...expr.args.map((a) => a.value)]
      .flatMap((e) => (e === null ? [] : [defaultAlias(e)]))
      .join('_')
  return itemText(item(expr))
    .replace(/\W+/g, '_')
    .replace(/^_+|_+$/g, '')
}

define('sqlColAlias(colDefs, [colNames])', {
  doc: 'Metacode of a column with a name; without one the default naming (avg_price) is used. Several names for one column spread its result over them, as `a`b after as does.',
  call: ([defs, names]) => {
    const list = listArg(defs)
    const given = isGiven(names) ? textListArg(names, 'sqlColAlias(colDefs, [colNames])', 'colNames') : []
    // Several names for one column: its result is spread over them.
    if (defs instanceof CodeValue && given.length > 1)
      return code(exprOf(defs), [defs], { kind: 'names', names: given })
    const codes = list.map((d, k) => {
      const expr = exprOf(d)
      return code(expr, [d], alias(given[k] ?? defaultAlias(expr)))
    })
    return defs instanceof CodeValue ? codes[0] : new AnyVector(codes)
  },
})

define('sqlTuple(colNames)', {
  doc: 'Metacode of a tuple of columns.',
  call: ([names]) =>
    codeOf(item({ kind: 'tuple', items: textListArg(names, 'sqlTuple(colNames)', 'colNames').map(nameExpr), span })),
})

const selectItem = (v: Value): SelectItem => {
  if (v instanceof CodeValue) return { ...codeNode(v).item, span }
  if (v instanceof Scalar && typeof v.value === 'string') return { expr: nameExpr(v.value), alias: null, span }
  throw usageError('sql(select, from, ...)', 'Columns must be metacode.')
}

const selectItems = (v: Arg): SelectItem[] =>
  isGiven(v) ? (v.kind === 'vector' ? listArg(v) : [v]).map(selectItem) : []

const conditions = (v: Arg): Expr[] => (isGiven(v) ? listArg(v).map(exprOf) : [])

function tableSource(v: Value): TableSource {
  if (v instanceof CodeValue) {
    const { expr, alias: as } = codeNode(v).item
    return { kind: 'table', expr, alias: as?.kind === 'name' ? as.name : null, span }
  }
  if (v instanceof Scalar && isLiteral(v.type)) {
    const call = callOf(Scalar.string('objByName'), [v])
    return { kind: 'table', expr: call, alias: null, span }
  }
  return { kind: 'table', expr: { kind: 'value', value: v, text: valueText(v), span }, alias: null, span }
}

function sortKeys(keys: Arg, ascending: Arg): SortKey[] {
  const flags = isGiven(ascending) ? listArg(ascending).map((v) => v instanceof Scalar && Number(v.value) !== 0) : []
  return selectItems(keys).map(({ expr }, k) => ({
    expr,
    descending: (flags[k] ?? flags[0] ?? true) === false,
    nulls: null,
  }))
}

/** limit=a:b of sql: the rows from a up to b, like `top a:b`. */
function rowsOfPair(rows: Pair, signature: string): TopClause {
  const [start, end] = [Number(rows.first), Number(rows.second)]
  if (!isIntegral(rows.type) || start < 0 || end < start)
    throw usageError(signature, 'limit must be an integer, or a pair of rows a:b with 0 <= a <= b.')
  return { start, end, range: true }
}

/** By groupFlag. */
export const GROUP_KINDS: readonly GroupClause['kind'][] = ['context', 'group', 'pivot']

define(
  'sql(select, from, [where], [groupBy], [groupFlag=1], [csort], [ascSort], [having], [orderBy], [ascOrder], [limit], [hint], [exec=false], [map=false], [cgroupBy])',
  {
    doc: 'Metacode of a query. groupFlag: 1 group by, 0 context by, 2 pivot by; a tuple of conditions is joined by commas; from is a table, a name or code; limit is a number or a pair of rows a:b; cgroupBy is code, or how many keys at the end of groupBy it takes.',
    call: (args) => {
      const [
        select,
        from,
        where,
        groupBy,
        groupFlag,
        csort,
        ascSort,
        having,
        orderBy,
        ascOrder,
        limit,
        hint,
        exec,
        map,
        cgroup,
      ] = args
      const signature = 'sql(select, from, ...)'
      const all = selectItems(groupBy)
      // A number makes keys of cgroup by of the last ones of groupBy.
      const taken =
        cgroup instanceof Scalar && typeof cgroup.value === 'number' ? intArg(cgroup, signature, 'cgroupBy') : 0
      if (taken < 0 || taken > all.length)
        throw usageError(signature, 'cgroupBy must be metacode, or at most the number of keys of groupBy.')
      const keys = all.slice(0, all.length - taken)
      const range = limit?.kind === 'pair' ? rowsOfPair(limit, signature) : null
      const count = isGiven(limit) && range === null ? listArg(limit) : []
      const statement: SelectStatement = {
        kind: 'select',
        exec: boolArg(exec, signature, 'exec', false),
        hint: intArg(hint, signature, 'hint', 0),
        distinct: false,
        top: range,
        items: selectItems(select),
        from: tableSource(from as Value),
        where: conditions(where),
        group: keys.length === 0 ? null : { kind: GROUP_KINDS[intArg(groupFlag, signature, 'groupFlag', 1)], keys },
        cgroup: taken > 0 ? all.slice(all.length - taken) : selectItems(cgroup),
        csort: sortKeys(csort, ascSort),
        having: conditions(having),
        orderBy: sortKeys(orderBy, ascOrder),
        limit:
          count.length === 0
            ? null
            : { offset: count.length > 1 ? exprOf(count[0]) : null, count: exprOf(count[count.length - 1]) },
        map: boolArg(map, signature, 'map', false),
        span,
      }
      return code({ kind: 'sql', statement, span }, args)
    },
  },
)

define('sqlUpdate(table, updates, [from], [where], [contextBy], [csort], [ascSort], [having])', {
  doc: 'Metacode of an update; updates are code with aliases: <price*2 as price>.',
  call: (args) => {
    const [table, updates, from, where, contextBy, csort, ascSort, having] = args
    const sets = selectItems(updates).map((u) => {
      if (u.alias?.kind !== 'name')
        throw usageError('sqlUpdate(table, updates, ...)', 'Each update needs the name of its column: <expr as name>.')
      return { column: u.alias.name, value: u.expr }
    })
    const target = tableSource(table as Value)
    if (target.kind !== 'table') throw usageError('sqlUpdate(table, updates, ...)', 'table must be a table.')
    return code(
      {
        kind: 'sql',
        span,
        statement: {
          kind: 'update',
          table: target.expr,
          sets,
          from: isGiven(from) ? tableSource(from) : null,
          where: conditions(where),
          context: selectItems(contextBy),
          csort: sortKeys(csort, ascSort),
          having: conditions(having),
          map: false,
          span,
        },
      },
      args,
    )
  },
})

define('sqlDelete(table, [where], [from])', {
  doc: 'Metacode of a delete.',
  call: (args) => {
    const [table, where, from] = args
    const target = tableSource(table as Value)
    const joined = isGiven(from)
    return code(
      {
        kind: 'sql',
        span,
        statement: {
          kind: 'delete',
          table: joined && target.kind === 'table' ? target.expr : null,
          from: joined ? tableSource(from) : target,
          where: conditions(where),
          map: false,
          span,
        },
      },
      args,
    )
  },
})

export const metaprogrammingBuiltins = entries
