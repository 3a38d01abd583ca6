/** Users and groups of users (specification of the store, section 9). All of it is for administrators. */
import { type Arg, boolArg, isGiven, required, textArg, textListArg } from '../../runtime/builtins/args.ts'
import { inputError } from '../../runtime/errors.ts'
import { topicTable } from '../../runtime/registry.ts'
import type { Session } from '../../runtime/session.ts'
import { Scalar } from '../../runtime/values/index.ts'
import { DEFAULT_USER, GUEST, groupOf, groupsOf, groupsOfUser } from '../access/index.ts'
import { isMissing } from './backup-host.ts'
import { dfsOf, requireAdministrator, stringVector } from './store-args.ts'

const { entries, define } = topicTable('Users')
export const userFunctions = entries

const CREATE = "createUser(userId, password, [groupIds], [isAdmin=false], [authMode='sha256'])"

define(CREATE, {
  doc: 'Adds a user, as a member of groups (which must exist) if groupIds names them. For administrators. Names have letters, digits, `_` and `-`, begin with a letter and have at most 30 characters; passwords hold no blanks. authMode is ignored: passwords are kept as scrypt hashes.',
  call: ([userId, password, groupIds, isAdmin], session) => {
    requireAdministrator(session, 'createUser')
    const name = newName(userId, CREATE, 'userId', 'user')
    const groups = isMissing(groupIds) ? [] : namesArg(groupIds, CREATE, 'groupIds')
    dfsOf(session).users.create(
      name,
      passwordArg(password, CREATE, 'password'),
      boolArg(isAdmin, CREATE, 'isAdmin', false),
      groups,
    )
    return Scalar.VOID
  },
})

function newName(v: Arg, signature: string, parameter: string, what: string): string {
  const name = textArg(v, signature, parameter)
  if (!/^[A-Za-z][A-Za-z0-9_-]{0,29}$/.test(name) || name === GUEST)
    throw inputError(
      `[${name}] is not a valid ${what} name: it must begin with a letter, hold letters, digits, _ and - only, and have at most 30 characters.`,
      { code: `${what}Name` },
    )
  return name
}

export function passwordArg(v: Arg, signature: string, name: string): string {
  const password = textArg(v, signature, name)
  if (password === '' || /[\s\p{Cc}]/u.test(password))
    throw inputError('A password must not be empty, and must not contain blanks or control characters.', {
      code: 'password',
    })
  return password
}

const namesArg = (v: Arg, signature: string, name: string): string[] => [
  ...new Set(textListArg(required(v, signature, name), signature, name)),
]

const DELETE = 'deleteUser(userId)'
define(DELETE, {
  doc: 'Removes a user, with all privileges of the user; databases and tables that the user owned belong to the built-in administrator from then on. For administrators; the built-in administrator stays.',
  call: ([userId], session) => {
    requireAdministrator(session, 'deleteUser')
    dfsOf(session).users.remove(textArg(userId, DELETE, 'userId'))
    return Scalar.VOID
  },
})

const RESET = 'resetPwd(userId, newPwd)'
define(RESET, {
  doc: 'Gives a user another password. For administrators.',
  call: ([userId, newPwd], session) => {
    requireAdministrator(session, 'resetPwd')
    dfsOf(session).users.setPassword(textArg(userId, RESET, 'userId'), passwordArg(newPwd, RESET, 'newPwd'))
    return Scalar.VOID
  },
})

for (const [name, locked, doc] of [
  [
    'lockUser',
    true,
    'Keeps a user from logging in, and takes all rights from sessions in which the user is logged in.',
  ],
  ['unlockUser', false, 'Lets a locked user log in again.'],
] as const) {
  const signature = `${name}(userId)`
  define(signature, {
    doc: `${doc} For administrators; the built-in administrator can not be locked.`,
    call: ([userId], session) => {
      requireAdministrator(session, name)
      dfsOf(session).users.setLocked(textArg(userId, signature, 'userId'), locked)
      return Scalar.VOID
    },
  })
}

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

// ---------------------------------------------------------------------------------------------------------------------
// Groups

const CREATE_GROUP = 'createGroup(groupId, [userIds])'
define(CREATE_GROUP, {
  doc: 'Adds a group of users, which must exist. For administrators. No group has the name of a user: grant takes either.',
  call: ([groupId, userIds], session) => {
    requireAdministrator(session, 'createGroup')
    dfsOf(session).request({
      kind: 'createGroup',
      name: newName(groupId, CREATE_GROUP, 'groupId', 'group'),
      members: isMissing(userIds) ? [] : namesArg(userIds, CREATE_GROUP, 'userIds'),
    })
    return Scalar.VOID
  },
})

const DELETE_GROUP = 'deleteGroup(groupId)'
define(DELETE_GROUP, {
  doc: 'Removes a group and its privileges; the members stay, with the privileges of their own. For administrators.',
  call: ([groupId], session) => {
    requireAdministrator(session, 'deleteGroup')
    dfsOf(session).request({ kind: 'removeGroup', name: textArg(groupId, DELETE_GROUP, 'groupId') })
    return Scalar.VOID
  },
})

for (const [name, doc] of [
  ['addGroupMember', 'Takes users into groups'],
  ['deleteGroupMember', 'Takes users out of groups'],
] as const) {
  const signature = `${name}(userIds, groupIds)`
  define(signature, {
    doc: `${doc}. One of both may be a vector, not both. For administrators.`,
    call: ([userIds, groupIds], session) => {
      requireAdministrator(session, name)
      if (userIds?.kind === 'vector' && groupIds?.kind === 'vector')
        throw inputError(`Usage: ${signature}. userIds and groupIds can't both be vectors.`, { code: 'usage' })
      const users = namesArg(userIds, signature, 'userIds')
      const groups = namesArg(groupIds, signature, 'groupIds')
      const isAdding = name === 'addGroupMember'
      dfsOf(session).request({
        kind: 'changeMembers',
        groups,
        add: isAdding ? users : [],
        remove: isAdding ? [] : users,
      })
      return Scalar.VOID
    },
  })
}

/** The catalog as of now, for somebody who may look at users and groups. */
function catalogFor(session: Session, name: string) {
  requireAdministrator(session, name)
  const { catalog } = dfsOf(session)
  catalog.refresh()
  return catalog
}

define('getGroupList()', {
  doc: 'The names of all groups. For administrators.',
  call: (_, session) => stringVector(groupsOf(catalogFor(session, 'getGroupList')).map((g) => g.name)),
})

define('getUsersByGroupId(groupId)', {
  doc: 'The members of a group. For administrators.',
  call: ([groupId], session) => {
    const catalog = catalogFor(session, 'getUsersByGroupId')
    const name = textArg(groupId, 'getUsersByGroupId(groupId)', 'groupId')
    const group = groupOf(catalog, name)
    if (group === undefined) throw inputError(`The group [${name}] does not exist.`, { code: 'groupMissing' })
    return stringVector(group.members)
  },
})

define('getGroupsByUserId(userId)', {
  doc: 'The groups that a user is a member of. For administrators.',
  call: ([userId], session) => {
    const catalog = catalogFor(session, 'getGroupsByUserId')
    const name = textArg(userId, 'getGroupsByUserId(userId)', 'userId')
    if (!dfsOf(session).users.exists(name))
      throw inputError(`The user [${name}] does not exist.`, { code: 'userMissing' })
    return stringVector(groupsOfUser(catalog, name))
  },
})

export const optionalNames = (v: Arg, signature: string, name: string): string[] | undefined =>
  isGiven(v) && !isMissing(v) ? namesArg(v, signature, name) : undefined
