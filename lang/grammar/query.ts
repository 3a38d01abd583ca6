// Queries: select and exec with their clauses, union, with.

import type {
  Expr,
  GroupClause,
  LimitClause,
  QueryStatement,
  SelectItem,
  SelectStatement,
  SortKey,
  TableSource,
} from '../ast.ts'
import { Identifier, W } from '../keywords.ts'
import {
  conditionFollows,
  itemFollows,
  joinDirection,
  joinLines,
  sortKeyAhead,
  sortKeyFollows,
} from '../parser/clauses.ts'
import { spanOf } from '../parser/cursor.ts'
import { parseHint, parseTop, takeDistinct } from '../parser/select-head.ts'
import { optionalAlias } from '../parser/sql-pieces.ts'
import { isName } from '../roles.ts'
import { S } from '../vocabulary.ts'
import type { Rule } from './base.ts'
import { TableRules } from './tables.ts'

export abstract class QueryRules extends TableRules {
  protected readonly query: Rule<[], QueryStatement> = this.rule('query', () => this.OR(this.#queries))

  readonly #queries = {
    DEF: [
      { ALT: (): QueryStatement => this.SUBRULE(this.withTables) },
      { ALT: (): QueryStatement => this.SUBRULE(this.unions) },
    ],
    ERR_MSG: "'select' or 'exec'",
  }

  /** A query, or the one that is given and began there, with the queries that `union` adds to it. */
  protected readonly unions: Rule<[given?: QueryStatement, begin?: number], QueryStatement> = this.rule(
    'unions',
    (given, begin) => {
      const p = this.cursor
      const start = begin ?? p.offset()
      let left = this.chosen(given === undefined) ? this.SUBRULE(this.queryTerm) : given!
      this.MANY({
        GATE: this.onNextLine,
        DEF: () => {
          this.CONSUME(W.union)
          const all = this.OPTION(() => this.CONSUME(W.all)) !== undefined
          p.skipNewlines()
          const closed = p.is('(')
          const right = this.SUBRULE2(this.queryTerm)
          // A trailing order or limit belongs to the whole, but not one inside parentheses.
          let orderBy: readonly SortKey[] = []
          let limit: LimitClause | null = null
          if (this.chosen(closed)) {
            orderBy = this.OPTION2(this.orderBy) ?? []
            limit = this.OPTION3(this.limit) ?? null
          } else if (right.kind === 'select') {
            orderBy = right.orderBy
            limit = right.limit
          }
          const bare = right.kind === 'select' && !closed ? { ...right, orderBy: [], limit: null } : right
          left = { kind: 'union', all, left, right: bare, orderBy, limit, span: p.span(start) }
        },
      })
      return left
    },
  )

  protected readonly queryTerm: Rule<[], QueryStatement> = this.rule('queryTerm', () => this.OR(this.#terms))

  readonly #terms = {
    DEF: [
      { ALT: (): QueryStatement => this.SUBRULE(this.select) },
      {
        ALT: (): QueryStatement => {
          const p = this.cursor
          this.CONSUME(S['('])
          return p.bracketed(() => {
            const query = p.within({ sql: true }, () => this.SUBRULE(this.query))
            this.CONSUME(S[')'], { ERR_MSG: "')' after the query" })
            return query
          })
        },
      },
    ],
    ERR_MSG: "'select' or 'exec'",
  }

  protected readonly withTables: Rule<[], QueryStatement> = this.rule('withTables', () => {
    const p = this.cursor
    const start = this.CONSUME(W.with).startOffset
    const tables = [this.SUBRULE(this.temporaryTable)]
    this.MANY(() => {
      this.CONSUME(S[','])
      tables.push(this.SUBRULE2(this.temporaryTable))
    })
    p.skipNewlines()
    return { kind: 'with', tables, body: this.SUBRULE(this.query), span: p.span(start) }
  })

  /** `name (columns) as (query)`. */
  protected readonly temporaryTable: Rule<
    [],
    { readonly name: string; readonly columns: string[] | null; readonly query: QueryStatement }
  > = this.rule('temporaryTable', () => {
    const p = this.cursor
    p.skipNewlines()
    const name = this.CONSUME(Identifier, { ERR_MSG: 'the name of a temporary table' }).image
    const columns = this.OPTION(() => {
      this.CONSUME(S['('])
      const names = [this.CONSUME2(Identifier, { ERR_MSG: 'a column name' }).image]
      this.MANY(() => {
        this.CONSUME(S[','])
        names.push(this.CONSUME3(Identifier, { ERR_MSG: 'a column name' }).image)
      })
      this.CONSUME(S[')'], { ERR_MSG: "')' after the column names" })
      return names
    })
    this.CONSUME(W.as, { ERR_MSG: "'as' after the name of a temporary table" })
    p.skipNewlines()
    this.CONSUME2(S['('], { ERR_MSG: "'(' before the query of a temporary table" })
    const query = p.bracketed(() => {
      const inner = p.within({ sql: true }, () => this.SUBRULE(this.query))
      this.CONSUME2(S[')'], { ERR_MSG: "')' after the query of a temporary table" })
      return inner
    })
    return { name, columns: columns ?? null, query }
  })

  protected readonly select: Rule<[], SelectStatement> = this.rule('select', () => {
    const p = this.cursor
    const start = p.offset()
    const exec = this.OR(this.#selectWords).tokenType === W.exec
    const hint = parseHint(p)
    const distinct = takeDistinct(p)
    const top = parseTop(p)
    p.skipNewlines()
    if (p.isWord('from') && isName(p.peek(1)))
      throw p.error('SQL context is not initialized yet.', spanOf(p.peek()), 'S02011')
    const { inClause } = p
    p.inClause = true
    const items = this.SUBRULE(this.items)
    const from = this.OPTION1(this.from) ?? null
    const where = this.OPTION2(this.where) ?? []
    const group = this.OPTION3(this.#group) ?? null
    const cgroup = this.OPTION4(this.#cgroup) ?? []
    const csort = this.OPTION5(this.csort) ?? []
    const having = this.OPTION6(this.having) ?? []
    const orderBy = this.OPTION7(this.orderBy) ?? []
    const limit = this.OPTION8(this.limit) ?? null
    const map = this.OPTION9(this.#mapWord) !== undefined
    p.inClause = inClause
    return {
      kind: 'select',
      exec,
      hint,
      distinct,
      top,
      items,
      from,
      where,
      group,
      cgroup,
      csort,
      having,
      orderBy,
      limit,
      map,
      span: p.span(start),
    }
  })

  readonly #selectWords = [{ ALT: () => this.CONSUME(W.select) }, { ALT: () => this.CONSUME(W.exec) }]

  // -------------------------------------------------------------------------------------------------------------------
  // Clauses, each for an OPTION. Several rules share them, so that what they consume is numbered apart from what stands in those rules themselves.

  protected readonly byOnNextLine = (): boolean => {
    joinLines(this.cursor)
    return this.cursor.isWord('by', 1)
  }

  protected readonly from = {
    GATE: this.onNextLine,
    DEF: (): TableSource => {
      this.CONSUME(W.from)
      return this.SUBRULE(this.tables)
    },
  }

  protected readonly where = {
    GATE: this.onNextLine,
    DEF: (): Expr[] => {
      this.CONSUME(W.where)
      return this.SUBRULE(this.conditions)
    },
  }

  readonly #group = {
    GATE: this.byOnNextLine,
    DEF: (): GroupClause => {
      const word = this.OR9(this.#groupWords).tokenType
      this.CONSUME7(W.by)
      const kind = word === W.group ? 'group' : word === W.context ? 'context' : 'pivot'
      return { kind, keys: this.SUBRULE7(this.items) }
    },
  }
  readonly #groupWords = [
    { ALT: () => this.CONSUME(W.group) },
    { ALT: () => this.CONSUME(W.context) },
    { ALT: () => this.CONSUME(W.pivot) },
  ]

  readonly #cgroup = {
    GATE: this.byOnNextLine,
    DEF: (): SelectItem[] => {
      this.CONSUME(W.cgroup)
      this.CONSUME8(W.by)
      return this.SUBRULE8(this.items)
    },
  }

  protected readonly csort = {
    GATE: this.onNextLine,
    DEF: (): SortKey[] => {
      this.CONSUME(W.csort)
      return this.SUBRULE8(this.sortKeys)
    },
  }

  protected readonly having = {
    GATE: this.onNextLine,
    DEF: (): Expr[] => {
      this.CONSUME(W.having)
      return this.SUBRULE9(this.conditions)
    },
  }

  protected readonly orderBy = {
    GATE: this.byOnNextLine,
    DEF: (): SortKey[] => {
      this.CONSUME(W.order)
      this.CONSUME9(W.by)
      return this.SUBRULE9(this.sortKeys)
    },
  }

  protected readonly limit = {
    GATE: this.onNextLine,
    DEF: (): LimitClause => {
      this.CONSUME(W.limit)
      return this.SUBRULE(this.limitCount)
    },
  }

  readonly #mapWord = {
    GATE: (): boolean => {
      joinLines(this.cursor)
      return this.cursor.peek(1).image !== '('
    },
    DEF: () => this.CONSUME(W.map),
  }

  protected readonly map = { GATE: this.onNextLine, DEF: () => this.CONSUME(W.map) }

  // -------------------------------------------------------------------------------------------------------------------
  // What clauses list

  /** `count`, `offset, count`. */
  protected readonly limitCount: Rule<[], LimitClause> = this.rule('limitCount', () => {
    this.cursor.skipNewlines()
    const first = this.SUBRULE(this.expression)
    const count = this.OPTION(() => {
      this.CONSUME(S[','])
      this.cursor.skipNewlines()
      return this.SUBRULE2(this.expression)
    })
    return count === undefined ? { offset: null, count: first } : { offset: first, count }
  })

  protected readonly items: Rule<[], SelectItem[]> = this.rule('items', () => {
    const p = this.cursor
    p.skipNewlines()
    const items = [this.SUBRULE(this.item)]
    this.MANY({
      GATE: () => itemFollows(p),
      DEF: () => {
        this.CONSUME(S[','])
        p.skipNewlines()
        items.push(this.SUBRULE2(this.item))
      },
    })
    return items
  })

  protected readonly item: Rule<[], SelectItem> = this.rule('item', () => {
    const p = this.cursor
    const start = p.offset()
    if (p.is('*'))
      return { expr: { kind: 'star', qualifier: null, span: p.starSpan() }, alias: null, span: p.span(start) }
    const expr = this.SUBRULE(this.expression)
    return { expr, alias: optionalAlias(p), span: p.span(start) }
  })

  protected readonly conditions: Rule<[], Expr[]> = this.rule('conditions', () => {
    const p = this.cursor
    p.skipNewlines()
    const conditions = [this.SUBRULE(this.expression)]
    this.MANY({
      GATE: () => conditionFollows(p),
      DEF: () => {
        this.CONSUME(S[','])
        p.skipNewlines()
        conditions.push(this.SUBRULE2(this.expression))
      },
    })
    return conditions
  })

  protected readonly sortKeys: Rule<[], SortKey[]> = this.rule('sortKeys', () => {
    const p = this.cursor
    p.skipNewlines()
    const keys = [this.SUBRULE(this.sortKey)]
    this.MANY({
      GATE: () => sortKeyFollows(p) || sortKeyAhead(p),
      DEF: () => {
        this.OPTION(() => {
          this.CONSUME(S[','])
          p.skipNewlines()
        })
        keys.push(this.SUBRULE2(this.sortKey))
      },
    })
    return keys
  })

  protected readonly sortKey: Rule<[], SortKey> = this.rule('sortKey', () => {
    const expr = this.SUBRULE(this.expression)
    joinDirection(this.cursor)
    const order = this.OPTION(this.#order)
    const nulls = this.OPTION2(this.#nulls)
    return {
      expr,
      descending: order?.tokenType === W.desc,
      nulls: nulls === undefined ? null : nulls.tokenType === W.first ? 'first' : 'last',
    }
  })

  readonly #order = () => this.OR(this.#orderWords)
  readonly #orderWords = [{ ALT: () => this.CONSUME(W.desc) }, { ALT: () => this.CONSUME(W.asc) }]

  readonly #nulls = () => {
    this.CONSUME(W.nulls)
    return this.OR2({
      DEF: [{ ALT: () => this.CONSUME(W.first) }, { ALT: () => this.CONSUME(W.last) }],
      ERR_MSG: "'first' or 'last' after 'nulls'",
    })
  }
}
