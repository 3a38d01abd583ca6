// Operands and names where no whole expression may stand.

import type { Expr } from '../ast.ts'
import { Identifier, Operand } from '../keywords.ts'
import { textOfToken } from '../parser/cursor.ts'
import { parsePostfix } from '../parser/postfix.ts'
import { Backtick, ColumnRef, QuotedString } from '../vocabulary.ts'
import { GrammarBase, type Rule } from './base.ts'

export abstract class OperandRules extends GrammarBase {
  /** An operand with what follows it: a table, a path, a call. */
  protected readonly operand: Rule<[], Expr> = this.decided('operand', () => {
    if (this.RECORDING_PHASE) return this.CONSUME(Operand) as never
    return parsePostfix(this.cursor)
  })

  /** A word or a text. */
  protected readonly columnName: Rule<[], string> = this.rule('columnName', () =>
    textOfToken(
      this.OR({
        DEF: [
          { ALT: () => this.CONSUME(Identifier) },
          { ALT: () => this.CONSUME(ColumnRef) },
          { ALT: () => this.CONSUME(QuotedString) },
          { ALT: () => this.CONSUME(Backtick) },
        ],
        ERR_MSG: 'the name of a column',
      }),
    ),
  )
}
