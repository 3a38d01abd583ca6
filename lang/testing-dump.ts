// Syntax trees as compact S-expressions, so that tables of parser tests can be read.
//
// - INT literals are plain digits, strings are JSON, other literals are TYPE:value; `_` is an omitted slot.
// - A variable is its name, a function is `f'`, a name that is looked up when it runs is `?x`.
// - Calls are `(call f a)`, by juxtaposition `(apply f a)`, as a method `(method x f a)`.

import type {
  Alias,
  Argument,
  Block,
  Expr,
  FunctionBody,
  LiteralExpr,
  MetacodeItem,
  Parameter,
  SelectItem,
  SortKey,
  SqlStatement,
  Statement,
  TableSource,
} from './ast.ts'
import { type ParserNames, parseScript, SourceText } from './index.ts'

/** The statements of a script separated by `; `, or its errors as `line:column message`. */
export function dumpScript(text: string, names: ParserNames = testNames()): string {
  const source = new SourceText(text)
  const { statements, errors } = parseScript(source, names)
  if (errors.length === 0) return statements.map(dumpStatement).join('; ')
  return errors
    .map((e) => {
      const { line, column } = source.position(e.span.start)
      return `${line}:${column} ${e.message}`
    })
    .join('; ')
}

const FUNCTIONS = new Set(
  (
    'sum avg abs sin cos neg add sub mul pow mod take at date time symbol value volume total last first max min size ' +
    'append! sort! reduce each eachPre accumulate isNull print typestr table dict select count distinct rank iif isValid ' +
    'temporalAdd month minute bar price2 deltas cumsum mavg string int long double matrix rand share drop update delete ' +
    'insert create move rows range left right xor join sqlCol group limit map ej lj wavg undef loadTable partition ' +
    'wsum row_number contextby share eval funcByName in between like and or not top index exec version names '
  ).split(' '),
)

/** Functions of everyday life, and variables x y z a b c d t. */
export function testNames(variables = 'x y z a b c d t', functions = 'f g h'): ParserNames {
  const known = new Set(variables.split(' '))
  const own = new Set(functions.split(' '))
  return {
    isFunction: (name) => FUNCTIONS.has(name) || own.has(name),
    isVariable: (name) => known.has(name),
    isBuiltin: (name) => FUNCTIONS.has(name),
  }
}

const list = (head: string, ...parts: (string | readonly string[])[]): string =>
  `(${[head, ...parts.flat()].filter((s) => s !== '').join(' ')})`

const or = (e: Expr | null): string => (e === null ? '_' : dumpExpr(e))

function literal({ type, value }: LiteralExpr): string {
  if (type === 'VOID') return 'NULL'
  if (type === 'INT' && value !== null) return String(value)
  if (type === 'STRING') return JSON.stringify(value)
  if (type === 'BOOL' && value !== null) return String(value)
  if (value !== null && typeof value === 'object')
    return 'unscaled' in value ? `${type}:${value.unscaled}/${value.scale}` : `${type}:${value.count}${value.unit}`
  return `${type}:${Object.is(value, -0) ? '-0' : value}`
}

function argument(a: Argument): string {
  const value = or(a.value) + (a.alias === null ? '' : `@${a.alias}`)
  return a.name === null ? value : `${a.name}=${value}`
}

const parameter = (p: Parameter): string =>
  (p.mutable ? '!' : '') + p.name + (p.default === null ? '' : `=${dumpExpr(p.default)}`)

function functionBody(body: FunctionBody): string {
  return body.kind === 'expression' ? dumpExpr(body.expr) : block(body.statements)
}

const block = (b: Block): string => `{${b.map(dumpStatement).join('; ')}}`

function alias(a: Alias | null): string {
  if (a === null) return ''
  switch (a.kind) {
    case 'name':
      return `@${a.name}`
    case 'names':
      return `@[${a.names.join(',')}]`
    case 'macro':
      return `@_$${a.many ? '$' : ''}${a.name}`
    case 'series':
      return `@${a.from}...${a.to}`
  }
}

const item = (i: SelectItem | MetacodeItem): string => dumpExpr(i.expr) + alias(i.alias)

