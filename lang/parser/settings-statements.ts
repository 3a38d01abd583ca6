// SET CLUSTER SETTING, SHOW CLUSTER SETTING(S), CHECKPOINT CREATE and RELEASE. Their words may be written in any case and stay free for other uses: only
// all the words together make the statement.
//
//   SET CLUSTER SETTING ts.wal.wal_level = 1            a number, a quoted text, a word, a number with a unit (64MiB, 5m), DEFAULT
//   SHOW CLUSTER SETTING ts.wal.wal_level
//   SHOW CLUSTER SETTINGS
//   CHECKPOINT CREATE

import type { CheckpointStatement, LiteralExpr, SettingStatement } from '../ast.ts'
import { Newline } from '../lexer.ts'
import { type Cursor, spanOf } from './cursor.ts'

/** The statement ahead, undefined if it is another one. */
export function parseSettingsStatement(p: Cursor): SettingStatement | CheckpointStatement | undefined {
  switch (wordAt(p, 0)) {
    case 'set':
      return isClusterStatement(p, 'setting') ? parseSet(p) : undefined
    case 'show':
      return isClusterStatement(p, 'setting', 'settings') ? parseShow(p) : undefined
    case 'checkpoint':
      return isCheckpointStatement(p) ? parseCheckpoint(p) : undefined
    default:
      return undefined
  }
}

/** The word k tokens ahead in lower case, undefined if there stands something else. */
function wordAt(p: Cursor, k: number): string | undefined {
  const token = p.peek(k)
  return token.tokenType.name === 'Identifier' ? token.image.toLowerCase() : undefined
}

/** `show cluster settings` is a call, too, if `show` is a variable and `cluster` a function between two operands. */
function isClusterStatement(p: Cursor, ...last: readonly string[]): boolean {
  if (wordAt(p, 1) !== 'cluster' || !last.includes(wordAt(p, 2) ?? '')) return false
  return !(p.names.isVariable(p.peek().image) && p.names.isFunction(p.peek(1).image))
}

/** `checkpoint create` is a call, too, if `create` is a variable. */
function isCheckpointStatement(p: Cursor): boolean {
  const action = wordAt(p, 1)
  return (action === 'create' || action === 'release') && !p.names.isVariable(p.peek(1).image) && endsAt(p, 2)
}

function endsAt(p: Cursor, k: number): boolean {
  const token = p.peek(k)
  return token === p.end || token.tokenType === Newline || token.image === ';' || token.image === '}'
}

function parseSet(p: Cursor): SettingStatement {
  const start = p.offset()
  for (let k = 0; k < 3; k++) p.next()
  const name = settingName(p)
  p.expect('=', 'after the name of the setting')
  const isDefault = wordAt(p, 0) === 'default' && !p.gluedAfter(0)
  if (isDefault) p.next()
  const value = isDefault ? null : settingValue(p)
  return { kind: 'setting', action: 'set', name, value, span: p.span(start) }
}

function parseShow(p: Cursor): SettingStatement {
  const start = p.offset()
  const isOne = wordAt(p, 2) === 'setting'
  for (let k = 0; k < 3; k++) p.next()
  return { kind: 'setting', action: 'show', name: isOne ? settingName(p) : null, value: null, span: p.span(start) }
}

function parseCheckpoint(p: Cursor): CheckpointStatement {
  const start = p.next().startOffset
  const action = p.next().image.toLowerCase() === 'create' ? 'create' : 'release'
  return { kind: 'checkpoint', action, span: p.span(start) }
}

function settingName(p: Cursor): string {
  let name = p.expectName('the name of a setting').image
  while (p.take('.')) name += `.${p.expectName("the rest of the setting's name").image}`
  return name
}

/** Numbers, quoted texts and true or false as they are; anything else that is written in one piece is a text. */
function settingValue(p: Cursor): LiteralExpr {
  if (endsAt(p, 0)) throw p.unexpected('a value for the setting, or DEFAULT')
  const start = p.offset()
  const first = p.next()
  const alone = endsAt(p, 0) || !p.glued()
  const { payload } = first as { payload?: Pick<LiteralExpr, 'type' | 'value'> }
  const span = spanOf(first)
  if (alone && first.tokenType.name === 'QuotedString') {
    const { type, value } = payload!
    // One character in single quotes is a CHAR elsewhere.
    return {
      kind: 'literal',
      type: 'STRING',
      value: type === 'CHAR' ? String.fromCharCode(value as number) : value,
      span,
    }
  }
  if (alone && first.tokenType.name === 'NumberLiteral' && /^\d+(\.\d+)?$/.test(first.image))
    return { kind: 'literal', type: payload!.type, value: payload!.value, span }
  if (alone && (first.image === 'true' || first.image === 'false'))
    return { kind: 'literal', type: 'BOOL', value: first.image === 'true', span }
  while (!endsAt(p, 0) && p.glued()) p.next()
  const whole = p.span(start)
  return { kind: 'literal', type: 'STRING', value: p.source.slice(whole), span: whole }
}
