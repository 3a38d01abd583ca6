// A statement of any kind, and the sequence of them.

import { EOF, type IToken, type TokenType } from 'chevrotain'
import type { AssignStatement, AssignTarget, Expr, Statement } from '../ast.ts'
import { AssignmentOperator, Identifier, W } from '../keywords.ts'
import { type Cursor, spanOf, textOfToken } from '../parser/cursor.ts'
import { parseSlot } from '../parser/postfix.ts'
import { isReservedWord } from '../parser/words.ts'
import { ASSIGNMENT, CLOSING, depthAfter, isName, KEYWORD, LINE_END, NAME } from '../roles.ts'
import type { Token } from '../token.ts'
import { QuotedString, S } from '../vocabulary.ts'
import { BY_HAND, type Rule } from './base.ts'
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
  protected readonly unit: Rule<[statements: Statement[]], boolean> = this.decided('unit', (statements) => {
    const p = this.cursor
    if (this.RECORDING_PHASE) {
      this.MANY(() => this.SUBRULE(this.statement))
      this.CONSUME(EOF)
    }
    while (p.peek() !== p.end) {
      p.beginStatement()
      const statement = this.SUBRULE(this.statement)
      requireEnd(p)
      skipSeparators(p)
      if (statement.kind === 'go') return true
      statements.push(statement)
    }
    p.beginStatement()
    return false
  })

  protected readonly statement: Rule<[], Statement> = this.decided('statement', () => {
    if (this.RECORDING_PHASE) return this.OR(this.#kinds)
    const p = this.cursor
    const token = p.peek()
    if (isName(token)) {
      if (keywordAhead(p, token)) return this.#byWord().get(token.tokenType)!()
      if (assignmentAhead(p)) return this.SUBRULE(this.assignment)
      if (serverStatementAhead(p, token)) return this.SUBRULE(this.serverStatement)
    } else if (token.image === '#') return this.SUBRULE(this.include)
    else if (token.image === '@') return this.SUBRULE(this.annotation)
    else if (aliasAhead(p)) return this.SUBRULE(this.alias)
    return this.SUBRULE(this.expressionStatement)
  })

  // For the recording. No text is for two of the gates: keywords, targets of an assignment and the words of statements about the server exclude each other.
  readonly #kinds = [
    { GATE: BY_HAND, ALT: (): Statement => this.OR2(this.#keywords) },
    { GATE: BY_HAND, ALT: (): Statement => this.SUBRULE(this.assignment) },
    { GATE: BY_HAND, ALT: (): Statement => this.SUBRULE(this.serverStatement) },
    { ALT: (): Statement => this.SUBRULE(this.include) },
    { ALT: (): Statement => this.SUBRULE(this.annotation) },
    { GATE: BY_HAND, ALT: (): Statement => this.SUBRULE(this.alias) },
    { ALT: (): Statement => this.SUBRULE(this.expressionStatement) },
  ]

  readonly #keywords = [
    { FIRST: [W.if], ALT: (): Statement => this.SUBRULE(this.ifElse) },
    { FIRST: [W.for], ALT: (): Statement => this.SUBRULE(this.forLoop) },
    { FIRST: [W.while], ALT: (): Statement => this.SUBRULE(this.whileLoop) },
    { FIRST: [W.do], ALT: (): Statement => this.SUBRULE(this.doWhile) },
    { FIRST: [W.try], ALT: (): Statement => this.SUBRULE(this.tryCatch) },
    { FIRST: [W.timer], ALT: (): Statement => this.SUBRULE(this.timer) },
    { FIRST: [W.transaction], ALT: (): Statement => this.SUBRULE(this.transaction) },
    { FIRST: [W.break, W.continue, W.go, W.commit, W.rollback], ALT: (): Statement => this.SUBRULE(this.word) },
    { FIRST: [W.return], ALT: (): Statement => this.SUBRULE(this.returnValue) },
    { FIRST: [W.throw], ALT: (): Statement => this.SUBRULE(this.throwValue) },
    { FIRST: [W.assert], ALT: (): Statement => this.SUBRULE(this.assertion) },
    { FIRST: [W.const], ALT: (): Statement => this.SUBRULE(this.constant) },
    { FIRST: [W.share], ALT: (): Statement => this.SUBRULE(this.share) },
    { FIRST: [W.undef], ALT: (): Statement => this.SUBRULE(this.undef) },
    { FIRST: [W.module, W.use], ALT: (): Statement => this.SUBRULE(this.module) },
    { FIRST: [W.def, W.defg], ALT: (): Statement => this.SUBRULE(this.def, { ARGS: [] }) },
    { FIRST: [W.class], ALT: (): Statement => this.SUBRULE(this.classDefinition) },
    { FIRST: [W.mapr], ALT: (): Statement => this.SUBRULE(this.mapr) },
  ]

  #alternatives: ReadonlyMap<TokenType, () => Statement> | undefined

  /** The statements that begin with a keyword. */
  #byWord(): ReadonlyMap<TokenType, () => Statement> {
    this.#alternatives ??= new Map(this.#keywords.flatMap(({ FIRST, ALT }) => FIRST.map((word) => [word, ALT])))
    return this.#alternatives
  }

  protected readonly serverStatement: Rule<[], Statement> = this.decided('serverStatement', () => {
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
  protected readonly assignment: Rule<[], AssignStatement> = this.decided('assignment', () => {
    const p = this.cursor
    const start = p.offset()
    const targets = [this.SUBRULE(this.target)]
    this.repeated(',', () => {
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

  /** `a`, `a[i, 1:]`, `a[i][j]`. */
  protected readonly target: Rule<[], AssignTarget> = this.decided('target', () => {
    const p = this.cursor
    const token = this.CONSUME(Identifier)
    if (!this.RECORDING_PHASE && (token as Token).roles !== NAME) checkTarget(p, token)
    if (!this.chosen(p.is('['))) return { kind: 'name', name: token.image, span: spanOf(token) }
    const path: (Expr | null)[][] = []
    this.repeated('[', () => path.push(this.SUBRULE(this.slots)))
    if (this.RECORDING_PHASE) return undefined as never
    const slots = path.pop()!
    if (path.length > 0) return { kind: 'index', name: token.image, path, slots, span: p.span(token.startOffset) }
    return { kind: 'index', name: token.image, slots, span: p.span(token.startOffset) }
  })

  /** `[i, 1:]`. */
  protected readonly slots: Rule<[], (Expr | null)[]> = this.decided('slots', () => {
    this.CONSUME(S['['])
    return this.cursor.bracketed(() => {
      const list = [this.SUBRULE(this.slot)]
      this.repeated(',', () => {
        this.CONSUME(S[','])
        list.push(this.SUBRULE2(this.slot))
      })
      this.CONSUME(S[']'], IN_INDEX)
      return list
    })
  })

  /** An index, a slice with open ends, or nothing. */
  protected readonly slot: Rule<[], Expr | null> = this.decided('slot', () => {
    if (this.RECORDING_PHASE) return this.OPTION(() => this.SUBRULE(this.expression)) as never
    return parseSlot(this.cursor, ']')
  })

  protected readonly expressionStatement: Rule<[], Statement> = this.decided('expressionStatement', () => {
    const p = this.cursor
    const start = p.offset()
    const expr = this.SUBRULE(this.expression)
    if (p.is('=') && ['member', 'memberKey', 'call', 'literal'].includes(expr.kind))
      throw p.error(
        "Please use '==' rather than '=' as equal operator in non-sql expression.",
        spanOf(p.peek()),
        'S06011',
      )
    if ((p.peek().roles & ASSIGNMENT) !== 0 && !p.is('='))
      throw p.error("Can't use assignment in expression.", spanOf(p.peek()))
    return { kind: 'expression', expr, span: p.span(start) }
  })
}

const IN_INDEX = { ERR_MSG: "',' or ']' in an index" }

/** Words that mean something else name no variable. */
function checkTarget(p: Cursor, token: IToken): void {
  if (['pi', 'e', 'true', 'false', 'NULL', 'null'].includes(token.image))
    throw p.error("Please use '==' rather than '=' as equal operator in non-sql expression.", spanOf(token), 'S06011')
  if (isReservedWord(token.image))
    throw p.error(`${token.image} is a reserved word and can't name a variable.`, spanOf(token))
}

/** The word ahead begins a statement: it is no variable, and what follows it is none of an expression's ways to go on. */
function keywordAhead(p: Cursor, token: Token): boolean {
  if ((token.roles & KEYWORD) === 0 || p.names.isVariable(token.image)) return false
  const after = p.peek(1)
  switch (token.image) {
    case 'if':
    case 'for':
    case 'while':
      return (after.roles & ASSIGNMENT) === 0
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
    const name = p.tokenAt(at)
    if (name === undefined || !isName(name) || name.image.endsWith('!')) return false
    at++
    while (p.tokenAt(at)?.image === '[') {
      for (let depth = 0; at < p.count; at++) {
        const token = p.tokenAt(at)!
        depth = depthAfter(token, depth)
        if (depth <= 0 && (token.roles & CLOSING) !== 0) break
      }
      at++
    }
    const token = p.tokenAt(at)
    if (token === undefined) return false
    if ((token.roles & ASSIGNMENT) !== 0) return true
    if (token.image !== ',') return false
    at++
    while (p.tokenAt(at)?.roles === LINE_END) at++
  }
}
