// Definitions: create, alter and drop; and the choice among all statements of SQL.

import type { ColumnDefinition, DdlOption, Expr, SqlStatement } from '../ast.ts'
import { Identifier, W } from '../keywords.ts'
import { joinLines } from '../parser/clauses.ts'
import { type Cursor, spanOf, textOfToken } from '../parser/cursor.ts'
import { parseTypeName } from '../parser/primary.ts'
import { isName } from '../roles.ts'
import { QuotedString, S } from '../vocabulary.ts'
import type { Rule } from './base.ts'
import { ModificationRules } from './modification.ts'

/** The beginning of SQL forgets what an outer colon or join meant. */
const SQL_MODES = { sql: true, noPair: false, inOn: false } as const

type Scheme = { readonly scheme: string; readonly args: Expr[] }

const optionAhead = (p: Cursor): boolean => isName(p.peek()) && p.peek(1).image === '='

/** Options of tables that may begin a line without a comma before it: no script uses these names for variables. */
const LINE_OPTIONS: ReadonlySet<string> = new Set([
  'sortColumns',
  'keepDuplicates',
  'sortKeyMappingFunction',
  'softDelete',
  'primaryKey',
  'compressHashSortKey',
  'latestKeyCache',
  'encryptMode',
  'engine',
  'atomic',
  'chunkGranularity',
])

/** Moves over newlines before such an option. */
function optionOnNextLine(p: Cursor): boolean {
  if (p.tokenAt(p.at)?.image !== '\n') return false
  let at = p.at
  while (p.tokenAt(at)?.image === '\n') at++
  if (!LINE_OPTIONS.has(p.tokenAt(at)?.image ?? '') || p.tokenAt(at + 1)?.image !== '=') return false
  p.at = at
  return true
}

export abstract class DefinitionRules extends ModificationRules {
  protected readonly sqlStatement: Rule<[], SqlStatement> = this.rule('sqlStatement', () => {
    const p = this.cursor
    p.deeper()
    const statement = p.within(SQL_MODES, this.#anyStatement)
    p.depth--
    return statement
  })

  readonly #anyStatement = () => this.OR(this.#statements)

  readonly #statements = {
    DEF: [
      { ALT: (): SqlStatement => this.SUBRULE(this.query) },
      { ALT: (): SqlStatement => this.SUBRULE(this.update) },
      { ALT: (): SqlStatement => this.SUBRULE(this.delete) },
      { ALT: (): SqlStatement => this.SUBRULE(this.insert) },
      { ALT: (): SqlStatement => this.SUBRULE(this.create) },
      { ALT: (): SqlStatement => this.SUBRULE(this.alter) },
      { ALT: (): SqlStatement => this.SUBRULE(this.drop) },
    ],
    ERR_MSG: "'select' or 'exec'",
  }

  protected readonly create: Rule<[], SqlStatement> = this.rule('create', () => {
    const start = this.CONSUME(W.create).startOffset
    return this.OR({
      DEF: [
        { ALT: () => this.SUBRULE(this.createDatabase, { ARGS: [start] }) },
        { ALT: () => this.SUBRULE(this.createTable, { ARGS: [start] }) },
      ],
      ERR_MSG: "'table' after 'create'",
    })
  })

  protected readonly createDatabase: Rule<[start: number], SqlStatement> = this.rule('createDatabase', (start) => {
    const p = this.cursor
    this.CONSUME(W.database)
    const path = this.SUBRULE(this.databasePath)
    const schemes = this.OPTION({
      GATE: this.onNextLine,
      DEF: () => {
        const list: Scheme[] = []
        this.CONSUME(W.partitioned)
        this.CONSUME(W.by, { ERR_MSG: "'by' after 'partitioned'" })
        do {
          p.skipNewlines()
          if (optionAhead(p)) break
          list.push(this.SUBRULE(this.scheme))
        } while (p.take(','))
        return list
      },
    })
    optionOnNextLine(p)
    const options = this.SUBRULE(this.options)
    return { kind: 'createDatabase', path, schemes: schemes ?? [], options, span: p.span(start) }
  })