export function dumpExpr(e: Expr): string {
  switch (e.kind) {
    case 'literal':
      return literal(e)
    case 'constVector':
      return list('run', e.items.map(literal))
    case 'value':
      return e.text
    case 'typeName':
      return e.name + (e.scale === null ? '' : `(${dumpExpr(e.scale)})`) + (e.array ? '[]' : '')
    case 'constant':
      return `:${e.name}`
    case 'name':
      return e.binding === 'variable' ? e.name : e.binding === 'function' ? `${e.name}'` : `?${e.name}`
    case 'functionRef':
      return (e.form === 'ampersand' ? '&' : e.form === 'root' ? '::' : '') + e.path.join('::')
    case 'operatorRef':
      return `op:${e.op}`
    case 'columnRef':
      return `_"${e.name}"`
    case 'macro':
      return `_$${e.many ? '$' : ''}${e.name}`
    case 'columnSeries':
      return `${e.names[0]}...${e.names.at(-1)}`
    case 'star':
      return e.qualifier === null ? '*' : `${e.qualifier}.*`
    case 'vector':
      return `[${e.items.map(or).join(' ')}]`
    case 'tuple':
      return list('tuple', e.items.map(or))
    case 'dict':
      return `{${e.entries.map((x) => `${literal(x.key)}: ${dumpExpr(x.value)}`).join(', ')}}`
    case 'pair':
      return list('pair', or(e.lower), or(e.upper))
    case 'range':
      return list('seq', dumpExpr(e.from), dumpExpr(e.to))
    case 'unary':
      return list(e.op, dumpExpr(e.operand))
    case 'binary':
      return list(e.op, dumpExpr(e.left), dumpExpr(e.right))
    case 'compareChain':
      return list(`chain ${e.ops.join(',')}`, e.operands.map(dumpExpr))
    case 'predicate':
      return list((e.negated ? 'not-' : '') + e.op, dumpExpr(e.left), dumpExpr(e.right))
    case 'isNull':
      return list(e.negated ? 'is-not-null' : 'is-null', dumpExpr(e.operand))
    case 'quantified':
      return list(`${e.op}-${e.quantifier}`, dumpExpr(e.left), dumpExpr(e.right))
    case 'infix':
      return list('infix', dumpExpr(e.func), dumpExpr(e.left), dumpExpr(e.right))
    case 'ternary':
      return list('?', dumpExpr(e.condition), dumpExpr(e.then), dumpExpr(e.otherwise))
    case 'call':
      return list(e.juxtaposed ? 'apply' : 'call', dumpExpr(e.callee), e.args.map(argument))
    case 'methodCall':
      return list('method', dumpExpr(e.object), dumpExpr(e.method), e.args.map(argument))
    case 'member':
      return list('.', dumpExpr(e.object), JSON.stringify(e.name))
    case 'memberKey':
      return list('.', dumpExpr(e.object), dumpExpr(e.key))
    case 'index':
      return list('index', dumpExpr(e.object), e.slots.map(or))
    case 'eachAt':
      return list('@', dumpExpr(e.func), dumpExpr(e.arg))
    case 'partial':
      return list('partial', dumpExpr(e.func), e.args.map(argument))
    case 'lambda':
      return list(
        e.aggregate ? 'lambdag' : 'lambda',
        `[${e.params.map(parameter).join(' ')}]`,
        e.captures.length === 0 ? '' : `<${e.captures.join(' ')}>`,
        functionBody(e.body),
      )
    case 'hof':
      return list('hof', dumpExpr(e.func), e.suffixes.map((s) => `:${s.symbol}${s.rule ?? ''}`).join(''))
    case 'metacode':
      return `<${e.list ? '[' : ''}${e.items.map(item).join(' ')}${e.list ? ']' : ''}>`
    case 'sql':
      return dumpSql(e.statement)
    case 'case':
      return list(
        'case',
        e.whens.map((w) => `${dumpExpr(w.condition)}=>${dumpExpr(w.value)}`),
        e.otherwise === null ? '' : `else=>${dumpExpr(e.otherwise)}`,
      )
    case 'over':
      return list(
        'over',
        dumpExpr(e.call),
        clause('partition', e.partitionBy.map(dumpExpr)),
        clause('order', e.orderBy.map(sortKey)),
        e.frame === null ? '' : list(e.frame.unit, bound(e.frame.lower), bound(e.frame.upper)),
      )
  }
}

