/** What the backup functions need of a session, in one place. */
import { isAbsolute, join, resolve } from 'node:path'
import { type Arg, isGiven, textArg, textListArg } from '../../runtime/builtins/args.ts'
import { inputError, usageError } from '../../runtime/errors.ts'
import { type ServiceKey, type Session, serviceKey } from '../../runtime/session.ts'
import { NULL_I64, type Value } from '../../runtime/values/index.ts'
import type { BackupRun } from '../engine/commands.ts'
import type { BackupContext } from '../set/context.ts'
import { databaseUrl } from '../set/names.ts'
import { requireOwnFolder } from '../set/own-folder.ts'
import { refuseTilde, touchesStore } from '../store/data-directory.ts'
import type { FileStore } from '../store/file-store.ts'
import { keyArg, withKey } from './backup-key.ts'

export interface BackupHost {
  /** Folder of the data directory: backup directories that are not absolute are relative to it. */
  readonly home: string
  context(): BackupContext
  openSet(folder: string): FileStore
  /** Records of backup and restore calls. */
  runs(): Iterable<BackupRun>
  isAdministrator(): boolean
}

export const backupHostService: ServiceKey<BackupHost> = serviceKey<BackupHost>('backupHost')

/** The host for a logged-in user. Everything about backups needs a login. */
export function loggedInHost(session: Session, name: string): BackupHost {
  if (session.user === 'guest')
    throw inputError(`<NoPrivilege>Not granted to call ${name}: please log in first.`, { code: 'notLoggedIn' })
  return session.service(backupHostService)
}

/** The store of a backup directory: with a key, one that shows an encrypted set of databases decrypted. */
export function backupStore(host: BackupHost, backupDir: Arg, signature: string, keyPath?: Arg): FileStore {
  const set = host.openSet(backupFolder(host, backupDir, signature))
  return withKey(set, keyArg(host, keyPath, signature))
}

/** The same for a call that makes or changes backups. */
export function backupStoreToWrite(host: BackupHost, backupDir: Arg, signature: string, keyPath?: Arg): FileStore {
  const set = host.openSet(backupFolder(host, backupDir, signature))
  requireOwnFolder(set)
  return withKey(set, keyArg(host, keyPath, signature))
}

/** The absolute path of a backup directory. It must not be part of what is backed up. */
export function backupFolder(host: BackupHost, backupDir: Arg, signature: string): string {
  const text = textArg(backupDir, signature, 'backupDir')
  if (text === '' || text.includes('\0')) throw usageError(signature, 'backupDir must be the path of a folder.')
  if (/^s3:\/\//i.test(text))
    throw inputError(`Backup directories in an object store (${text}) are not supported by this release.`, {
      refId: 'S01069',
      code: 'unsupported',
      hint: 'use a folder of this machine, or one that is mounted there',
    })
  refuseTilde(text)
  const folder = isAbsolute(text) ? resolve(text) : join(host.home, text)
  if (touchesStore(host.home, folder))
    throw inputError(
      `The backup directory ${folder} must not hold, or lie in, the data of the store at ${host.home}.`,
      {
        code: 'backupDir',
        where: { file: folder },
      },
    )
  return folder
}

/** The url from a text, or from a database handle. */
export function urlArg(value: Arg, signature: string, name: string): string {
  if (value?.kind === 'resource' && /^DB\[(dfs:.+)\]$/.test(value.text)) return databaseUrl(value.text.slice(3, -1))
  return databaseUrl(textArg(value, signature, name))
}

export function optionalUrl(value: Arg, signature: string, name: string): string | undefined {
  return isMissing(value) ? undefined : urlArg(value, signature, name)
}

export function optionalText(value: Arg, signature: string, name: string): string | undefined {
  return isMissing(value) ? undefined : textArg(value, signature, name)
}

export function optionalTexts(value: Arg, signature: string, name: string): readonly string[] | undefined {
  return isMissing(value) ? undefined : textListArg(value, signature, name)
}

/** Left out, NULL, or an empty text: people write `""` to skip an argument. */
export function isMissing(value: Arg): value is undefined {
  if (!isGiven(value)) return true
  return value.kind === 'scalar' && value.isNull()
}

export function refuseMetacode(value: Value | undefined): void {
  if (value?.kind === 'code')
    throw inputError('A query is backed up by backup(backupDir, sqlObj); this function takes the path of a database.', {
      code: 'usage',
    })
}

/** A moment of the clock as TIMESTAMP, which is local time. */
export const timestampOf = (ms: number | undefined): bigint =>
  ms === undefined ? NULL_I64 : BigInt(Math.floor(ms) - new Date(ms).getTimezoneOffset() * 60_000)
