// Statements and blocks.

import type { IToken } from 'chevrotain'
import type { AssignTarget, Block, ClassAttribute, DefStatement, Expr, Statement } from '../ast.ts'
import { Newline } from '../lexer.ts'
import type { Span } from '../source.ts'
import { type Cursor, spanOf } from './cursor.ts'
import { parseExchangeStatement } from './exchange-statements.ts'
import { parseExpr } from './expressions.ts'
import { parseDef, parseParams } from './functions.ts'
import { parseSlot } from './postfix.ts'
import { parsePrimary, parseTypeName } from './primary.ts'
import { parseSettingsStatement } from './settings-statements.ts'
import { RESERVED, TYPE_NAMES } from './words.ts'

const COMPOUND: Readonly<Record<string, 'add' | 'sub' | 'mul' | 'div' | 'ratio'>> = {
  '+=': 'add',
  '-=': 'sub',
  '*=': 'mul',
  '/=': 'div',
  '\\=': 'ratio',
}

/** The statements between braces, the braces included. */
export function parseBlock(p: Cursor): Block {
  p.expect('{', 'before a block')
  p.deeper()
  const statements: Statement[] = []
  for (;;) {
    skipSeparators(p)
    if (p.take('}')) {
      p.depth--
      return statements
    }
    if (p.peek() === p.end) throw p.unexpected("'}' to end the block")
    statements.push(innerStatement(p))
    requireEnd(p, '}')
  }
}

export function skipSeparators(p: Cursor): void {
  while (p.tokens[p.at]?.tokenType === Newline || p.tokens[p.at]?.image === ';') p.at++
}

/** After a statement there is a separator, the end, or the brace that closes the block. */
export function requireEnd(p: Cursor, close?: string): void {
  const token = p.tokens[p.at]
  if (token === undefined || token.tokenType === Newline || token.image === ';' || token.image === close) return
  const before = p.previous()
  if (before?.image === '}') return
  if (token.image === '=')
    throw p.error("Please use '==' rather than '=' as equal operator in non-sql expression.", spanOf(token), 'S06011')
  throw p.unexpected('the end of the statement')
}

/** A block, or one statement. */
function parseBody(p: Cursor): Block {
  if (p.afterNewlines().image === '{') {
    p.skipNewlines()
    return parseBlock(p)
  }
  p.skipNewlines()
  return [innerStatement(p)]
}

/** A statement of a block: the script cannot be divided there. */
function innerStatement(p: Cursor): Statement {
  const statement = parseStatement(p)
  if (statement.kind === 'go') throw p.error("'go' is not allowed inside a block.", statement.span)
  return statement
}

/** What the surroundings of a statement mean ends at its beginning. */
export const STATEMENT_MODES = {
  ignoreNewlines: false,
  sql: false,
  metacode: false,
  noPair: false,
  noArrow: false,
  inOn: false,
  inArguments: false,
} as const

export function parseStatement(p: Cursor): Statement {
  return p.within(STATEMENT_MODES, () => statement(p))
}

function statement(p: Cursor): Statement {
  const token = p.peek()
  const start = token.startOffset
  const special = parseSettingsStatement(p) ?? parseExchangeStatement(p)
  if (special !== undefined) return special
  if (token.tokenType.name === 'Identifier' && !p.names.isVariable(token.image)) {
    const known = keyword(p, token, start)
    if (known !== undefined) return known
  }
  if (token.image === '#' && p.peek(1).image === 'include') {
    p.next()
    p.next()
    const path = parsePrimary(p)
    if (path.kind !== 'literal' || path.type !== 'STRING') throw p.unexpected('the path of the file in quotes')
    return { kind: 'include', path: path.value as string, span: p.span(start) }
  }
  if (token.image === '@') return annotation(p, start)
  if (token.image === '&' && p.peek(1).tokenType.name === 'Identifier' && p.peek(2).image === '=') {
    p.next()
    const name = p.next().image
    p.next()
    const source = p.expectName('the variable to alias').image
    p.names.readVariable(source)
    assignName(p, name, p.span(start))
    return { kind: 'alias', name, source, span: p.span(start) }
  }
  return parseAssignment(p) ?? expressionStatement(p, start)
}

/** Notes an assignment to the name, which a parameter or a constant does not allow. */
function assignName(p: Cursor, name: string, span: Span): void {
  if (p.names.isReadOnly(name)) throw p.error(`Constant variable [${name}] can't be modified.`, span)
  p.names.assign(name)
}

