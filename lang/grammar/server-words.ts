// By which words a script tells statements about the server from expressions. The words may be written in any case and stay free for other uses: only
// several of them together make a statement.

import { type Cursor, wordAt } from '../parser/cursor.ts'
import type { Token } from '../token.ts'
import { atEnd } from './separators.ts'

/** Files that EXPORT writes and IMPORT reads. */
export const FORMATS = ['csv', 'parquet']

/** SET and SHOW CLUSTER SETTING, CHECKPOINT, EXPORT or IMPORT. */
export function serverStatementAhead(p: Cursor, { image }: Token): boolean {
  // Most statements begin with no word of such a length: this question is asked before each.
  switch (image.length) {
    case 3:
    case 4:
      return settingAhead(p)
    case 6:
      return exchangeAhead(p)
    case 10:
      return checkpointAhead(p)
    default:
      return false
  }
}

/** `show cluster settings` is a call, too, if `show` is a variable and `cluster` a function between two operands. */
function clusterWordsAhead(p: Cursor, ...last: readonly string[]): boolean {
  if (wordAt(p, 1) !== 'cluster' || !last.includes(wordAt(p, 2))) return false
  return !(p.names.isVariable(p.peek().image) && p.names.isFunction(p.peek(1).image))
}

export function settingAhead(p: Cursor): boolean {
  const word = wordAt(p, 0)
  if (word === 'set') return clusterWordsAhead(p, 'setting')
  return word === 'show' && clusterWordsAhead(p, 'setting', 'settings')
}

/** `checkpoint create` is a call, too, if `create` is a variable. */
export function checkpointAhead(p: Cursor): boolean {
  if (wordAt(p, 0) !== 'checkpoint') return false
  const action = wordAt(p, 1)
  return (action === 'create' || action === 'release') && !p.names.isVariable(p.peek(1).image) && atEnd(p, 2)
}

/** Several words together begin the statement. */
export function exchangeAhead(p: Cursor): boolean {
  const first = wordAt(p, 0)
  if (first === 'export') return wordAt(p, 1) === 'into'
  if (first !== 'import') return false
  const second = wordAt(p, 1)
  if (second === 'table') return wordAt(p, 2) === 'create'
  return second === 'into' || (second === 'database' && FORMATS.includes(wordAt(p, 2)))
}
