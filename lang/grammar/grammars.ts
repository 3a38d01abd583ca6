// The grammars of a thread. Each is made when the thread meets the first text that needs it: making one takes milliseconds of every thread's start.

import type { Block, Expr, Parameter, QueryStatement, SqlStatement, Statement } from '../ast.ts'
import { Cursor, type Rules } from '../parser/cursor.ts'
import type { ParserNames } from '../parser/names.ts'
import type { SourceText } from '../source.ts'
import { ScriptGrammar } from './script.ts'
import { ServerGrammar } from './server.ts'
import { SqlGrammar } from './sql.ts'

let scriptGrammar: ScriptGrammar | undefined
let sqlGrammar: SqlGrammar | undefined
let serverGrammar: ServerGrammar | undefined

export function script(): ScriptGrammar {
  scriptGrammar ??= new ScriptGrammar()
  return scriptGrammar
}

function sql(): SqlGrammar {
  sqlGrammar ??= new SqlGrammar()
  return sqlGrammar
}

function server(): ServerGrammar {
  serverGrammar ??= new ServerGrammar()
  return serverGrammar
}

const rules: Rules = {
  sql: (p): SqlStatement => sql().sql(p),
  unions: (p, query, start): QueryStatement => sql().unionsAfter(p, query, start),
  over: (p, call): Expr => sql().over(p, call),
  caseOf: (p): Expr => sql().caseOf(p),
  block: (p): Block => script().blockInside(p),
  parameters: (p): Parameter[] => script().parameters(p),
  server: (p): Statement => server().server(p),
  reset: (): void => {
    scriptGrammar = sqlGrammar = serverGrammar = undefined
  },
}

/** The beginning of a text. Throws a ParseError for text that is no sequence of tokens. */
export const openText = (source: SourceText, names: ParserNames): Cursor => new Cursor(source, names, rules)
