// The grammar of statements about the server, made when a thread meets the first.

import type { Statement } from '../ast.ts'
import type { Cursor } from '../parser/cursor.ts'
import type { GrammarOptions } from './base.ts'
import { ExchangeRules } from './exchange.ts'
import { checkpointAhead, settingAhead } from './server-words.ts'

export class ServerGrammar extends ExchangeRules {
  constructor(options: GrammarOptions = {}) {
    super(options)
    this.complete()
  }

  server(p: Cursor): Statement {
    return this.enter(p, (): Statement => {
      if (settingAhead(p)) return this.setting()
      return checkpointAhead(p) ? this.checkpoint() : this.exchange()
    })
  }
}