function expressionStatement(p: Cursor, start: number): Statement {
  const expr = parseExpr(p)
  if (
    p.is('=') &&
    (expr.kind === 'member' || expr.kind === 'memberKey' || expr.kind === 'call' || expr.kind === 'literal')
  )
    throw p.error(
      "Please use '==' rather than '=' as equal operator in non-sql expression.",
      spanOf(p.peek()),
      'S06011',
    )
  if (p.peek().image in COMPOUND) throw p.error("Can't use assignment in expression.", spanOf(p.peek()))
  return { kind: 'expression', expr, span: p.span(start) }
}

// ---------------------------------------------------------------------------------------------------------------------
// Keywords

function keyword(p: Cursor, token: IToken, start: number): Statement | undefined {
  const after = p.peek(1)
  switch (token.image) {
    case 'if':
      return after.image === '(' ? parseIf(p) : undefined
    case 'for':
      return after.image === '(' ? parseFor(p) : undefined
    case 'while':
      return after.image === '(' ? parseWhile(p) : undefined
    case 'do':
      return parseDo(p)
    case 'try':
      return parseTry(p)
    case 'timer':
      return parseTimer(p)
    case 'transaction':
      p.next()
      return { kind: 'transaction', body: parseBody(p), span: p.span(start) }
    case 'break':
    case 'continue':
    case 'go':
    case 'commit':
    case 'rollback':
      if (after !== p.end && after.tokenType !== Newline && after.image !== ';' && after.image !== '}') return undefined
      p.next()
      return { kind: token.image, span: p.span(start) }
    case 'return':
      p.next()
      return { kind: 'return', value: atEnd(p) ? null : exprList(p), span: p.span(start) }
    case 'throw':
      p.next()
      return { kind: 'throw', value: parseExpr(p), span: p.span(start) }
    case 'assert':
      return parseAssert(p)
    case 'const':
      return parseConst(p)
    case 'share':
      return after.image === '(' && p.gluedAfter(0) ? undefined : parseShare(p)
    case 'undef':
      return after.image === '(' || after.image === '=' || after === p.end ? undefined : parseUndef(p)
    case 'module':
      p.next()
      return { kind: 'module', path: modulePath(p), span: p.span(start) }
    case 'use': {
      p.next()
      const catalog = p.takeWord('catalog')
      return { kind: 'use', path: modulePath(p), catalog, span: p.span(start) }
    }
    case 'def':
    case 'defg':
      return after.tokenType.name === 'Identifier' ? parseDef(p) : undefined
    case 'class':
      return after.tokenType.name === 'Identifier' ? parseClass(p) : undefined
    case 'mapr':
      return after.tokenType.name === 'Identifier' ? parseMapr(p) : undefined
  }
  return undefined
}

const atEnd = (p: Cursor): boolean => {
  const token = p.peek()
  return token === p.end || token.tokenType === Newline || token.image === ';' || token.image === '}'
}

/** Two or more expressions make a tuple. */
function exprList(p: Cursor): Expr {
  const start = p.offset()
  const first = parseExpr(p)
  if (!p.is(',')) return first
  const items = [first]
  while (p.take(',')) {
    p.skipNewlines()
    items.push(parseExpr(p))
  }
  return { kind: 'tuple', items, span: p.span(start) }
}

function condition(p: Cursor, what: string): Expr {
  p.expect('(', `before the condition of ${what}`)
  return p.bracketed(() => {
    const expr = parseExpr(p)
    p.expect(')', `after the condition of ${what}`)
    return expr
  })
}

function parseIf(p: Cursor): Statement {
  const start = p.next().startOffset
  const test = condition(p, 'if')
  const then = parseBody(p)
  const here = p.at
  skipSeparators(p)
  if (!p.is('else')) {
    p.at = here
    return { kind: 'if', condition: test, then, otherwise: null, span: p.span(start) }
  }
  p.next()
  return { kind: 'if', condition: test, then, otherwise: parseBody(p), span: p.span(start) }
}

function parseFor(p: Cursor): Statement {
  const start = p.next().startOffset
  p.expect('(', "after 'for'")
  const [variable, source] = p.bracketed(() => {
    const name = p.expectName('the variable of the loop')
    p.expectWord('in', 'after the variable of the loop')
    const expr = parseExpr(p)
    p.expect(')', 'after the head of the loop')
    return [name, expr] as const
  })
  assignName(p, variable.image, spanOf(variable))
  return { kind: 'for', variable: variable.image, source, body: parseBody(p), span: p.span(start) }
}

