// The grammar of SQL: queries, modifications, definitions, and what stands inside expressions of SQL only. A thread makes it when it meets the first.

import type { Expr, FrameBound, QueryStatement, SortKey, SqlStatement, WindowFrame } from '../ast.ts'
import { W } from '../keywords.ts'
import type { Cursor } from '../parser/cursor.ts'
import { S } from '../vocabulary.ts'
import type { GrammarOptions, Rule } from './base.ts'
import { DefinitionRules } from './ddl.ts'

/** Levels below which `between 1 and 2` and `a and b` are no operands of a bound. */
const BOUND_LEVEL = 4

export class SqlGrammar extends DefinitionRules {
  constructor(options: GrammarOptions = {}) {
    super(options)
    this.complete()
  }

  sql(p: Cursor): SqlStatement {
    return this.enter(p, () => this.sqlStatement())
  }

  unionsAfter(p: Cursor, query: QueryStatement, start: number): QueryStatement {
    return this.enter(p, () => this.unions(query, start))
  }

  over(p: Cursor, call: Expr): Expr {
    return this.enter(p, () => this.window(call))
  }

  caseOf(p: Cursor): Expr {
    return this.enter(p, () => this.caseExpression())
  }

  /** `over (...)` behind a call. */
  protected readonly window: Rule<[call: Expr], Expr> = this.rule('window', (call) => {
    const p = this.cursor
    this.CONSUME(W.over)
    this.CONSUME(S['('])
    return p.bracketed((): Expr => {
      const partitionBy = this.OPTION(() => {
        this.CONSUME(W.partition)
        this.CONSUME(W.by, { ERR_MSG: "'by' after 'partition'" })
        return this.SUBRULE(this.conditions)
      })
      const orderBy = this.OPTION2((): SortKey[] => {
        this.CONSUME(W.order)
        this.CONSUME2(W.by, { ERR_MSG: "'by' after 'order'" })
        return this.SUBRULE(this.sortKeys)
      })
      const frame = this.OPTION3(() => this.SUBRULE(this.frame))
      this.CONSUME(S[')'], { ERR_MSG: "')' to close the window" })
      return {
        kind: 'over',
        call,
        partitionBy: partitionBy ?? [],
        orderBy: orderBy ?? [],
        frame: frame ?? null,
        span: p.span(this.RECORDING_PHASE ? 0 : call.span.start),
      }
    })
  })

  /** `rows between a and b`, `range a`. */
  protected readonly frame: Rule<[], WindowFrame> = this.rule('frame', () => {
    const word = this.OR([{ ALT: () => this.CONSUME(W.rows) }, { ALT: () => this.CONSUME(W.range) }])
    const unit = word.tokenType === W.rows ? 'rows' : 'range'
    const between = this.OPTION(() => this.CONSUME(W.between))
    const lower = this.SUBRULE(this.bound)
    if (!this.chosen(between !== undefined)) return { unit, lower, upper: { kind: 'currentRow' } }
    this.CONSUME(W.and, { ERR_MSG: "'and' between the bounds of a window" })
    return { unit, lower, upper: this.SUBRULE2(this.bound) }
  })

  protected readonly bound: Rule<[], FrameBound> = this.rule('bound', () => {
    const p = this.cursor
    return this.OR([
      {
        GATE: () => p.isWord('unbounded'),
        ALT: (): FrameBound => {
          this.CONSUME(W.unbounded)
          const side = this.SUBRULE(this.side, { ARGS: ["'following' after 'unbounded'"] })
          return side === 'preceding' ? { kind: 'unboundedPreceding' } : { kind: 'unboundedFollowing' }
        },
      },
      {
        GATE: () => p.isWord('current'),
        ALT: (): FrameBound => {
          this.CONSUME(W.current)
          this.CONSUME(W.row, { ERR_MSG: "'row' after 'current'" })
          return { kind: 'currentRow' }
        },
      },
      {
        ALT: (): FrameBound => {
          const offset = this.SUBRULE(this.expression, { ARGS: [BOUND_LEVEL] })
          const kind = this.SUBRULE2(this.side, { ARGS: ["'following' after the distance of a window bound"] })
          return { kind, offset }
        },
      },
    ])
  })

  protected readonly side: Rule<[expected: string], 'preceding' | 'following'> = this.rule('side', (expected) => {
    const word = this.OR({
      DEF: [{ ALT: () => this.CONSUME(W.preceding) }, { ALT: () => this.CONSUME(W.following) }],
      ERR_MSG: expected,
    })
    return word.tokenType === W.preceding ? 'preceding' : 'following'
  })

  /** `case when c then v ... [else v] end`. */
  protected readonly caseExpression: Rule<[], Expr> = this.rule('caseExpression', () => {
    const p = this.cursor
    const start = this.CONSUME(W.case).startOffset
    return p.within({ ignoreNewlines: true, sql: true, noPair: false }, (): Expr => {
      const whens: { condition: Expr; value: Expr }[] = []
      this.MANY(() => {
        this.CONSUME(W.when)
        const condition = this.SUBRULE(this.expression)
        this.CONSUME(W.then, { ERR_MSG: "'then' after the condition of 'when'" })
        whens.push({ condition, value: this.SUBRULE2(this.expression) })
      })
      const otherwise = this.OPTION(() => {
        this.CONSUME(W.else)
        return this.SUBRULE3(this.expression)
      })
      this.CONSUME(W.end, { ERR_MSG: "'end' to close 'case'" })
      return { kind: 'case', whens, otherwise: otherwise ?? null, span: p.span(start) }
    })
  })
}
