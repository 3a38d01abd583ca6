/** Expressions: syntax to the JavaScript expression that yields the value. Calls are in calls.ts, functions in functions.ts. */
import type {
  BinaryExpr,
  BinaryOperator,
  CaseExpr,
  DictExpr,
  Expr,
  IndexExpr,
  MetacodeExpr,
  NameExpr,
  SqlExpr,
  TernaryExpr,
} from '../../lang/ast.ts'
import { HoldfastError, inputError, unreachable } from '../errors.ts'
import { BuiltinFunction, type Value } from '../values/index.ts'
import { emitCall, emitInfix, emitMethodCall, emitPartial, emitSuffixed } from './calls.ts'
import { constantValue } from './constants.ts'
import type { Emitter } from './emitter.ts'
import { positionIn } from './failure.ts'
import { emitClosure } from './functions.ts'
import { emitFusedTruth } from './fused.ts'
import { constVectorValue, literalValue } from './literals.ts'
import { bothConstant, emitComparison, emitTree, isNumericOp, type Tree, treeOf } from './numeric.ts'
import { emitPlain, plainest, readBinding, toValue, withoutSlot } from './plain-code.ts'
import { cast as castNow, type Support, seq as seqNow, support } from './support.ts'
import { namesIn } from './walk.ts'

export function emitExpr(em: Emitter, node: Expr): string {
  return em.keepsText && FAILING.has(node.kind) ? emitPlaced(em, node) : emitNode(em, node)
}

/** What may fail in an expression of a query, which may stand on many lines. */
const FAILING: ReadonlySet<Expr['kind']> = new Set([
  'name',
  'columnRef',
  'unary',
  'binary',
  'compareChain',
  'predicate',
  'quantified',
  'range',
  'infix',
  'call',
  'methodCall',
  'member',
  'index',
  'hof',
])

/** The code of a part that says where it stands while it runs, so that an error in it points there and not to the start of the whole. */
function emitPlaced(em: Emitter, node: Expr): string {
  const around = em.part
  const isNew = node.span.start !== em.spans[around]?.start
  if (isNew) em.part = em.spans.push(node.span) - 1
  const own = em.part
  try {
    const code = emitNode(em, node)
    // Columns and constants can't fail.
    if (!isNew || !code.includes(node.kind === 'name' ? 'looseName(' : '(')) return code
    return em.help('asIs', `($l = ${own}, ${code})`, `$l = ${around}`)
  } catch (thrown) {
    if (thrown instanceof HoldfastError && thrown.position === undefined && em.source.text !== '')
      thrown.position = positionIn(em.source, node.span.start)
    throw thrown
  } finally {
    em.part = around
  }
}

