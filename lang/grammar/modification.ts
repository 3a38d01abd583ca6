// Statements that change rows: update, delete, insert.

import type { Expr, InsertSource, SelectItem, SqlStatement, UpdateStatement } from '../ast.ts'
import { Identifier, W } from '../keywords.ts'
import { commaAhead, joinLines, queryAt } from '../parser/clauses.ts'
import { spanOf, textOfToken } from '../parser/cursor.ts'
import { isName } from '../roles.ts'
import { ColumnRef, S } from '../vocabulary.ts'
import type { Rule } from './base.ts'
import { QueryRules } from './query.ts'

export abstract class ModificationRules extends QueryRules {
  protected readonly update: Rule<[], UpdateStatement> = this.rule('update', () => {
    const p = this.cursor
    const start = this.CONSUME(W.update).startOffset
    const table = this.SUBRULE(this.operand)
    joinLines(p)
    if (!this.chosen(p.isWord('set')))
      throw p.error('The keyword SET is missing in the UPDATE statement.', spanOf(p.peek()), 'S06000')
    this.CONSUME(W.set)
    const sets = [this.SUBRULE(this.setColumn)]
    this.MANY({
      GATE: () => commaAhead(p),
      DEF: () => {
        this.CONSUME(S[','])
        sets.push(this.SUBRULE2(this.setColumn))
      },
    })
    const from = this.OPTION1(this.from) ?? null
    const where = this.OPTION2(this.where) ?? []
    const context = this.OPTION3(this.#context) ?? []
    const csort = this.OPTION4(this.csort) ?? []
    const having = this.OPTION5(this.having) ?? []
    const map = this.OPTION6(this.map) !== undefined
    return { kind: 'update', table, sets, from, where, context, csort, having, map, span: p.span(start) }
  })

  readonly #context = {
    GATE: this.byOnNextLine,
    DEF: (): SelectItem[] => {
      this.CONSUME(W.context)
      this.CONSUME(W.by)
      return this.SUBRULE(this.items)
    },
  }

  /** `column = value`. */
  protected readonly setColumn: Rule<[], { readonly column: string; readonly value: Expr }> = this.rule(
    'setColumn',
    () => {
      const p = this.cursor
      p.skipNewlines()
      const column = this.OR({
        DEF: [{ ALT: () => this.CONSUME(Identifier) }, { ALT: () => this.CONSUME(ColumnRef) }],
        ERR_MSG: 'a column to set',
      })
      if (!this.chosen(p.is('=') || p.is(':')))
        throw p.error("The '=' is missing in the UPDATE statement.", spanOf(p.peek()), 'S06000')
      this.OR2([{ ALT: () => this.CONSUME(S['=']) }, { ALT: () => this.CONSUME(S[':']) }])
      return { column: textOfToken(column), value: this.SUBRULE(this.expression) }
    },
  )

  protected readonly delete: Rule<[], SqlStatement> = this.rule('delete', () => {
    const p = this.cursor
    const start = this.CONSUME(W.delete).startOffset
    const table = this.OPTION({ GATE: () => !p.isWord('from'), DEF: () => this.SUBRULE(this.operand) })
    joinLines(p)
    this.CONSUME(W.from, { ERR_MSG: "'from' in a delete statement" })
    const from = this.SUBRULE(this.tables)
    const where = this.OPTION2(this.where) ?? []
    const map = this.OPTION3(this.map) !== undefined
    return { kind: 'delete', table: table ?? null, from, where, map, span: p.span(start) }
  })

  protected readonly insert: Rule<[], SqlStatement> = this.rule('insert', () => {
    const p = this.cursor
    const start = this.CONSUME(W.insert).startOffset
    this.CONSUME(W.into)
    // Parentheses after a plain name list columns; after the name of a function they are a call.
    const isPlain = isName(p.peek()) && !p.names.isFunction(p.peek().image)
    const table = this.OR([
      { GATE: () => isPlain, ALT: () => this.SUBRULE(this.plainTable) },
      { ALT: () => this.SUBRULE(this.operand) },
    ])
    const columns = this.OPTION(() => {
      this.CONSUME(S['('])
      return p.bracketed(() => {
        const names = [this.SUBRULE(this.columnName)]
        this.MANY(() => {
          this.CONSUME(S[','])
          names.push(this.SUBRULE2(this.columnName))
        })
        this.CONSUME(S[')'], { ERR_MSG: "')' after the columns" })
        return names
      })
    })
    joinLines(p)
    const source = this.SUBRULE(this.insertSource)
    return { kind: 'insert', table, columns: columns ?? null, source, span: p.span(start) }
  })

  /** `name`, `catalog.schema.name`. */
  protected readonly plainTable: Rule<[], Expr> = this.rule('plainTable', () => {
    const p = this.cursor
    const token = this.CONSUME(Identifier)
    const binding = p.names.readVariable(token.image) ? 'variable' : 'free'
    let table: Expr = { kind: 'name', name: token.image, binding, span: spanOf(token) }
    this.MANY(() => {
      this.CONSUME(S['.'])
      const name = this.CONSUME2(Identifier, { ERR_MSG: 'a name after the point' }).image
      table = { kind: 'member', object: table, name, span: p.span(token.startOffset) }
    })
    return table
  })

  protected readonly insertSource: Rule<[], InsertSource> = this.rule('insertSource', () => {
    const p = this.cursor
    return this.OR([
      {
        GATE: () => queryAt(p, 0) || p.isWord('with'),
        ALT: (): InsertSource => ({ kind: 'query', query: this.SUBRULE(this.query) }),
      },
      {
        GATE: () => p.isWord('values'),
        ALT: (): InsertSource => {
          this.CONSUME(W.values)
          const rows = [this.SUBRULE(this.valuesRow)]
          this.MANY(() => {
            this.CONSUME(S[','])
            rows.push(this.SUBRULE2(this.valuesRow))
          })
          return { kind: 'values', rows }
        },
      },
      { ALT: (): InsertSource => ({ kind: 'table', expr: this.SUBRULE(this.operand) }) },
    ])
  })

  protected readonly valuesRow: Rule<[], Expr[]> = this.rule('valuesRow', () => {
    const p = this.cursor
    p.skipNewlines()
    this.CONSUME(S['('], { ERR_MSG: "'(' after 'values'" })
    return p.bracketed(() => {
      const row = [this.SUBRULE(this.expression)]
      this.MANY(() => {
        this.CONSUME(S[','])
        row.push(this.SUBRULE2(this.expression))
      })
      this.CONSUME(S[')'], { ERR_MSG: "')' after the values" })
      return row
    })
  })
}
