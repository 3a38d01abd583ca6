// SET CLUSTER SETTING, SHOW CLUSTER SETTING(S), CHECKPOINT CREATE and RELEASE. Their words may be written in any case and stay free for other uses: only
// all the words together make the statement.
//
//   SET CLUSTER SETTING ts.wal.wal_level = 1            a number, a quoted text, a word, a number with a unit (64MiB, 5m), DEFAULT
//   SHOW CLUSTER SETTING ts.wal.wal_level
//   SHOW CLUSTER SETTINGS
//   CHECKPOINT CREATE

import type { CheckpointStatement, LiteralExpr, SettingStatement } from '../ast.ts'
import { Identifier } from '../keywords.ts'
import { type Cursor, spanOf, textOfToken, wordAt } from '../parser/cursor.ts'
import { type LiteralPayload, NumberLiteral, QuotedString, S } from '../vocabulary.ts'
import type { Rule } from './base.ts'
import { OperandRules } from './operands.ts'
import { atEnd } from './separators.ts'

export abstract class SettingRules extends OperandRules {
  protected readonly setting: Rule<[], SettingStatement> = this.rule('setting', () => {
    const p = this.cursor
    const action = this.CONSUME(Identifier)
    const start = action.startOffset
    this.CONSUME2(Identifier)
    const isOne = wordAt(p, 0) === 'setting'
    this.CONSUME3(Identifier)
    const name = this.chosen(isOne) ? this.SUBRULE(this.settingName) : null
    if (!this.chosen(action.image.toLowerCase() === 'set'))
      return { kind: 'setting', action: 'show', name, value: null, span: p.span(start) }
    this.CONSUME(S['='], { ERR_MSG: "'=' after the name of the setting" })
    const isDefault = wordAt(p, 0) === 'default' && !p.gluedAfter(0)
    if (isDefault) p.next()
    const value = isDefault || this.RECORDING_PHASE ? null : settingValue(p)
    return { kind: 'setting', action: 'set', name, value, span: p.span(start) }
  })

  /** `ts.wal.wal_level`. */
  protected readonly settingName: Rule<[], string> = this.rule('settingName', () => {
    let name = this.CONSUME(Identifier, { ERR_MSG: 'the name of a setting' }).image
    this.MANY(() => {
      this.CONSUME(S['.'])
      name += `.${this.CONSUME2(Identifier, { ERR_MSG: "the rest of the setting's name" }).image}`
    })
    return name
  })

  protected readonly checkpoint: Rule<[], CheckpointStatement> = this.rule('checkpoint', () => {
    const start = this.CONSUME(Identifier).startOffset
    const action = this.CONSUME2(Identifier).image.toLowerCase() === 'create' ? 'create' : 'release'
    return { kind: 'checkpoint', action, span: this.cursor.span(start) }
  })
}

/** Numbers, quoted texts and true or false as they are; anything else that is written in one piece is a text. */
function settingValue(p: Cursor): LiteralExpr {
  if (atEnd(p)) throw p.unexpected('a value for the setting, or DEFAULT')
  const start = p.offset()
  const first = p.next()
  const span = spanOf(first)
  const alone = atEnd(p) || !p.glued()
  if (alone && first.tokenType === QuotedString)
    return { kind: 'literal', type: 'STRING', value: textOfToken(first), span }
  if (alone && first.tokenType === NumberLiteral && /^\d+(\.\d+)?$/.test(first.image)) {
    const { type, value } = first.payload as LiteralPayload
    return { kind: 'literal', type, value, span }
  }
  if (alone && (first.image === 'true' || first.image === 'false'))
    return { kind: 'literal', type: 'BOOL', value: first.image === 'true', span }
  while (!atEnd(p) && p.glued()) p.next()
  const whole = p.span(start)
  return { kind: 'literal', type: 'STRING', value: p.source.slice(whole), span: whole }
}