function emitNode(em: Emitter, node: Expr): string {
  const getter = em.sql?.intercept?.(node)
  if (getter !== undefined) return `${em.constant(getter)}()`
  switch (node.kind) {
    case 'literal':
      return em.value(literalValue(node))
    case 'constVector':
      return em.value(constVectorValue(node))
    case 'value':
      return em.value(node.value as Value)
    case 'typeName':
      return node.scale === null
        ? em.help('typeConstant', em.constant(node.name), String(node.array), 'undefined')
        : em.help('typeConstant', em.constant(node.name), String(node.array), emitExpr(em, node.scale))
    case 'constant':
      return em.constant(constantValue(node.name))
    case 'name':
      return emitName(em, node)
    case 'functionRef':
      return emitFunctionName(em, node.path.join('::'), node.form === 'root')
    case 'operatorRef':
      return emitFunctionName(em, node.op, true)
    case 'columnRef':
      return emitColumn(em, node.name, undefined)
    case 'macro':
    case 'columnSeries':
    case 'star':
    case 'over':
      throw inputError(sqlOnly[node.kind], { refId: 'S02011' })
    case 'vector':
      return emitVector(em, node.items)
    case 'tuple':
      return em.help(
        'tuple',
        `[${node.items.map((item) => (item === null ? 'undefined' : emitExpr(em, item))).join(', ')}]`,
      )
    case 'dict':
      return emitDict(em, node)
    case 'pair':
      return em.help(
        'pair',
        node.lower === null ? 'undefined' : emitExpr(em, node.lower),
        node.upper === null ? 'undefined' : emitExpr(em, node.upper),
      )
    case 'range':
      return fold(em, 'seq', seqNow, emitExpr(em, node.from), emitExpr(em, node.to))
    case 'unary':
      return em.help(node.op === 'neg' ? 'neg' : 'not', emitExpr(em, node.operand))
    case 'binary':
      return emitBinary(em, node)
    case 'compareChain':
      return emitChain(em, node.operands, node.ops)
    case 'predicate':
      return emitPredicate(em, node.op, node.negated, node.left, node.right)
    case 'isNull': {
      const test = emitBuiltin(em, 'isNull', [emitExpr(em, node.operand)])
      return node.negated ? em.help('not', test) : test
    }
    case 'quantified':
      return em.help(
        'quantified',
        JSON.stringify(node.op),
        JSON.stringify(node.quantifier),
        emitExpr(em, node.left),
        emitExpr(em, node.right),
      )
    case 'infix':
      return emitInfix(em, node)
    case 'ternary':
      return emitTernary(em, node)
    case 'call':
      return emitCall(em, node)
    case 'methodCall':
      return emitMethodCall(em, node)
    case 'member':
      return emitMember(em, node.object, node.name)
    case 'memberKey':
      return em.help('index', '$s', emitExpr(em, node.object), `[${emitExpr(em, node.key)}]`)
    case 'index':
      return emitIndex(em, node)
    case 'eachAt':
      return em.help('eachAt', '$s', emitExpr(em, node.func), emitExpr(em, node.arg))
    case 'partial':
      return emitPartial(em, node)
    case 'lambda':
      return emitClosure(em, node)
    case 'hof':
      return emitSuffixed(em, node)
    case 'metacode':
      return emitMetacode(em, node)
    case 'sql':
      return emitSql(em, node)
    case 'case':
      return emitCase(em, node)
    default:
      return unreachable(node)
  }
}

const sqlOnly = {
  macro: 'SQL context is not initialized yet: a macro variable stands only in a query.',
  columnSeries: 'SQL context is not initialized yet: a series of columns stands only in a query.',
  star: 'SQL context is not initialized yet: * stands only in a query.',
  over: 'SQL context is not initialized yet: a window function stands only in a query.',
}

// ---------------------------------------------------------------------------------------------------------------------
// Names

export function emitName(em: Emitter, node: NameExpr): string {
  const variable = emitVariable(em, node.name)
  if (variable !== undefined) return variable
  // In SQL the numbers e and pi are what their names mean where no column has the name (loops may have variables of it).
  if (node.binding === 'free' && (node.name === 'e' || node.name === 'pi')) {
    const number = em.constant(constantValue(node.name))
    return em.seesSession ? `(${em.constant(em.host.cell(node.name))}.value ?? ${number})` : number
  }
  return node.binding === 'function' ? emitFunctionName(em, node.name, false) : emitLoose(em, node.name)
}

/** A column or local by name, undefined if the name is neither. */
export function emitBound(em: Emitter, name: string): string | undefined {
  const column = em.sql?.columns(name)
  if (column !== undefined) return `${em.constant(column)}()`
  const local = em.bindings.get(name)
  if (local === undefined) return undefined
  const code = readBinding(em, local)
  return em.isAssigned(name) ? code : `(${code} ?? ${looseName(em, name)})`
}

/** A column, local or session variable; undefined where only shared objects and functions are left. */
function emitVariable(em: Emitter, name: string): string | undefined {
  return emitBound(em, name)
}

const looseName = (em: Emitter, name: string): string =>
  em.help('looseName', '$s', em.constant(name), em.constant(em.module))

/** A name that may be a session variable, a shared object or a function. */
function emitLoose(em: Emitter, name: string): string {
  if (!em.seesSession) return looseName(em, name)
  return `(${em.constant(em.host.cell(name))}.value ?? ${looseName(em, name)})`
}

/** A function as a value. `root` skips modules. */
export function emitFunctionName(em: Emitter, name: string, root: boolean): string {
  const found = root ? em.host.rootFunction(name) : em.host.lookupFunction(name, em.module)
  if (found === undefined) return looseName(em, name)
  return found instanceof BuiltinFunction ? em.constant(found) : `${em.constant(found)}.get()`
}

function emitColumn(em: Emitter, name: string, qualifier: string | undefined): string {
  const column = em.sql?.columns(name, qualifier)
  if (column === undefined)
    throw inputError(`Cannot recognize the token ${name}`, { code: 'unknownName', where: { name } })
  return `${em.constant(column)}()`
}

