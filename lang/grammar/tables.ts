// Tables of a query: what stands behind `from`.

import type { TokenType } from 'chevrotain'
import type { TableSource } from '../ast.ts'
import { W } from '../keywords.ts'
import { commaAhead, joinAhead, joinLines, tableFollowsComma } from '../parser/clauses.ts'
import { optionalAlias } from '../parser/sql-pieces.ts'
import { S } from '../vocabulary.ts'
import type { Rule } from './base.ts'
import { OperandRules } from './operands.ts'

type JoinType = (TableSource & { kind: 'join' })['type']
const JOIN_TYPES: ReadonlyMap<TokenType, JoinType> = new Map([
  [W.inner, 'inner'],
  [W.left, 'left'],
  [W.right, 'right'],
  [W.full, 'full'],
  [W.cross, 'cross'],
])

export abstract class TableRules extends OperandRules {
  /** A clause may begin the next line. For the gate of an OPTION. */
  protected readonly onNextLine = (): boolean => {
    joinLines(this.cursor)
    return true
  }

  /** Tables joined by words or commas. */
  protected readonly tables: Rule<[], TableSource> = this.rule('tables', () => {
    const p = this.cursor
    p.skipNewlines()
    const start = p.offset()
    let left = this.SUBRULE(this.table)
    this.MANY({
      GATE: () => {
        joinLines(p)
        return tableFollowsComma(p) ? commaAhead(p) : joinAhead(p)
      },
      DEF: () => {
        left = this.OR([
          {
            ALT: (): TableSource => {
              this.CONSUME(S[','])
              const right = this.SUBRULE2(this.table)
              return { kind: 'join', type: 'comma', left, right, on: null, span: p.span(start) }
            },
          },
          { ALT: () => this.SUBRULE(this.join, { ARGS: [left, start] }) },
        ])
      },
    })
    return left
  })

  protected readonly join: Rule<[left: TableSource, start: number], TableSource> = this.rule('join', (left, start) => {
    const p = this.cursor
    const type = this.SUBRULE(this.joinType)
    const right = this.SUBRULE(this.table)
    const condition = this.OPTION({
      GATE: this.onNextLine,
      DEF: () => {
        this.CONSUME(W.on)
        return p.within({ inOn: true }, () => this.SUBRULE(this.expression))
      },
    })
    const on = condition ?? null
    return {
      kind: 'join',
      type: on === null && type === 'inner' ? 'cross' : type,
      left,
      right,
      on,
      span: p.span(start),
    }
  })

  protected readonly joinType: Rule<[], JoinType> = this.rule('joinType', () => {
    const word = this.OR(this.#joinWords).tokenType
    if (word === W.join) return 'inner'
    const isLeft = word === W.left
    const semijoin = this.OPTION({ GATE: () => isLeft, DEF: () => this.CONSUME(W.semijoin) })
    if (this.chosen(semijoin === undefined)) {
      const semi = this.OPTION2({ GATE: () => isLeft, DEF: () => this.CONSUME(W.semi) })
      this.OPTION3(() => this.CONSUME(W.outer))
      this.CONSUME2(W.join, { ERR_MSG: "'join' in a join" })
      if (semi === undefined) return JOIN_TYPES.get(word)!
    }
    return 'leftSemi'
  })

  readonly #joinWords = [
    { ALT: () => this.CONSUME(W.join) },
    { ALT: () => this.CONSUME(W.inner) },
    { ALT: () => this.CONSUME(W.left) },
    { ALT: () => this.CONSUME(W.right) },
    { ALT: () => this.CONSUME(W.full) },
    { ALT: () => this.CONSUME(W.cross) },
  ]

  /** A name, path, call or query, with its alias. */
  protected readonly table: Rule<[], TableSource> = this.rule('table', () => {
    const p = this.cursor
    p.skipNewlines()
    const start = p.offset()
    p.tableAt = start
    const expr = p.within({ inOn: false }, () => this.SUBRULE(this.operand))
    const alias = optionalAlias(p)
    if (alias !== null && alias.kind !== 'name') throw p.unexpected('one name as the alias of a table')
    return { kind: 'table', expr, alias: alias?.name ?? null, span: p.span(start) }
  })
}