const bound = (b: { kind: string; offset?: Expr }): string =>
  b.offset === undefined ? b.kind : `${b.kind}:${dumpExpr(b.offset)}`

const clause = (head: string, parts: readonly string[]): string => (parts.length === 0 ? '' : list(head, parts))

const sortKey = (k: SortKey): string =>
  dumpExpr(k.expr) + (k.descending ? '-' : '') + (k.nulls === null ? '' : `/${k.nulls}`)

function source(s: TableSource): string {
  if (s.kind === 'table') return dumpExpr(s.expr) + (s.alias === null ? '' : `@${s.alias}`)
  return list(s.type, source(s.left), source(s.right), s.on === null ? '' : `on ${dumpExpr(s.on)}`)
}

export function dumpSql(s: SqlStatement): string {
  switch (s.kind) {
    case 'select':
      return list(
        s.exec ? 'exec' : 'select',
        s.hint === 0 ? '' : `hint:${s.hint}`,
        s.distinct ? 'distinct' : '',
        s.top === null ? '' : `top:${s.top.start}..${s.top.end}`,
        s.items.map(item),
        s.from === null ? '' : list('from', source(s.from)),
        clause('where', s.where.map(dumpExpr)),
        s.group === null ? '' : list(s.group.kind, s.group.keys.map(item)),
        clause('cgroup', s.cgroup.map(item)),
        clause('csort', s.csort.map(sortKey)),
        clause('having', s.having.map(dumpExpr)),
        clause('order', s.orderBy.map(sortKey)),
        s.limit === null
          ? ''
          : list('limit', s.limit.offset === null ? '' : dumpExpr(s.limit.offset), dumpExpr(s.limit.count)),
        s.map ? 'map' : '',
      )
    case 'union':
      return list(
        s.all ? 'union-all' : 'union',
        dumpSql(s.left),
        dumpSql(s.right),
        clause('order', s.orderBy.map(sortKey)),
        s.limit === null ? '' : list('limit', dumpExpr(s.limit.count)),
      )
    case 'with':
      return list(
        'with',
        s.tables.map((t) => `${t.name}${t.columns === null ? '' : `[${t.columns.join(' ')}]`}=${dumpSql(t.query)}`),
        dumpSql(s.body),
      )
    case 'update':
      return list(
        'update',
        dumpExpr(s.table),
        s.sets.map((x) => `${x.column}=${dumpExpr(x.value)}`),
        s.from === null ? '' : list('from', source(s.from)),
        clause('where', s.where.map(dumpExpr)),
        clause('context', s.context.map(item)),
        clause('csort', s.csort.map(sortKey)),
        clause('having', s.having.map(dumpExpr)),
        s.map ? 'map' : '',
      )
    case 'delete':
      return list(
        'delete',
        s.table === null ? '' : dumpExpr(s.table),
        list('from', source(s.from)),
        clause('where', s.where.map(dumpExpr)),
        s.map ? 'map' : '',
      )
    case 'insert':
      return list(
        'insert',
        dumpExpr(s.table),
        s.columns === null ? '' : `[${s.columns.join(' ')}]`,
        s.source.kind === 'values'
          ? s.source.rows.map((r) => list('values', r.map(dumpExpr)))
          : s.source.kind === 'query'
            ? dumpSql(s.source.query)
            : dumpExpr(s.source.expr),
      )
    case 'createDatabase':
      return list(
        'create-database',
        dumpExpr(s.path),
        s.schemes.map((x) => list(x.scheme, x.args.map(dumpExpr))),
        s.options.map((o) => `${o.name}=${dumpExpr(o.value)}`),
      )
    case 'createTable':
      return list(
        s.temporary ? 'create-temporary-table' : 'create-table',
        s.database === null ? '' : dumpExpr(s.database),
        s.name,
        s.columns.map(
          (c) =>
            `${c.name}:${dumpExpr(c.type)}${c.options.length === 0 ? '' : `[${c.options.map((o) => `${o.name}=${dumpExpr(o.value)}`).join(' ')}]`}`,
        ),
        clause('by', s.partitionedBy.map(dumpExpr)),
        s.options.map((o) => `${o.name}=${dumpExpr(o.value)}`),
      )
    case 'alterTable':
      return list(
        s.action.kind,
        dumpExpr(s.table),
        s.action.name,
        s.action.kind === 'addColumn' ? dumpExpr(s.action.type) : s.action.kind === 'renameColumn' ? s.action.to : '',
      )
    default:
      return list(
        s.kind === 'dropTable' ? 'drop-table' : 'drop-database',
        s.ifExists ? 'if-exists' : '',
        s.database === null ? '' : dumpExpr(s.database),
        s.table ?? '',
      )
  }
}