function parseWhile(p: Cursor): Statement {
  const start = p.next().startOffset
  const test = condition(p, 'while')
  return { kind: 'while', condition: test, body: parseBody(p), span: p.span(start) }
}

function parseDo(p: Cursor): Statement {
  const start = p.next().startOffset
  p.skipNewlines()
  const body = parseBlock(p)
  p.skipNewlines()
  p.expectWord('while', 'after the block of do')
  return { kind: 'doWhile', condition: condition(p, 'while'), body, span: p.span(start) }
}

function parseTry(p: Cursor): Statement {
  const start = p.next().startOffset
  p.skipNewlines()
  const body = parseBlock(p)
  p.skipNewlines()
  p.expectWord('catch', 'after the block of try')
  p.expect('(', "after 'catch'")
  const variable = p.expectName('the variable of catch')
  p.expect(')', 'after the variable of catch')
  assignName(p, variable.image, spanOf(variable))
  p.skipNewlines()
  return { kind: 'try', body, variable: variable.image, handler: parseBlock(p), span: p.span(start) }
}

function parseTimer(p: Cursor): Statement {
  const start = p.next().startOffset
  const count = p.is('(') && p.glued() ? condition(p, 'timer') : null
  return { kind: 'timer', count, body: parseBody(p), span: p.span(start) }
}

function parseAssert(p: Cursor): Statement {
  const start = p.next().startOffset
  const here = p.at
  // Unquoted words or a number before a comma name the case.
  let words = ''
  while (!atEnd(p) && p.is(',') === false && /^[\w.]+$/.test(p.peek().image))
    words += (words === '' ? '' : ' ') + p.next().image
  if (words !== '' && p.is(',')) {
    const subcase: Expr = { kind: 'literal', type: 'STRING', value: words, span: p.span(start) }
    p.next()
    return { kind: 'assert', subcase, condition: parseExpr(p), span: p.span(start) }
  }
  p.at = here
  const first = parseExpr(p)
  if (!p.take(',')) return { kind: 'assert', subcase: null, condition: first, span: p.span(start) }
  return { kind: 'assert', subcase: first, condition: parseExpr(p), span: p.span(start) }
}

function parseConst(p: Cursor): Statement {
  const start = p.next().startOffset
  const name = p.expectName('the name of a constant').image
  p.expect('=', 'after the name of a constant')
  const value = exprList(p)
  p.names.assignConstant(name)
  return { kind: 'const', name, value, span: p.span(start) }
}

function parseShare(p: Cursor): Statement {
  const token = p.next()
  const start = token.startOffset
  if (p.names.inFunction)
    throw p.error("'share' statement can't be declared within a function definition.", spanOf(token), 'S06002')
  const value = parseExpr(p)
  p.expectWord('as', 'after what is shared')
  const name = p.expectName('the shared name').image
  return { kind: 'share', value, name, span: p.span(start) }
}

/** `undef all`, ``undef `x``, each with a category behind a comma. */
function parseUndef(p: Cursor): Statement {
  const start = p.next().startOffset
  const names = p.take('all') ? null : parseExpr(p)
  const category = p.take(',') ? parseExpr(p) : null
  return { kind: 'undef', names, category, span: p.span(start) }
}

function modulePath(p: Cursor): string[] {
  const path = [p.expectName('the name of a module').image]
  while (p.take('::')) path.push(p.expectName('a name after ::').image)
  return path
}

function annotation(p: Cursor, start: number): Statement {
  p.next()
  const name = p.expectName('the name of an annotation').image
  if (!p.is(':')) {
    p.skipNewlines()
    if (p.is('@')) {
      const following = statement(p)
      return following.kind === 'def' ? { ...following, annotations: [name, ...following.annotations] } : following
    }
    if (!p.is('def') && !p.is('defg')) throw p.unexpected(`a function definition after @${name}`)
    return parseDef(p, [name])
  }
  p.next()
  const args: { name: string; value: Expr }[] = []
  do {
    const key = p.expectName('a key of the annotation').image
    p.expect('=', 'after the key of the annotation')
    args.push({ name: key, value: parseExpr(p) })
  } while (p.take(','))
  return { kind: 'annotation', name, arguments: args, span: p.span(start) }
}

