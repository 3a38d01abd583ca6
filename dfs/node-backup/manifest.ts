/**
 * `backup_manifest.json` of a node backup, and the same bytes again as `states/<id>/manifest.json`: what the backup is of, and size and checksum of every index.
 * A reader refuses another major version, and a newer minor one.
 */
import { HoldfastError, inputError } from '../../runtime/errors.ts'
import { readMetadata } from '../set/bounded.ts'
import {
  asArray,
  asChecksum,
  asCount,
  asCounter,
  asObject,
  asOneOf,
  asText,
  asTimeline,
  damagedMetadata,
  inside,
  type Place,
} from '../set/checked.ts'
import { MANIFEST_FILE, stateFolder, stateManifestFile } from '../set/layout.ts'
import type { MetadataDigest } from '../set/manifest.ts'
import type { ExpectedFile } from '../set/pipeline.ts'
import { CIPHER } from '../set/seal.ts'
import type { FileStore } from '../store/file-store.ts'
import { formatLsn, parseLsn } from '../wal/lsn.ts'
import { parsePieceName } from '../wal/piece-name.ts'
import { decodeDigested, encodeDigested } from './digested-json.ts'
import { isBackupId, isPoolPath, LOG_FOLDER, stateFoldersOf } from './layout.ts'
import { CODINGS, type Coding } from './stored-file.ts'

const FORMAT = 'holdfast-node-backup'
export const NODE_FORMAT_MAJOR = 1
export const NODE_FORMAT_MINOR = 0

/** A piece of log: bytes and checksum are those of the log file up to `endLsn`. */
export interface LogPiece extends ExpectedFile {
  /** 24 hex digits. */
  readonly name: string
  readonly firstLsn: number
  readonly endLsn: number
  /** In the set. */
  readonly path: string
  readonly coding: Coding
  readonly stored: ExpectedFile
}

export interface NodeManifest {
  readonly product: string
  readonly id: string
  readonly startedAt: string
  readonly completedAt: string
  readonly storeId: string
  readonly timeline: number
  /** Format of the data directory. */
  readonly dataFormat: number
  /** The commit that the backup is of. */
  readonly cid: number
  /** The log from here on, commits up to `cid` left out, is what followed. */
  readonly lsn: number
  readonly databases: number
  readonly tables: number
  readonly chunks: number
  readonly rows: number
  readonly files: number
  readonly bytes: number
  readonly storedBytes: number
  readonly catalog: MetadataDigest & { readonly records: number }
  readonly index: MetadataDigest
  readonly config: MetadataDigest | undefined
  /** undefined: there were none. */
  readonly scheduledJobs: MetadataDigest | undefined
  /** undefined: not encrypted. Sizes and digests are those of the files before encryption. */
  readonly encryption: { readonly cipher: string; readonly keyId: string } | undefined
  /** undefined: taken without the log. */
  readonly log: readonly LogPiece[] | undefined
}

export function encodeNodeManifest(m: NodeManifest): Uint8Array {
  const { product, id, startedAt, completedAt, lsn, log, ...rest } = m
  return encodeDigested({
    format: FORMAT,
    formatVersion: `${NODE_FORMAT_MAJOR}.${NODE_FORMAT_MINOR}`,
    product,
    id,
    kind: 'node',
    startedAt,
    completedAt,
    lsn: formatLsn(lsn),
    checksum: 'XXH64',
    ...rest,
    log: log?.map((p) => ({ ...p, firstLsn: formatLsn(p.firstLsn), endLsn: formatLsn(p.endLsn) })),
  })
}

export function decodeNodeManifest(bytes: Uint8Array, file: string): NodeManifest {
  const place = { file, field: '' }
  const o = asObject(parsedOrOther(bytes, file), place)
  const at = (field: string): Place => inside(place, field)
  const count = (field: string): number => asCount(o[field], at(field))
  const text = (field: string): string => asText(o[field], at(field))
  if (o.format !== FORMAT) throw damagedMetadata(file, 'it does not describe a node backup')
  refuseOtherVersion(text('formatVersion'), file)
  asOneOf(o.checksum, ['XXH64'], at('checksum'))
  if (!isBackupId(text('id'))) throw damagedMetadata(file, 'id is not the id of a node backup')
  return {
    product: text('product'),
    id: text('id'),
    startedAt: asTime(text('startedAt'), at('startedAt')),
    completedAt: asTime(text('completedAt'), at('completedAt')),
    storeId: text('storeId'),
    timeline: asTimeline(o.timeline, at('timeline')),
    dataFormat: count('dataFormat'),
    cid: asCounter(o.cid, at('cid')),
    lsn: asLsn(o.lsn, at('lsn')),
    databases: count('databases'),
    tables: count('tables'),
    chunks: count('chunks'),
    rows: count('rows'),
    files: count('files'),
    bytes: count('bytes'),
    storedBytes: count('storedBytes'),
    catalog: {
      ...asDigest(o.catalog, at('catalog')),
      records: asCount(asObject(o.catalog, at('catalog')).records, at('catalog.records')),
    },
    index: asDigest(o.index, at('index')),
    config: o.config === undefined ? undefined : asDigest(o.config, at('config')),
    scheduledJobs: o.scheduledJobs === undefined ? undefined : asDigest(o.scheduledJobs, at('scheduledJobs')),
    encryption: o.encryption === undefined ? undefined : asEncryption(o.encryption, at('encryption')),
    log:
      o.log === undefined
        ? undefined
        : asArray(o.log, at('log'), 100_000).map((p, k) => asLogPiece(p, inside(at('log'), k))),
  }
}

