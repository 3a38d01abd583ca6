/**
 * What Tab offers at the end of a line: names of databases inside a dfs:// string; columns after `table.`; otherwise variables, functions and the columns
 * of the session's tables.
 */
import type { Session } from '../runtime/session.ts'

export interface CompletionResult {
  readonly matches: readonly string[]
  /** The end of the line that a match replaces. */
  readonly word: string
}

const MATCHES_MAX = 500

export function completions(line: string, session: Session, databaseUrls: () => readonly string[]): CompletionResult {
  const url = /(["'`])(dfs:[^"'`]*)$/.exec(line)
  if (url !== null) return matching(url[2], databaseUrls())
  // Inside any other text there is nothing to offer.
  if (((line.match(/"/g)?.length ?? 0) & 1) === 1) return { matches: [], word: '' }
  const word = /[A-Za-z_][\w!]*$/.exec(line)?.[0] ?? ''
  const before = line.slice(0, line.length - word.length)
  const member = /([A-Za-z_]\w*)\.$/.exec(before)
  if (member !== null) {
    const columns = columnsOf(member[1], session)
    return matching(word, [...columns, ...functionNames(session)])
  }
  if (before.endsWith('`')) return matching(word, allColumns(session))
  // An empty word would offer a thousand functions.
  if (word === '') return { matches: [], word }
  return matching(word, [
    ...allColumns(session),
    ...session.variableNames(),
    ...session.shared.keys(),
    ...functionNames(session),
  ])
}

const functionNames = (session: Session): string[] => [
  ...session.userFunctionNames(),
  ...session.registry.names().filter((name) => /^[A-Za-z]/.test(name)),
]

function columnsOf(name: string, session: Session): readonly string[] {
  const value = session.variable(name)
  if (value?.kind === 'table') return value.names
  if (value?.kind === 'source') return value.source.schema().map((column) => column.name)
  return []
}

const allColumns = (session: Session): string[] =>
  [...session.variableNames(), ...session.shared.keys()].flatMap((name) => columnsOf(name, session))

function matching(word: string, candidates: Iterable<string>): CompletionResult {
  const exact = new Set<string>()
  const ignoringCase = new Set<string>()
  const lower = word.toLowerCase()
  for (const candidate of candidates) {
    if (candidate.startsWith(word)) exact.add(candidate)
    else if (candidate.toLowerCase().startsWith(lower)) ignoringCase.add(candidate)
  }
  const found = exact.size > 0 ? exact : ignoringCase
  return { matches: [...found].sort().slice(0, MATCHES_MAX), word }
}
