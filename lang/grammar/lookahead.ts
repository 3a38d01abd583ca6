// Look-ahead of the grammar, computed when a production is first reached: a thread that parses one line does not pay for the rest of the language.

import { type ILookaheadStrategy, LLkLookaheadStrategy } from 'chevrotain'

type Alternation = Parameters<ILookaheadStrategy['buildLookaheadForAlternation']>[0]
type ChooseAlternative = ReturnType<ILookaheadStrategy['buildLookaheadForAlternation']>
type Optional = Parameters<ILookaheadStrategy['buildLookaheadForOptional']>[0]
type IsAhead = ReturnType<ILookaheadStrategy['buildLookaheadForOptional']>

/** LL(1); what one token does not decide is decided by the gates of the rules. */
export class LookaheadWhenReached extends LLkLookaheadStrategy {
  constructor() {
    super({ maxLookahead: 1 })
  }

  override buildLookaheadForAlternation(options: Alternation): ChooseAlternative {
    let choose: ChooseAlternative | undefined
    const build = (): ChooseAlternative => super.buildLookaheadForAlternation(options)
    return function (this: unknown, alternatives) {
      choose ??= build()
      return choose.call(this, alternatives)
    }
  }

  override buildLookaheadForOptional(options: Optional): IsAhead {
    let isAhead: IsAhead | undefined
    const build = (): IsAhead => super.buildLookaheadForOptional(options)
    return function (this: unknown) {
      isAhead ??= build()
      return isAhead.call(this)
    }
  }
}
