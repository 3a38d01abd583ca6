/** The log as scripts write it. */
import { usageError } from '../errors.ts'
import { topicTable } from '../registry.ts'
import type { Session } from '../session.ts'
import { Scalar } from '../values/index.ts'
import { type Arg, textArg } from './args.ts'
import { scriptAccess } from './session-functions.ts'

const { entries, define } = topicTable('Session and introspection')

const LOG_LEVELS: readonly string[] = ['DEBUG', 'INFO', 'WARNING', 'ERROR']
/** The least that writeLog and writeLogLevel write, in this thread. */
let logLevel = 0

function levelArg(v: Arg, signature: string, name: string): number {
  const text = textArg(v, signature, name).toUpperCase()
  const level = LOG_LEVELS.indexOf(text)
  if (level < 0) throw usageError(signature, `${name} must be one of ${LOG_LEVELS.join(', ')}.`)
  return level
}

function writeToLog(session: Session, level: number, args: readonly Arg[]): void {
  if (level < logLevel) return
  const head = `${new Date(session.now()).toISOString()} <${LOG_LEVELS[level]}>`
  for (const x of args) process.stderr.write(`${head} ${session.display(x ?? Scalar.VOID)}\n`)
}

define('writeLog(X...)', {
  doc: 'Writes each argument as a line of the log, of level INFO.',
  call: (args, session) => {
    writeToLog(session, LOG_LEVELS.indexOf('INFO'), args)
    return Scalar.VOID
  },
})

define('writeLogLevel(level, X...)', {
  doc: 'Writes lines of a level (DEBUG, INFO, WARNING, ERROR) to the log.',
  call: ([level, ...rest], session) => {
    writeToLog(session, levelArg(level, 'writeLogLevel(level, X...)', 'level'), rest)
    return Scalar.VOID
  },
})

define('setLogLevel(logLevel)', {
  doc: 'Lines of a lower level than this (DEBUG, INFO, WARNING, ERROR) are no longer written to the log by this session. Only administrators may call it.',
  call: ([level], session) => {
    scriptAccess(session, 'setLogLevel')
    logLevel = levelArg(level, 'setLogLevel(logLevel)', 'logLevel')
    return Scalar.VOID
  },
})

export const logBuiltins = entries