  /** `VALUE(...)`. */
  protected readonly scheme: Rule<[], Scheme> = this.rule('scheme', () => {
    const p = this.cursor
    const scheme = this.CONSUME(Identifier, { ERR_MSG: 'a partition type' }).image
    this.CONSUME(S['('], { ERR_MSG: "'(' before the partition scheme" })
    const args = p.bracketed(() => {
      const items: Expr[] = []
      if (this.chosen(!p.is(')'))) {
        items.push(this.SUBRULE(this.expression))
        this.MANY(() => {
          this.CONSUME(S[','])
          items.push(this.SUBRULE2(this.expression))
        })
      }
      this.CONSUME(S[')'], { ERR_MSG: "',' or ')'" })
      return items
    })
    return { scheme, args }
  })

  protected readonly typeName: Rule<[], ReturnType<typeof parseTypeName>> = this.rule('typeName', () => {
    if (this.RECORDING_PHASE) return this.CONSUME(Identifier) as never
    return parseTypeName(this.cursor)
  })

  /** `name = value` separated by commas; the last comma may stand alone. */
  protected readonly options: Rule<[], DdlOption[]> = this.rule('options', () => {
    const p = this.cursor
    const options: DdlOption[] = []
    let more = true
    this.MANY({
      GATE: () => more && optionAhead(p),
      DEF: () => {
        const name = this.CONSUME(Identifier).image
        this.CONSUME(S['='])
        options.push({ name, value: this.SUBRULE(this.expression) })
        more = this.OPTION(() => this.CONSUME(S[','])) !== undefined
        if (more) p.skipNewlines()
        else more = optionOnNextLine(p)
      },
    })
    return options
  })

  protected readonly databasePath: Rule<[], Expr> = this.rule('databasePath', () => {
    const isText = this.cursor.peek().tokenType === QuotedString
    return this.OR([
      {
        GATE: () => isText,
        ALT: (): Expr => {
          const token = this.CONSUME(QuotedString)
          return { kind: 'literal', type: 'STRING', value: textOfToken(token), span: spanOf(token) }
        },
      },
      { ALT: (): Expr => this.SUBRULE(this.operand) },
    ])
  })

  /** `"dfs://x"."t"`, `"dfs://x".t`, `t`, `cat.sch.t`. */
  protected readonly tablePath: Rule<[], { readonly database: Expr | null; readonly name: string }> = this.rule(
    'tablePath',
    () => {
      const p = this.cursor
      const start = p.offset()
      const parts = [this.SUBRULE(this.columnName)]
      this.MANY(() => {
        this.CONSUME(S['.'])
        parts.push(this.SUBRULE2(this.columnName))
      })
      const name = parts.pop()!
      if (parts.length === 0) return { database: null, name }
      return { database: { kind: 'literal', type: 'STRING', value: parts.join('.'), span: p.span(start) }, name }
    },
  )

  protected readonly createTable: Rule<[start: number], SqlStatement> = this.rule('createTable', (start) => {
    const p = this.cursor
    const local = this.OPTION(() => {
      this.CONSUME(W.local)
      this.OPTION2(() => this.CONSUME(W.temporary))
      return true
    })
    this.CONSUME(W.table, { ERR_MSG: "'table' after 'create'" })
    const { database, name } = this.SUBRULE(this.tablePath)
    p.skipNewlines()
    this.CONSUME(S['('], { ERR_MSG: "'(' before the columns of a table" })
    const columns = p.bracketed(() => {
      const list = [this.SUBRULE(this.column)]
      // A comma may stand behind the last column.
      let more = true
      this.MANY({
        GATE: () => more,
        DEF: () => {
          this.CONSUME(S[','])
          more = !p.is(')')
          if (this.chosen(more)) list.push(this.SUBRULE2(this.column))
        },
      })
      this.CONSUME(S[')'], { ERR_MSG: "')' after the columns of a table" })
      return list
    })
    const partitionedBy: Expr[] = []
    let optionsMayFollow = true
    joinLines(p)
    this.OPTION3(() => {
      optionsMayFollow = false
      this.CONSUME(W.partitioned)
      this.CONSUME(W.by, { ERR_MSG: "'by' after 'partitioned'" })
      do {
        p.skipNewlines()
        optionsMayFollow = optionAhead(p)
        if (optionsMayFollow) break
        partitionedBy.push(this.SUBRULE(this.operand))
      } while (p.take(','))
    })
    if (optionOnNextLine(p)) optionsMayFollow = true
    else if (partitionedBy.length === 0) p.take(',')
    const options = this.chosen(optionsMayFollow) ? this.SUBRULE(this.options) : []
    this.OPTION4({
      GATE: () => p.isWord('commit', 1),
      DEF: () => {
        this.CONSUME(W.on)
        this.CONSUME(W.commit)
        // `preserve rows` or `delete rows`: a table in memory has no transaction that would end.
        this.CONSUME(Identifier, { ERR_MSG: "'preserve' or 'delete' after 'on commit'" })
        this.CONSUME(W.rows, { ERR_MSG: "'rows' after 'on commit'" })
      },
    })
    return {
      kind: 'createTable',
      database,
      name,
      temporary: local !== undefined,
      columns,
      partitionedBy,
      options,
      span: p.span(start),
    }
  })