/** Another kind of set in the same folder is a mistake of the caller, not damage. */
function parsedOrOther(bytes: Uint8Array, file: string): unknown {
  const value = decodeDigested(bytes, file)
  if ((value as { readonly format?: unknown } | null)?.format === 'holdfast-backup-set')
    throw inputError(`${file} describes backups of databases, not of a node.`, {
      code: 'backupKind',
      where: { file },
      hint: 'checkBackup and restore work with it; use another directory for node backups',
    })
  return value
}

function refuseOtherVersion(version: string, file: string): void {
  const [, major, minor] = /^([0-9]{1,5})\.([0-9]{1,5})$/.exec(version) ?? []
  if (major === undefined) throw damagedMetadata(file, 'its format version cannot be read')
  if (Number(major) === NODE_FORMAT_MAJOR && Number(minor) <= NODE_FORMAT_MINOR) return
  throw new HoldfastError(
    'data',
    `${file} has the node backup format ${version}; this release reads ${NODE_FORMAT_MAJOR}.0 to ${NODE_FORMAT_MAJOR}.${NODE_FORMAT_MINOR}.`,
    { code: 'backupFormat', where: { file }, hint: 'use the release that wrote it' },
  )
}

function asTime(text: string, place: Place): string {
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z$/.test(text) || Number.isNaN(Date.parse(text)))
    throw damagedMetadata(place.file, `${place.field} is not a time`)
  return text
}

function asLsn(value: unknown, place: Place): number {
  try {
    return asCounter(parseLsn(asText(value, place)), place)
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'lsn')
      throw damagedMetadata(place.file, `${place.field} is not an LSN`)
    throw error
  }
}

function asDigest(value: unknown, place: Place): MetadataDigest {
  const o = asObject(value, place)
  return { bytes: asCount(o.bytes, inside(place, 'bytes')), digest: asChecksum(o.digest, inside(place, 'digest')) }
}

function asEncryption(value: unknown, place: Place): NodeManifest['encryption'] {
  const o = asObject(value, place)
  return {
    cipher: asOneOf(o.cipher, [CIPHER], inside(place, 'cipher')),
    keyId: asChecksum(o.keyId, inside(place, 'keyId')),
  }
}

function asLogPiece(value: unknown, place: Place): LogPiece {
  const o = asObject(value, place)
  const name = asText(o.name, inside(place, 'name'))
  if (parsePieceName(name) === undefined)
    throw damagedMetadata(place.file, `${place.field} has the name ${JSON.stringify(name)}, which no piece of log has`)
  const path = asText(o.path, inside(place, 'path'))
  if (!isPoolPath(path, LOG_FOLDER)) throw damagedMetadata(place.file, `${place.field} has a path that is not allowed`)
  return {
    name,
    firstLsn: asLsn(o.firstLsn, inside(place, 'firstLsn')),
    endLsn: asLsn(o.endLsn, inside(place, 'endLsn')),
    bytes: asCount(o.bytes, inside(place, 'bytes')),
    checksum: asChecksum(o.checksum, inside(place, 'checksum')),
    path,
    coding: asOneOf(o.coding, CODINGS, inside(place, 'coding')),
    stored: asExpected(o.stored, inside(place, 'stored')),
  }
}

function asExpected(value: unknown, place: Place): ExpectedFile {
  const o = asObject(value, place)
  return {
    bytes: asCount(o.bytes, inside(place, 'bytes')),
    checksum: asChecksum(o.checksum, inside(place, 'checksum')),
  }
}

/** The newest backup's manifest, or undefined for a folder that holds none yet. */
export function readNewestManifest(set: FileStore): NodeManifest | undefined {
  if (set.stat(MANIFEST_FILE) === undefined) return undefined
  return decodeNodeManifest(readMetadata(set, MANIFEST_FILE), MANIFEST_FILE)
}

/** The manifest of a kept backup. */
export function readStateManifest(set: FileStore, id: string): NodeManifest {
  const file = stateManifestFile(stateFolder(id))
  const manifest = decodeNodeManifest(readMetadata(set, file), file)
  if (manifest.id !== id) throw damagedMetadata(file, `it describes ${manifest.id} instead of ${id}`)
  return manifest
}

/** The manifest of one backup, the newest without an id. Throws if there is none. */
export function requireManifest(set: FileStore, id?: string): NodeManifest {
  const ids = stateFoldersOf(set).flatMap((s) => (s.isPartial ? [] : [s.id]))
  // Each backup has a manifest of its own.
  const byName = `it holds ${ids.join(', ')}: name one (restore and verify-backup --backup ID, restore-pitr --backup-id ID)`
  if (id === undefined) {
    let newest: NodeManifest | undefined
    try {
      newest = readNewestManifest(set)
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.code !== 'backupMetadata' || ids.length === 0) throw error
      const { kind, message, code, where } = error
      throw new HoldfastError(kind, message, { code, where, hint: byName, cause: error })
    }
    if (newest !== undefined) return newest
    throw inputError(`There is no node backup in ${set.root}: ${MANIFEST_FILE} is missing.`, {
      code: 'backupMissing',
      where: { file: set.root },
      hint: ids.length === 0 ? undefined : `only that file is: ${byName}`,
    })
  }
  if (!ids.includes(id))
    throw inputError(`There is no backup ${id} in ${set.root}; it holds ${ids.join(', ') || 'none'}.`, {
      code: 'backupMissing',
      where: { file: set.root },
    })
  return readStateManifest(set, id)
}
