// A statement of any kind, and the sequence of them.

import { EOF } from 'chevrotain'
import type { AssignStatement, AssignTarget, Expr, Statement } from '../ast.ts'
import { AssignmentOperator, Identifier, isName, W } from '../keywords.ts'
import { Newline, QuotedString, S } from '../lexer.ts'
import { type Cursor, spanOf, textOfToken } from '../parser/cursor.ts'
import { parseSlot } from '../parser/postfix.ts'
import { isReservedWord } from '../parser/words.ts'
import type { Rule } from './base.ts'
import { assignName } from './flow.ts'
import { FunctionRules } from './functions.ts'
import { atEnd, requireEnd, skipSeparators } from './separators.ts'
import { serverStatementAhead } from './server-words.ts'

const COMPOUND: Readonly<Record<string, 'add' | 'sub' | 'mul' | 'div' | 'ratio'>> = {
  '+=': 'add',
  '-=': 'sub',
  '*=': 'mul',
  '/=': 'div',
  '\\=': 'ratio',
}

export abstract class StatementRules extends FunctionRules {
  /** Statements up to `go` (true) or the end of the text; those before an error are in the list, too. */
  protected readonly unit: Rule<[statements: Statement[]], boolean> = this.rule('unit', (statements) => {
    const p = this.cursor
    let ended = false
    this.MANY({
      GATE: () => !ended,
      DEF: () => {
        p.beginStatement()
        const statement = this.SUBRULE(this.statement)
        requireEnd(p)
        skipSeparators(p)
        if (this.RECORDING_PHASE) return
        if (statement.kind === 'go') ended = true
        else statements.push(statement)
      },
    })
    if (ended) return true
    p.beginStatement()
    this.CONSUME(EOF, { ERR_MSG: 'an expression' })
    return false
  })

