/** Who is working: login, logout and one's own password (specification of the store, section 9). */
import { isGiven, textArg } from '../../runtime/builtins/args.ts'
import { provideScriptAccess } from '../../runtime/builtins/session-functions.ts'
import { inputError } from '../../runtime/errors.ts'
import { topicTable } from '../../runtime/registry.ts'
import type { Session } from '../../runtime/session.ts'
import { AnyVector, Scalar } from '../../runtime/values/index.ts'
import { DEFAULT_PASSWORD, DEFAULT_USER, GUEST, noPrivilege } from '../access/index.ts'
import { progressOf } from '../progress.ts'
import { dfsService } from '../session.ts'
import { isMissing } from './backup-host.ts'
import { comingFeature, dfsOf } from './store-args.ts'
import { passwordArg } from './users.ts'

const { entries, define } = topicTable('Users')
export const sessionFunctions = entries

// Scripts of a session without a store are everybody's.
provideScriptAccess((session, name) => {
  if (!session.hasService(dfsService)) return
  if (session.user === GUEST)
    throw inputError(`<NoPrivilege>Not granted to call ${name}: please log in first.`, { code: 'notLoggedIn' })
  const dfs = dfsOf(session)
  dfs.catalog.refresh()
  if (name === 'setLogLevel') {
    if (!dfs.permissions.isAdmin)
      throw noPrivilege(session.user, `call ${name}`, undefined, 'only administrators may call it')
    return
  }
  const right = name === 'test' ? 'TEST_EXEC' : 'SCRIPT_EXEC'
  if (!dfs.permissions.allows(right)) throw noPrivilege(session.user, `call ${name}`, undefined, `it takes ${right}`)
})

define('login(userId, password)', {
  doc: 'Makes this session work as a user.',
  call: ([userId, password], session) => {
    const signature = 'login(userId, password)'
    const name = textArg(userId, signature, 'userId')
    const given = textArg(password, signature, 'password')
    if (!dfsOf(session).users.check(name, given)) throw wrongPassword()
    session.user = name
    if (name === DEFAULT_USER && given === DEFAULT_PASSWORD) warnOfDefaultPassword(session)
    return Scalar.VOID
  },
})

let warned = false

/** Once a thread: scripts log in often. */
function warnOfDefaultPassword(session: Session): void {
  if (warned) return
  warned = true
  progressOf(session).note(`Warning: ${DEFAULT_USER} still has the default password; change it with changePwd.`)
}

const wrongPassword = (): Error => inputError('The user name or password is incorrect', { code: 'login' })

define('logout([userId], [sessionOnly=true])', {
  doc: 'Makes this session work as guest. Other users can not be logged out.',
  call: ([userId], session) => {
    if (!isMissing(userId) && textArg(userId, 'logout([userId])', 'userId') !== session.user)
      throw comingFeature('Logging out other users')
    session.user = GUEST
    return Scalar.VOID
  },
})

define('getCurrentSessionAndUser()', {
  doc: 'A tuple of the session id, the user (guest when not logged in), and the address and port of the client.',
  call: (_, session) =>
    new AnyVector([
      Scalar.long(session.sessionId),
      Scalar.string(session.user),
      Scalar.string('127.0.0.1'),
      Scalar.int(0),
    ]),
})

define('isLoggedIn([userId])', {
  doc: 'Whether this session works as the user, or as anybody but guest.',
  call: ([userId], session) =>
    Scalar.bool(
      isGiven(userId) ? textArg(userId, 'isLoggedIn([userId])', 'userId') === session.user : session.user !== GUEST,
    ),
})

define('changePwd(oldPwd, newPwd)', {
  doc: "Changes one's own password.",
  call: ([oldPwd, newPwd], session) => {
    const signature = 'changePwd(oldPwd, newPwd)'
    if (session.user === GUEST) throw inputError('Please log in first.', { code: 'notLoggedIn' })
    const { users } = dfsOf(session)
    if (!users.check(session.user, textArg(oldPwd, signature, 'oldPwd'))) throw wrongPassword()
    users.setPassword(session.user, passwordArg(newPwd, signature, 'newPwd'))
    return Scalar.VOID
  },
})
