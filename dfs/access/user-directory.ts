/** Users and groups as a session sees them and has them changed. */
import { inputError } from '../../runtime/errors.ts'
import type { CatalogReader } from '../catalog/key-value.ts'
import { userOf, usersOf } from '../catalog/records.ts'
import type { UserRecord } from '../engine/commands.ts'
import { hashPassword, passwordMatches } from '../users.ts'
import type { AccessCommand } from './commands.ts'
import { DEFAULT_PASSWORD, DEFAULT_USER, GUEST } from './permissions.ts'

export interface DirectoryParts {
  /** The catalog as of now. */
  reader(): CatalogReader
  request(command: AccessCommand): void
}

export class UserDirectory {
  readonly #parts: DirectoryParts

  constructor(parts: DirectoryParts) {
    this.#parts = parts
  }

  #user(name: string): UserRecord | undefined {
    return userOf(this.#parts.reader(), name)
  }

  /** Whether the password is the user's. Throws if it is and the user is locked: only who knows the password learns that. */
  check(name: string, password: string): boolean {
    const user = this.#user(name)
    if (user === undefined || !passwordMatches(password, user)) return false
    if (user.locked === true)
      throw inputError(`The user [${name}] is locked.`, { code: 'userLocked', hint: 'an administrator can unlock it' })
    return true
  }

  list(): string[] {
    return usersOf(this.#parts.reader()).map((u) => u.name)
  }

  exists(name: string): boolean {
    return this.#user(name) !== undefined
  }

  isAdmin(name: string): boolean {
    const user = this.#user(name)
    return name !== GUEST && user?.isAdmin === true && user.locked !== true
  }

  create(name: string, password: string, isAdmin: boolean, groups: readonly string[] = []): void {
    this.#parts.request({ kind: 'createUser', user: { name, isAdmin, ...hashPassword(password) }, groups })
  }

  remove(name: string): void {
    this.#parts.request({ kind: 'removeUser', name })
  }

  setPassword(name: string, password: string): void {
    this.#parts.request({ kind: 'changeUser', name, password: hashPassword(password) })
  }

  setLocked(name: string, locked: boolean): void {
    this.#parts.request({ kind: 'changeUser', name, locked })
  }

  /** The administrator still has the password that every copy starts with. */
  usesDefaultPassword(): boolean {
    return this.check(DEFAULT_USER, DEFAULT_PASSWORD)
  }
}