// ---------------------------------------------------------------------------------------------------------------------
// Composite values

function emitVector(em: Emitter, items: readonly (Expr | null)[]): string {
  const codes = items.map((item) => (item === null ? 'undefined' : emitExpr(em, item)))
  const values = codes.map((code) => em.valueOf(code))
  if (codes.length > 0 && values.every((v) => v !== undefined)) return em.value(support().vector(values))
  return em.help('vector', `[${codes.join(', ')}]`)
}

function emitDict(em: Emitter, node: DictExpr): string {
  const keys = node.entries.map((entry) => em.value(literalValue(entry.key)))
  const values = node.entries.map((entry) => emitExpr(em, entry.value))
  return em.help('dictLiteral', `[${keys.join(', ')}]`, `[${values.join(', ')}]`)
}

// ---------------------------------------------------------------------------------------------------------------------
// Operators

const inlineOps: Partial<Record<BinaryOperator, keyof Support>> = {
  add: 'add',
  sub: 'sub',
  mul: 'mul',
  div: 'div',
  ratio: 'ratio',
  mod: 'mod',
  lt: 'lt',
  le: 'le',
  gt: 'gt',
  ge: 'ge',
  eq: 'eq',
  ne: 'ne',
}

export function emitBinary(em: Emitter, node: BinaryExpr): string {
  const { op, left, right, word } = node
  switch (op) {
    case 'and': {
      const t = em.temporary()
      const and = emitSpending(em, [left, right], [t, emitExpr(em, right)], ([a, b]) => em.help('and', a, b))
      return emitFusedTruth(em, node, `(${em.help('isFalse', `${t} = ${emitExpr(em, left)}`)} ? ${t} : ${and})`)
    }
    case 'or': {
      const t = em.temporary()
      const codes = [t, emitExpr(em, right)]
      const or = emitSpending(em, [left, right], codes, ([a, b]) => em.help(word ? 'orIgnoringNull' : 'or', a, b))
      return emitFusedTruth(em, node, `(${em.help('isTrue', `${t} = ${emitExpr(em, left)}`)} ? ${t} : ${or})`)
    }
    case 'cast':
      return fold(em, 'cast', castNow, emitExpr(em, left), emitCastTarget(em, right))
    case 'pair':
      return em.help('pair', emitExpr(em, left), emitExpr(em, right))
    case 'seq':
      return fold(em, 'seq', seqNow, emitExpr(em, left), emitExpr(em, right))
    case 'join':
    case 'dot':
      return emitBuiltin(em, op, [emitExpr(em, left), emitExpr(em, right)])
    default: {
      const helper = inlineOps[op]
      if (helper === undefined) return em.help('operator', JSON.stringify(op), emitExpr(em, left), emitExpr(em, right))
      if (em.sql === undefined && isNumericOp(op)) {
        const [a, b] = [operandTree(em, left), operandTree(em, right)]
        if (a.op === undefined && b.op === undefined && bothConstant(em, a, b))
          return foldOperator(em, op, a.given.code, b.given.code)
        return toValue(em, emitTree(em, { op, left: a, right: b }))
      }
      const codes = [emitExpr(em, left), emitExpr(em, right)]
      return emitSpending(em, [left, right], codes, ([a, b]) => foldOperator(em, op, a, b))
    }
  }
}

/** Whether an operator makes the value of the expression, so that nobody else holds it. */
const isMade = (em: Emitter, node: Expr | null | undefined): boolean =>
  em.sql === undefined && node?.kind === 'binary' && (node.op in inlineOps || node.op === 'and' || node.op === 'or')

/** A call of something that keeps no argument: what operators have made for it is given back after it. `call` gets the codes of the arguments. */
export function emitSpending(
  em: Emitter,
  args: readonly (Expr | null | undefined)[],
  codes: readonly string[],
  call: (codes: readonly string[]) => string,
): string {
  const made: string[] = []
  const kept = codes.map((code, k) => {
    if (!isMade(em, args[k]) || em.valueOf(code) !== undefined) return code
    const t = em.temporary()
    made.push(t)
    return `${t} = ${code}`
  })
  return made.length === 0 ? call(codes) : em.help('spent', call(kept), ...made)
}

