/** Who may log in: passwords as scrypt hashes, checked in constant time. */
import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto'

const KEY_BYTES = 32

/** Salt and hash in hex; a fresh salt unless one is given. */
export function hashPassword(password: string, salt = randomBytes(16).toString('hex')): { salt: string; hash: string } {
  return { salt, hash: scryptSync(password, Buffer.from(salt, 'hex'), KEY_BYTES).toString('hex') }
}

export function passwordMatches(password: string, user: { readonly salt: string; readonly hash: string }): boolean {
  const given = scryptSync(password, Buffer.from(user.salt, 'hex'), KEY_BYTES)
  return timingSafeEqual(given, Buffer.from(user.hash, 'hex'))
}