function parseClass(p: Cursor): Statement {
  const start = p.next().startOffset
  const name = p.next().image
  const base = p.take(':') ? p.expectName('the base class').image : null
  p.skipNewlines()
  p.expect('{', 'before the body of a class')
  const attributes: ClassAttribute[] = []
  const methods: DefStatement[] = []
  p.names.defineFunction(name)
  for (;;) {
    skipSeparators(p)
    if (p.take('}')) {
      for (const m of methods)
        if (m.body === null && !methods.some((other) => other.name === m.name && other.body !== null))
          throw p.error(`Function <${m.name}> is declared but not defined yet.`, m.span, 'S06007')
      return { kind: 'class', name, base, attributes, methods, span: p.span(start) }
    }
    if (p.is('def') || p.is('defg')) {
      methods.push(parseDef(p, [], true))
      continue
    }
    const at = p.offset()
    const attribute = p.expectName('an attribute or a method').image
    p.expect('::', 'between an attribute and its type')
    const type = parseTypeName(p)
    const form = atEnd(p) ? 'SCALAR' : p.next().image
    attributes.push({ name: attribute, type, form, span: p.span(at) })
  }
}

function parseMapr(p: Cursor): Statement {
  const start = p.next().startOffset
  const name = p.next().image
  const params = parseParams(p)
  p.names.enter('def', params)
  p.skipNewlines()
  p.expect('{', 'before the body of mapr')
  try {
    return p.bracketed(() => {
      const distributed = mapReduce(p)
      const running = p.take(';') ? mapReduce(p) : null
      p.expect('}', 'after the body of mapr')
      return { kind: 'mapr', name, params, distributed, running, span: p.span(start) }
    })
  } finally {
    p.names.leave()
  }
}

function mapReduce(p: Cursor): { map: Expr[]; reduce: Expr } {
  return p.within({ noArrow: true }, () => {
    const map = [parseExpr(p)]
    while (p.take(',')) map.push(parseExpr(p))
    p.expect('->', 'between map and reduce')
    return { map, reduce: parseExpr(p) }
  })
}

// ---------------------------------------------------------------------------------------------------------------------
// Assignment

/** Looks ahead for `lvalue {, lvalue} =`; undefined if the statement is no assignment. */
function parseAssignment(p: Cursor): Statement | undefined {
  if (!assignmentAhead(p)) return undefined
  const start = p.offset()
  const targets: AssignTarget[] = []
  for (;;) {
    targets.push(target(p))
    if (!p.take(',')) break
    p.skipNewlines()
  }
  const operator = p.next().image
  p.skipNewlines()
  const value = exprList(p)
  for (const t of targets) {
    if (p.names.isReadOnly(t.name)) throw p.error(`Constant variable [${t.name}] can't be modified.`, t.span)
    if (t.kind === 'index' || operator !== '=') p.names.readVariable(t.name)
    if (t.kind === 'name') p.names.assign(t.name)
  }
  return { kind: 'assign', targets, op: COMPOUND[operator] ?? null, value, span: p.span(start) }
}

function assignmentAhead(p: Cursor): boolean {
  let at = p.at
  for (;;) {
    if (p.tokens[at]?.tokenType.name !== 'Identifier' || p.tokens[at].image.endsWith('!')) return false
    at++
    if (p.tokens[at]?.image === '[') {
      let depth = 0
      for (; at < p.tokens.length; at++) {
        const { image } = p.tokens[at]
        if (image === '[' || image === '(' || image === '{') depth++
        else if ((image === ']' || image === ')' || image === '}') && --depth === 0) break
      }
      at++
    }
    const image = p.tokens[at]?.image
    if (image === '=' || (image !== undefined && Object.hasOwn(COMPOUND, image))) return true
    if (image !== ',') return false
    at++
    while (p.tokens[at]?.tokenType === Newline) at++
  }
}

function target(p: Cursor): AssignTarget {
  const token = p.next()
  if (['pi', 'e', 'true', 'false', 'NULL', 'null'].includes(token.image))
    throw p.error("Please use '==' rather than '=' as equal operator in non-sql expression.", spanOf(token), 'S06011')
  if (RESERVED.has(token.image) || TYPE_NAMES.has(token.image))
    throw p.error(`${token.image} is a reserved word and can't name a variable.`, spanOf(token))
  if (!p.is('[')) return { kind: 'name', name: token.image, span: spanOf(token) }
  p.next()
  const slots = p.bracketed(() => {
    const out: (Expr | null)[] = []
    for (;;) {
      out.push(parseSlot(p, [',', ']']))
      if (p.take(']')) return out
      p.expect(',', "or ']' in an index")
    }
  })
  return { kind: 'index', name: token.image, slots, span: p.span(token.startOffset) }
}