/** An operator that generated code calls by name, on operands that are code. */
function foldOperator(em: Emitter, op: BinaryOperator, left: string, right: string): string {
  const helper = inlineOps[op]!
  return fold(em, helper, support()[helper] as (a: Value, b: Value) => Value, left, right)
}

/** An operand of arithmetic, with the arithmetic in it. */
export const operandTree = (em: Emitter, node: Expr): Tree => treeOf(em, node, emitExpr, foldOperator)

/** `x $ int`: the name of a conversion function stands for its type. */
function emitCastTarget(em: Emitter, node: Expr): string {
  if (node.kind === 'name' && node.binding === 'function' && emitBound(em, node.name) === undefined) {
    const id = support().typeIdByName(node.name)
    if (id !== undefined) return em.constant(id)
  }
  return emitExpr(em, node)
}

/** Computes an operator on two constants once, while compiling; one that fails is left to fail when it runs. */
function fold(
  em: Emitter,
  helper: keyof Support,
  compute: (a: Value, b: Value) => Value,
  a: string,
  b: string,
): string {
  const left = em.valueOf(a)
  const right = em.valueOf(b)
  if (left?.kind === 'scalar' && right?.kind === 'scalar' && helper !== 'seq') {
    try {
      return em.value(compute(left, right))
    } catch {
      // It is raised with its position when the statement runs, if it runs.
    }
  }
  return em.help(helper, a, b)
}

function emitChain(em: Emitter, operands: readonly Expr[], ops: readonly string[]): string {
  const names = operands.map((operand) => {
    const t = em.temporary()
    return { t, code: `${t} = ${emitExpr(em, operand)}` }
  })
  const assignments = names.map((n) => n.code).join(', ')
  const tests = ops.map((op, k) => em.help(op as 'lt', names[k].t, names[k + 1].t))
  return `(${assignments}, ${tests.reduce((left, right) => em.help('and', left, right))})`
}

function emitPredicate(em: Emitter, op: 'in' | 'between' | 'like', negated: boolean, left: Expr, right: Expr): string {
  const call = emitBuiltin(em, op, [emitExpr(em, left), emitExpr(em, right)])
  return negated ? em.help('not', call) : call
}

/** A builtin that the language itself needs, by name. */
export function emitBuiltin(em: Emitter, name: string, args: readonly string[]): string {
  const found = em.host.registry.get(name)
  if (found === undefined) throw inputError(`The function or procedure '${name}' is not defined.`, { refId: 'S06004' })
  return em.help('callDirect', '$s', em.constant(found.builtin), `[${args.join(', ')}]`)
}

/**
 * A scalar condition evaluates only the branch that it chooses; a vector (or null) needs both. Each branch is emitted once:
 * `c` is 1 for then, 0 for otherwise, 2 for both.
 */
function emitTernary(em: Emitter, node: TernaryExpr): string {
  const [condition, c, a, b] = [em.temporary(), em.temporary(), em.temporary(), em.temporary()]
  const steps = [
    `${c} = ${em.help('choice', `${condition} = ${emitExpr(em, node.condition)}`)}`,
    `${a} = ${c} !== 0 ? ${emitExpr(em, node.then)} : undefined`,
    `${b} = ${c} !== 1 ? ${emitExpr(em, node.otherwise)} : undefined`,
    `${c} === 1 ? ${a} : ${c} === 0 ? ${b} : ${emitBuiltin(em, 'iif', [condition, a, b])}`,
  ]
  return `(${steps.join(', ')})`
}

/** SQL's case: the first condition that holds decides, element by element. */
function emitCase(em: Emitter, node: CaseExpr): string {
  const otherwise = node.otherwise === null ? em.constant(support().VOID) : emitExpr(em, node.otherwise)
  return node.whens.reduceRight(
    (rest, when) => em.help('caseWhen', '$s', emitExpr(em, when.condition), emitExpr(em, when.value), rest),
    otherwise,
  )
}

// ---------------------------------------------------------------------------------------------------------------------
// Access

function emitMember(em: Emitter, object: Expr, name: string): string {
  if (object.kind === 'name') {
    const column = em.sql?.columns(name, object.name)
    if (column !== undefined) return `${em.constant(column)}()`
  }
  return em.help('member', '$s', emitExpr(em, object), em.constant(name))
}