  protected readonly column: Rule<[], ColumnDefinition> = this.rule('column', () => {
    const p = this.cursor
    const start = p.offset()
    const name = this.SUBRULE(this.columnName)
    const type = this.SUBRULE(this.typeName)
    const options = this.OPTION(() => {
      this.CONSUME(S['['])
      const list = this.SUBRULE(this.options)
      this.CONSUME(S[']'], { ERR_MSG: "']' after the options of a column" })
      return list
    })
    return { name, type, options: options ?? [], span: p.span(start) }
  })

  protected readonly alter: Rule<[], SqlStatement> = this.rule('alter', () => {
    const p = this.cursor
    const start = this.CONSUME(W.alter).startOffset
    this.CONSUME(W.table)
    const table = this.SUBRULE(this.operand)
    const word = this.OR({
      DEF: [
        { ALT: () => this.CONSUME(W.add) },
        { ALT: () => this.CONSUME(W.drop) },
        { ALT: () => this.CONSUME(W.rename) },
      ],
      ERR_MSG: "'add', 'drop' or 'rename' after the table",
    }).tokenType
    this.OPTION(() => this.CONSUME(W.column))
    const name = this.CONSUME(Identifier, { ERR_MSG: 'a column' }).image
    if (this.chosen(word === W.add)) {
      const type = this.SUBRULE(this.typeName)
      return { kind: 'alterTable', table, action: { kind: 'addColumn', name, type }, span: p.span(start) }
    }
    if (word === W.drop) return { kind: 'alterTable', table, action: { kind: 'dropColumn', name }, span: p.span(start) }
    this.CONSUME(W.to, { ERR_MSG: "'to' between the old and the new name" })
    const to = this.CONSUME2(Identifier, { ERR_MSG: 'the new name' }).image
    return { kind: 'alterTable', table, action: { kind: 'renameColumn', name, to }, span: p.span(start) }
  })

  protected readonly drop: Rule<[], SqlStatement> = this.rule('drop', () => {
    const p = this.cursor
    const start = this.CONSUME(W.drop).startOffset
    return this.OR([
      {
        ALT: (): SqlStatement => {
          this.CONSUME(W.database)
          const ifExists = this.SUBRULE(this.ifExists)
          const database = this.SUBRULE(this.databasePath)
          return { kind: 'dropDatabase', ifExists, database, table: null, span: p.span(start) }
        },
      },
      {
        ALT: (): SqlStatement => {
          this.CONSUME(W.table)
          const ifExists = this.SUBRULE2(this.ifExists)
          const { database, name } = this.SUBRULE(this.tablePath)
          return { kind: 'dropTable', ifExists, database, table: name, span: p.span(start) }
        },
      },
    ])
  })

  protected readonly ifExists: Rule<[], boolean> = this.rule('ifExists', () => {
    const exists = this.OPTION(() => {
      this.CONSUME(W.if)
      return this.CONSUME(W.exists, { ERR_MSG: "'exists' after 'if'" })
    })
    return exists !== undefined
  })
}