  protected readonly statement: Rule<[], Statement> = this.rule('statement', () => this.OR(this.#kinds))

  // Tried in order, the most frequent first. No text is for two of the gates: keywords, targets of an assignment and the words of statements about the server
  // exclude each other. The alternatives are made once: a statement would pay for making them at each.
  readonly #kinds = [
    { GATE: () => keywordAhead(this.cursor), ALT: (): Statement => this.OR2(this.#keywords) },
    { GATE: () => assignmentAhead(this.cursor), ALT: (): Statement => this.SUBRULE(this.assignment) },
    { GATE: () => serverStatementAhead(this.cursor), ALT: (): Statement => this.SUBRULE(this.serverStatement) },
    { ALT: (): Statement => this.SUBRULE(this.include) },
    { ALT: (): Statement => this.SUBRULE(this.annotation) },
    { GATE: () => aliasAhead(this.cursor), ALT: (): Statement => this.SUBRULE(this.alias) },
    { ALT: (): Statement => this.SUBRULE(this.expressionStatement) },
  ]

  readonly #keywords = [
    { ALT: (): Statement => this.SUBRULE(this.ifElse) },
    { ALT: (): Statement => this.SUBRULE(this.forLoop) },
    { ALT: (): Statement => this.SUBRULE(this.whileLoop) },
    { ALT: (): Statement => this.SUBRULE(this.doWhile) },
    { ALT: (): Statement => this.SUBRULE(this.tryCatch) },
    { ALT: (): Statement => this.SUBRULE(this.timer) },
    { ALT: (): Statement => this.SUBRULE(this.transaction) },
    { ALT: (): Statement => this.SUBRULE(this.word) },
    { ALT: (): Statement => this.SUBRULE(this.returnValue) },
    { ALT: (): Statement => this.SUBRULE(this.throwValue) },
    { ALT: (): Statement => this.SUBRULE(this.assertion) },
    { ALT: (): Statement => this.SUBRULE(this.constant) },
    { ALT: (): Statement => this.SUBRULE(this.share) },
    { ALT: (): Statement => this.SUBRULE(this.undef) },
    { ALT: (): Statement => this.SUBRULE(this.module) },
    { ALT: (): Statement => this.SUBRULE(this.def, { ARGS: [] }) },
    { ALT: (): Statement => this.SUBRULE(this.classDefinition) },
    { ALT: (): Statement => this.SUBRULE(this.mapr) },
  ]

  protected readonly serverStatement: Rule<[], Statement> = this.rule('serverStatement', () => {
    if (this.RECORDING_PHASE) return this.CONSUME(Identifier) as never
    return this.cursor.rules.server(this.cursor)
  })

  protected readonly constant: Rule<[], Statement> = this.rule('const', () => {
    const p = this.cursor
    const start = this.CONSUME(W.const).startOffset
    const name = this.CONSUME(Identifier, { ERR_MSG: 'the name of a constant' }).image
    this.CONSUME(S['='], { ERR_MSG: "'=' after the name of a constant" })
    const value = this.SUBRULE(this.tuple)
    this.ACTION(() => p.names.assignConstant(name))
    return { kind: 'const', name, value, span: p.span(start) }
  })

  protected readonly share: Rule<[], Statement> = this.rule('share', () => {
    const p = this.cursor
    const token = this.CONSUME(W.share)
    if (p.names.inFunction)
      throw p.error("'share' statement can't be declared within a function definition.", spanOf(token), 'S06002')
    const value = this.SUBRULE(this.expression)
    this.CONSUME(W.as, { ERR_MSG: "'as' after what is shared" })
    const name = this.CONSUME(Identifier, { ERR_MSG: 'the shared name' }).image
    return { kind: 'share', value, name, span: p.span(token.startOffset) }
  })

  /** `undef all`, ``undef `x``, each with a category behind a comma. */
  protected readonly undef: Rule<[], Statement> = this.rule('undef', () => {
    const p = this.cursor
    const start = this.CONSUME(W.undef).startOffset
    const names = this.OR([
      {
        GATE: () => p.is('all'),
        ALT: (): Expr | null => {
          this.CONSUME(W.all)
          return null
        },
      },
      { ALT: (): Expr | null => this.SUBRULE(this.expression) },
    ])
    const category = this.OPTION(() => {
      this.CONSUME(S[','])
      return this.SUBRULE2(this.expression)
    })
    return { kind: 'undef', names, category: category ?? null, span: p.span(start) }
  })

  /** `module a::b`, `use a::b`, `use catalog a`. */
  protected readonly module: Rule<[], Statement> = this.rule('module', () => {
    const p = this.cursor
    const word = this.OR([{ ALT: () => this.CONSUME(W.module) }, { ALT: () => this.CONSUME(W.use) }])
    const isUse = word.tokenType === W.use
    const catalog = this.OPTION({ GATE: () => isUse, DEF: () => this.CONSUME(W.catalog) }) !== undefined
    const path = [this.CONSUME(Identifier, { ERR_MSG: 'the name of a module' }).image]
    this.MANY(() => {
      this.CONSUME(S['::'])
      path.push(this.CONSUME2(Identifier, { ERR_MSG: 'a name after ::' }).image)
    })
    const span = p.span(word.startOffset)
    return isUse ? { kind: 'use', path, catalog, span } : { kind: 'module', path, span }
  })

  /** `#include "file"`. */
  protected readonly include: Rule<[], Statement> = this.rule('include', () => {
    const p = this.cursor
    const start = this.CONSUME(S['#']).startOffset
    this.CONSUME(W.include, { ERR_MSG: "'include' after '#'" })
    const path = this.CONSUME(QuotedString, { ERR_MSG: 'the path of the file in quotes' })
    return { kind: 'include', path: textOfToken(path), span: p.span(start) }
  })

  /** `&name = variable`. */
  protected readonly alias: Rule<[], Statement> = this.rule('alias', () => {
    const p = this.cursor
    const start = this.CONSUME(S['&']).startOffset
    const name = this.CONSUME(Identifier).image
    this.CONSUME(S['='])
    const source = this.CONSUME2(Identifier, { ERR_MSG: 'the variable to alias' }).image
    p.names.readVariable(source)
    assignName(p, name, p.span(start))
    return { kind: 'alias', name, source, span: p.span(start) }
  })

  /** `a = 1`, `a, b[i] += f(x)`. */
  protected readonly assignment: Rule<[], AssignStatement> = this.rule('assignment', () => {
    const p = this.cursor
    const start = p.offset()
    const targets = [this.SUBRULE(this.target)]
    if (this.chosen(p.is(',')))
      this.MANY(() => {
        this.CONSUME(S[','])
        p.skipNewlines()
        targets.push(this.SUBRULE2(this.target))
      })
    const operator = this.CONSUME(AssignmentOperator).image
    p.skipNewlines()
    const value = this.SUBRULE(this.tuple)
    if (this.RECORDING_PHASE) return undefined as never
    for (const t of targets) {
      if (p.names.isReadOnly(t.name)) throw p.error(`Constant variable [${t.name}] can't be modified.`, t.span)
      if (t.kind === 'index' || operator !== '=') p.names.readVariable(t.name)
      if (t.kind === 'name') p.names.assign(t.name)
    }
    return { kind: 'assign', targets, op: COMPOUND[operator] ?? null, value, span: p.span(start) }
  })

  /** `a`, `a[i, 1:]`. */
  protected readonly target: Rule<[], AssignTarget> = this.rule('target', () => {
    const p = this.cursor
    const token = this.CONSUME(Identifier)
    if (['pi', 'e', 'true', 'false', 'NULL', 'null'].includes(token.image))
      throw p.error("Please use '==' rather than '=' as equal operator in non-sql expression.", spanOf(token), 'S06011')
    if (isReservedWord(token.image))
      throw p.error(`${token.image} is a reserved word and can't name a variable.`, spanOf(token))
    if (!this.chosen(p.is('['))) return { kind: 'name', name: token.image, span: spanOf(token) }
    this.CONSUME(S['['])
    const slots = p.bracketed(() => {
      const list = [this.SUBRULE(this.slot)]
      this.MANY(() => {
        this.CONSUME(S[','])
        list.push(this.SUBRULE2(this.slot))
      })
      this.CONSUME(S[']'], { ERR_MSG: "',' or ']' in an index" })
      return list
    })
    return { kind: 'index', name: token.image, slots, span: p.span(token.startOffset) }
  })

  /** An index, a slice with open ends, or nothing. */
  protected readonly slot: Rule<[], Expr | null> = this.rule('slot', () => {
    if (this.RECORDING_PHASE) return this.OPTION(() => this.SUBRULE(this.expression)) as never
    return parseSlot(this.cursor, SLOT_ENDS)
  })

  protected readonly expressionStatement: Rule<[], Statement> = this.rule('expressionStatement', () => {
    const p = this.cursor
    const start = p.offset()
    const expr = this.SUBRULE(this.expression)
    if (p.is('=') && ['member', 'memberKey', 'call', 'literal'].includes(expr.kind))
      throw p.error(
        "Please use '==' rather than '=' as equal operator in non-sql expression.",
        spanOf(p.peek()),
        'S06011',
      )
    if (p.peek().image in COMPOUND) throw p.error("Can't use assignment in expression.", spanOf(p.peek()))
    return { kind: 'expression', expr, span: p.span(start) }
  })
}

const SLOT_ENDS = [',', ']']

/** The word ahead begins a statement: it is no variable, and what follows it is none of an expression's ways to go on. */
function keywordAhead(p: Cursor): boolean {
  const token = p.peek()
  if (!isName(token) || token.tokenType === Identifier || p.names.isVariable(token.image)) return false
  const after = p.peek(1)
  switch (token.image) {
    case 'if':
    case 'for':
    case 'while':
      return after.image === '('
    case 'break':
    case 'continue':
    case 'go':
    case 'commit':
    case 'rollback':
      // `if(x) continue else y` on one line.
      return atEnd(p, 1) || after.image === 'else'
    case 'share':
      return !(after.image === '(' && p.gluedAfter(0))
    case 'undef':
      return after.image !== '(' && after.image !== '=' && after !== p.end
    case 'def':
    case 'defg':
    case 'class':
    case 'mapr':
      return isName(after)
    case 'do':
    case 'try':
    case 'timer':
    case 'transaction':
    case 'return':
    case 'throw':
    case 'assert':
    case 'const':
    case 'module':
    case 'use':
      return true
    default:
      return false
  }
}

const aliasAhead = (p: Cursor): boolean => p.is('&') && isName(p.peek(1)) && p.peek(2).image === '='

/** `lvalue {, lvalue} =`. */
function assignmentAhead(p: Cursor): boolean {
  let at = p.at
  for (;;) {
    const name = p.tokens[at]
    if (name === undefined || !isName(name) || name.image.endsWith('!')) return false
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
