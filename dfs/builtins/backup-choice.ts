/** The arguments by which the backup functions say how a set is to be read: which of its states. */
import { textArg } from '../../runtime/builtins/args.ts'
import { usageError } from '../../runtime/errors.ts'
import { castScalar } from '../../runtime/ops/cast.ts'
import { isLiteral, type Scalar, T, type Value } from '../../runtime/values/index.ts'
import { isStateId } from '../set/layout.ts'
import type { SetOptions } from '../set/open.ts'
import { LATEST, type StateChoice } from '../set/states.ts'
import { isMissing } from './backup-host.ts'

/** What `state` of the functions takes, for their documentation. */
export const STATE_DOC =
  'state chooses a state of the backup (listBackupStates lists them): its id, or a time for the newest that was taken at or before it (a date counts to the end of the day); the default is the newest.'

/** How a set is to be read. */
export function setOptions(state: Value | undefined, signature: string, name = 'state'): SetOptions {
  return { state: stateArg(state, signature, name) }
}

/** An id, `latest`, or a time of the clock as scripts see it, which is local time. */
export function stateArg(value: Value | undefined, signature: string, name = 'state'): StateChoice {
  if (isMissing(value)) return LATEST
  if (value.kind === 'scalar' && TIMES.has(value.type)) return { kind: 'time', atMs: momentOf(value) }
  if (value.kind === 'scalar' && isLiteral(value.type)) {
    const id = textArg(value, signature, name)
    if (id === 'latest') return LATEST
    if (isStateId(id)) return { kind: 'id', id }
  }
  throw usageError(
    signature,
    `${name} must be the id of a state as listBackupStates shows it, "latest", or a time such as 2026.11.21T08:00:00.`,
  )
}

export const TIMES: ReadonlySet<number> = new Set([T.DATE, T.DATETIME, T.TIMESTAMP, T.NANOTIMESTAMP])

/** Milliseconds since 1970, UTC. */
export function momentOf(value: Scalar): number {
  const local = new Date(Number(castScalar(value, T.TIMESTAMP).value) + (value.type === T.DATE ? DAY_MS - 1 : 0))
  return new Date(
    local.getUTCFullYear(),
    local.getUTCMonth(),
    local.getUTCDate(),
    local.getUTCHours(),
    local.getUTCMinutes(),
    local.getUTCSeconds(),
    local.getUTCMilliseconds(),
  ).getTime()
}

const DAY_MS = 86_400_000
