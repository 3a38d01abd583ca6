/** Who is working: login, users and passwords (specification of the store, section 9). */
import { type Arg, boolArg, isGiven, textArg, textListArg } from '../../runtime/builtins/args.ts'
import { inputError } from '../../runtime/errors.ts'
import { topicTable } from '../../runtime/registry.ts'
import type { Session } from '../../runtime/session.ts'
import { AnyVector, Scalar } from '../../runtime/values/index.ts'
import { DEFAULT_PASSWORD, DEFAULT_USER } from '../engine/engine.ts'
import { progressOf } from '../progress.ts'
import { isMissing } from './backup-host.ts'
import { comingFeature, dfsOf, requireAdministrator, stringVector } from './store-args.ts'

const { entries, define } = topicTable('Users')
export const userFunctions = entries

const GUEST = 'guest'

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

const CREATE = "createUser(userId, password, [groupIds], [isAdmin=false], [authMode='sha256'])"

define(CREATE, {
  doc: 'Adds a user. For administrators. Names have letters, digits, `_` and `-`, begin with a letter and have at most 30 characters; passwords hold no blanks. Groups are refused in this release.',
  call: ([userId, password, groupIds, isAdmin], session) => {
    requireAdministrator(session, 'createUser')
    const { users } = dfsOf(session)
    const name = textArg(userId, CREATE, 'userId')
    if (!/^[A-Za-z][A-Za-z0-9_-]{0,29}$/.test(name) || name === GUEST)
      throw inputError(
        `[${name}] is not a valid user name: it must begin with a letter, hold letters, digits, _ and - only, and have at most 30 characters.`,
        { code: 'userName' },
      )
    if (!isMissing(groupIds) && textListArg(groupIds, CREATE, 'groupIds').length > 0)
      throw comingFeature('A group of users (groupIds)')
    if (users.exists(name)) throw inputError(`The user [${name}] already exists.`, { code: 'userExists' })
    users.create(name, passwordArg(password, CREATE, 'password'), boolArg(isAdmin, CREATE, 'isAdmin', false))
    return Scalar.VOID
  },
})

function passwordArg(v: Arg, signature: string, name: string): string {
  const password = textArg(v, signature, name)
  if (password === '' || /[\s\p{Cc}]/u.test(password))
    throw inputError('A password must not be empty, and must not contain blanks or control characters.', {
      code: 'password',
    })
  return password
}

function existingUser(session: Session, v: Arg, signature: string): string {
  const name = textArg(v, signature, 'userId')
  if (!dfsOf(session).users.exists(name))
    throw inputError(`The user [${name}] does not exist.`, { code: 'userMissing' })
  return name
}

define('deleteUser(userId)', {
  doc: 'Removes a user. For administrators; the built-in administrator stays.',
  call: ([userId], session) => {
    requireAdministrator(session, 'deleteUser')
    const name = existingUser(session, userId, 'deleteUser(userId)')
    if (name === DEFAULT_USER) throw inputError(`The user [${name}] can't be deleted.`, { code: 'userAdmin' })
    dfsOf(session).users.remove(name)
    return Scalar.VOID
  },
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

define('resetPwd(userId, newPwd)', {
  doc: 'Gives a user another password. For administrators.',
  call: ([userId, newPwd], session) => {
    const signature = 'resetPwd(userId, newPwd)'
    requireAdministrator(session, 'resetPwd')
    const name = existingUser(session, userId, signature)
    dfsOf(session).users.setPassword(name, passwordArg(newPwd, signature, 'newPwd'))
    return Scalar.VOID
  },
})

define('getUserList()', {
  doc: 'The names of all users but the built-in administrator. For administrators.',
  call: (_, session) => {
    requireAdministrator(session, 'getUserList')
    return stringVector(
      dfsOf(session)
        .users.list()
        .filter((name) => name !== DEFAULT_USER),
    )
  },
})