export const emitSlots = (em: Emitter, slots: readonly (Expr | null)[]): string =>
  `[${slots.map((slot) => (slot === null ? 'undefined' : emitExpr(em, slot))).join(', ')}]`

function emitIndex(em: Emitter, node: IndexExpr): string {
  const { object, slots } = node
  if (slots.length === 1 && slots[0] !== null && em.writesOut && em.sql === undefined)
    return toValue(em, emitPlain(em, node))
  if (slots.length === 1 && slots[0] !== null) {
    const [o, k] = [em.temporary(), em.temporary()]
    // The element is read here, where V8 learns which typed array this place meets.
    const fast = `${em.help('holds', o, k)} ? ${em.help('elementOf', o, `${o}.data[${k}.value]`)}`
    const index = emitExpr(em, slots[0])
    const slow = emitSpending(em, [slots[0]], [k], ([at]) => em.help('index1', '$s', o, at))
    return `(${o} = ${emitExpr(em, object)}, ${k} = ${index}, ${fast} : ${slow})`
  }
  return em.help('index', '$s', emitExpr(em, object), emitSlots(em, slots))
}

// ---------------------------------------------------------------------------------------------------------------------
// Code and queries

/** Local names that a piece of syntax mentions, with how they are read now. */
function mentionedLocals(em: Emitter, root: Parameters<typeof namesIn>[0]): [string, string][] {
  const out: [string, string][] = []
  for (const name of namesIn(root)) {
    const binding = em.bindings.get(name)
    if (binding !== undefined) out.push([name, readBinding(em, binding)])
  }
  return out
}

function emitMetacode(em: Emitter, node: MetacodeExpr): string {
  const locals = mentionedLocals(
    em,
    node.items.map((item) => item.expr),
  )
  const names = em.constant(locals.map(([name]) => name))
  const items = em.constant(node.list ? node.items : node.items[0])
  return em.help(
    node.list ? 'codeList' : 'code',
    items,
    em.constant(em.source),
    names,
    `[${locals.map(([, js]) => js).join(', ')}]`,
  )
}

/**
 * A query reads locals of the function around it by name, so they are handed over; a table that update, insert or delete thawed comes back
 * the same way.
 */
export function emitSql(em: Emitter, node: SqlExpr): string {
  if (em.sql !== undefined)
    return em.help('nestedSql', em.constant(em.sql.scope), em.constant(node), em.constant(em.sql.columns))
  const locals = mentionedLocals(em, [node.statement])
  const names = em.constant(locals.map(([name]) => name))
  const values = `[${locals.map(([, js]) => js).join(', ')}]`
  const origin = em.constant({ module: em.module, source: em.source, seesSession: em.seesSession })
  const changes =
    node.statement.kind === 'update' || node.statement.kind === 'delete' || node.statement.kind === 'insert'
  if (!changes) return em.help('sql', '$s', em.constant(node.statement), origin, names, values)
  const list = em.temporary()
  const result = em.temporary()
  const back = locals.flatMap(([name], k) => {
    const binding = em.bindings.get(name)
    return binding?.writable === true ? [`${binding.js} = ${list}[${k}]`] : []
  })
  const call = em.help('sql', '$s', em.constant(node.statement), origin, names, `${list} = ${values}`)
  return `(${[`${result} = ${call}`, ...back, result].join(', ')})`
}

// ---------------------------------------------------------------------------------------------------------------------
// Conditions

/** The expression as a JavaScript boolean. */
export function emitTest(em: Emitter, node: Expr): string {
  const plain = em.sql === undefined
  if (plain && node.kind === 'binary') {
    switch (node.op) {
      case 'lt':
      case 'le':
      case 'gt':
      case 'ge':
      case 'eq':
      case 'ne':
        return emitComparison(em, node.op, operandTree(em, node.left), operandTree(em, node.right))
      case 'and':
        return `(${emitTest(em, node.left)} && ${emitTest(em, node.right)})`
      case 'or':
        if (em.writesOut) {
          const t = em.temporary()
          const right = em.help('orTestP', t, plainest(em, node.right), String(node.word))
          return `((${t} = ${plainest(em, node.left)}) === true || ${right})`
        }
    }
  }
  if (plain && node.kind === 'unary' && node.op === 'not') return em.help('notTest', emitExpr(em, node.operand))
  return em.writesOut && plain ? em.help('testP', withoutSlot(em, node)) : em.help('test', emitExpr(em, node))
}