export function dumpStatement(s: Statement): string {
  switch (s.kind) {
    case 'expression':
      return dumpExpr(s.expr)
    case 'assign':
      return list(
        s.op === null ? '=' : `=${s.op}`,
        s.targets.map((t) =>
          t.kind === 'name'
            ? t.name
            : [...(t.path ?? []), t.slots].reduce((base, slots) => list('index', base, slots.map(or)), t.name),
        ),
        dumpExpr(s.value),
      )
    case 'alias':
      return list('alias', s.name, s.source)
    case 'const':
      return list('const', s.name, dumpExpr(s.value))
    case 'if':
      return list('if', dumpExpr(s.condition), block(s.then), s.otherwise === null ? '' : block(s.otherwise))
    case 'for':
      return list('for', s.variable, dumpExpr(s.source), block(s.body))
    case 'while':
      return list('while', dumpExpr(s.condition), block(s.body))
    case 'doWhile':
      return list('do', block(s.body), dumpExpr(s.condition))
    case 'break':
    case 'continue':
    case 'commit':
    case 'rollback':
    case 'go':
      return s.kind
    case 'return':
      return list('return', s.value === null ? '' : dumpExpr(s.value))
    case 'throw':
      return list('throw', dumpExpr(s.value))
    case 'try':
      return list('try', block(s.body), s.variable, block(s.handler))
    case 'assert':
      return list('assert', s.subcase === null ? '' : dumpExpr(s.subcase), dumpExpr(s.condition))
    case 'timer':
      return list('timer', s.count === null ? '' : dumpExpr(s.count), block(s.body))
    case 'transaction':
      return list('transaction', block(s.body))
    case 'share':
      return list('share', dumpExpr(s.value), s.name)
    case 'undef':
      return list(
        'undef',
        s.names === null ? 'all' : dumpExpr(s.names),
        s.category === null ? '' : dumpExpr(s.category),
      )
    case 'module':
      return list('module', s.path.join('::'))
    case 'use':
      return list('use', s.catalog ? 'catalog' : '', s.path.join('::'))
    case 'include':
      return list('include', JSON.stringify(s.path))
    case 'def':
      return list(
        s.aggregate ? 'defg' : 'def',
        s.annotations.map((a) => `@${a}`),
        s.name,
        `[${s.params.map(parameter).join(' ')}]`,
        s.body === null ? '' : functionBody(s.body),
      )
    case 'class':
      return list(
        'class',
        s.name,
        s.base === null ? '' : `:${s.base}`,
        s.attributes.map((a) => `${a.name}::${dumpExpr(a.type)}${a.form === 'SCALAR' ? '' : `-${a.form}`}`),
        s.methods.map(dumpStatement),
      )
    case 'mapr':
      return list(
        'mapr',
        s.name,
        `[${s.params.map(parameter).join(' ')}]`,
        [s.distributed, ...(s.running === null ? [] : [s.running])].map((m) =>
          list('form', m.map.map(dumpExpr), ...(m.reduce === null ? [] : ['->', dumpExpr(m.reduce)])),
        ),
      )
    case 'annotation':
      return list(
        'annotation',
        s.name,
        s.arguments.map((a) => `${a.name}=${dumpExpr(a.value)}`),
      )
    case 'setting':
      return list(`${s.action}Setting`, s.name ?? '', s.value === null ? '' : dumpExpr(s.value))
    case 'checkpoint':
      return list('checkpoint', s.action)
  }
}
