/**
 * `backup_manifest.json`, and the same bytes again as `states/<id>/manifest.json`: what the newest state holds, for people and tools. Every other state of the set
 * has a manifest in its own folder.
 *
 * JSON with two blanks of indentation. In an encrypted set all that is about databases is in the property `sealed`. The last property is `digest`, XXH64 of every byte before its line, so that a flipped bit anywhere in the file is found:
 * what follows the digest is fixed text. Version: a reader refuses another major number, and a newer minor one (it would drop what it does not know).
 */
import { HoldfastError, inputError } from '../../runtime/errors.ts'
import { checksumOf } from '../store/checksum.ts'
import type { FileStore, RecordSeal } from '../store/file-store.ts'
import { readMetadata } from './bounded.ts'
import {
  asArray,
  asChecksum,
  asCount,
  asCounter,
  asObject,
  asOneOf,
  asText,
  damagedMetadata,
  inside,
  type Place,
} from './checked.ts'
import { requireKey } from './key.ts'
import { isStateId, MANIFEST_FILE, stateFolder, stateManifestFile } from './layout.ts'
import { checkName, folderOfDatabase } from './names.ts'
import { checkRetention, type Retention } from './retention.ts'
import { CIPHER } from './seal.ts'

/** Of node-backup/manifest.ts. */
const NODE_FORMAT = 'holdfast-node-backup'
const FORMAT = 'holdfast-backup-set'
export const FORMAT_MAJOR = 1
export const FORMAT_MINOR = 3
const CHECKSUM = 'XXH64'
const SEALED_TEXT_MAX = 2 ** 29

/** Size and XXH64 of a metadata file. Its place follows from the state's id and the names. */
export interface MetadataDigest {
  readonly bytes: number
  readonly digest: string
}

export interface ManifestTable {
  readonly name: string
  /** How its files were made: `copy` of segments, or `sql` for rows of a query. */
  readonly mode: 'copy' | 'sql'
  /** Instant of the store that this table is of. */
  readonly cid: number
  readonly takenAt: string
  readonly chunks: number
  readonly rows: number
  readonly files: number
  readonly bytes: number
  readonly index: MetadataDigest
}

export interface ManifestDatabase {
  readonly url: string
  readonly domain: MetadataDigest
  readonly tables: readonly ManifestTable[]
}

export interface Manifest {
  /** Version of the product that wrote it. */
  readonly product: string
  readonly id: string
  readonly startedAt: string
  readonly completedAt: string
  /** Newest instant in the state. */
  readonly cid: number
  /** Which states the set keeps when the next one is made. Absent before format 1.3, whose sets held one state. */
  readonly retention?: Retention
  readonly databases: readonly ManifestDatabase[]
}

/** The bytes of the file. With a seal, what it says of databases is encrypted. */
export function encodeManifest(manifest: Manifest, seal?: RecordSeal): Uint8Array {
  const { product, id, startedAt, completedAt } = manifest
  const head = {
    format: FORMAT,
    formatVersion: `${FORMAT_MAJOR}.${FORMAT_MINOR}`,
    product,
    id,
    kind: 'databases',
    startedAt,
    completedAt,
    checksum: CHECKSUM,
  }
  if (seal === undefined) return digested({ ...head, ...contentOf(manifest) })
  const encryption = { cipher: CIPHER, keyId: seal.key.id }
  const content = Buffer.from(JSON.stringify(contentOf(manifest)))
  const sealed = Buffer.from(seal.sealRecord(content, contextOf({ ...head, encryption }))).toString('base64')
  return digested({ ...head, encryption, sealed })
}

function contentOf({ cid, retention, databases }: Manifest): Readonly<Record<string, unknown>> {
  const tables = databases.flatMap((d) => d.tables)
  const sum = (of: (t: ManifestTable) => number): number => tables.reduce((total, t) => total + of(t), 0)
  return {
    cid,
    retention,
    tables: tables.length,
    chunks: sum((t) => t.chunks),
    rows: sum((t) => t.rows),
    files: sum((t) => t.files),
    bytes: sum((t) => t.bytes),
    databases,
  }
}

/** What is authenticated with the encrypted part: everything beside it. */
const contextOf = (o: Readonly<Record<string, unknown>>): string =>
  JSON.stringify([
    'manifest',
    o.format,
    o.formatVersion,
    o.product,
    o.id,
    o.kind,
    o.startedAt,
    o.completedAt,
    o.checksum,
    o.encryption,
  ])

function digested(value: Readonly<Record<string, unknown>>): Uint8Array {
  const body = JSON.stringify(value, undefined, 2)
  const head = `${body.slice(0, -2)},\n`
  return Buffer.from(`${head}  "digest": "${checksumOf(Buffer.from(head))}"\n}\n`)
}

const TAIL = /^ {2}"digest": "([0-9a-f]{16})"\n\}\n$/
const TAIL_BYTES = 33

/** What a manifest is read with: where it lies, for messages, and what opens it if it is encrypted. */
export type ManifestReader = Pick<FileStore, 'root' | 'seal'>

/** Reads and checks; `file` is for messages. */
export function decodeManifest(bytes: Uint8Array, file: string, reader: ManifestReader): Manifest {
  const tail = Buffer.from(bytes.subarray(Math.max(0, bytes.length - TAIL_BYTES))).toString('latin1')
  const digest = TAIL.exec(tail)?.[1]
  const head = bytes.subarray(0, Math.max(0, bytes.length - TAIL_BYTES))
  if (digest === undefined || digest !== checksumOf(head))
    throw damagedMetadata(
      file,
      'its content does not match its digest',
      file === MANIFEST_FILE
        ? 'states/<newest>/manifest.json holds the same bytes: if that file is sound, copy it over backup_manifest.json'
        : undefined,
    )
  let parsed: unknown
  try {
    parsed = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (cause) {
    throw damagedMetadata(file, `it is not JSON (${(cause as Error).message})`)
  }
  return checkManifest(parsed, { file, field: '' }, reader)
}

function checkManifest(value: unknown, place: Place, reader: ManifestReader): Manifest {
  const outer = asObject(value, place)
  if (outer.format === NODE_FORMAT)
    throw inputError(`${place.file} describes backups of the node, not of databases.`, {
      code: 'backupKind',
      where: { file: place.file },
      hint: 'holdfast verify-backup and holdfast restore work with it, recoverTable and drillRestore too; use another directory for backups of databases',
    })
  if (outer.format !== FORMAT) throw damagedMetadata(place.file, 'it does not describe a backup set')
  refuseOtherVersion(asText(outer.formatVersion, inside(place, 'formatVersion')), place)
  if (outer.checksum !== CHECKSUM)
    throw new HoldfastError(
      'data',
      `${place.file} uses the checksum ${String(outer.checksum)}; this release knows only ${CHECKSUM}.`,
      {
        code: 'backupFormat',
        where: { file: place.file },
      },
    )
  const o = opened(outer, place, reader)
  const id = asText(o.id, inside(place, 'id'))
  if (!isStateId(id)) throw damagedMetadata(place.file, 'id is not the id of a state')
  const databases = asArray(o.databases, inside(place, 'databases')).map((d, k) =>
    checkDatabase(d, inside(inside(place, 'databases'), k)),
  )
  if (new Set(databases.map((d) => d.url)).size !== databases.length)
    throw damagedMetadata(place.file, 'a database occurs twice')
  return {
    product: asText(o.product, inside(place, 'product')),
    id,
    startedAt: asText(o.startedAt, inside(place, 'startedAt')),
    completedAt: asText(o.completedAt, inside(place, 'completedAt')),
    cid: asCounter(o.cid, inside(place, 'cid')),
    ...(o.retention === undefined ? {} : { retention: checkRetention(o.retention, inside(place, 'retention')) }),
    databases,
  }
}

/** The manifest with what is encrypted of it. */
function opened(
  outer: Readonly<Record<string, unknown>>,
  place: Place,
  { root, seal }: ManifestReader,
): Readonly<Record<string, unknown>> {
  if (outer.encryption === undefined) {
    requireKey(root, undefined, seal?.key)
    return outer
  }
  const encryption = asObject(outer.encryption, inside(place, 'encryption'))
  asOneOf(encryption.cipher, [CIPHER], inside(place, 'encryption.cipher'))
  requireKey(root, asChecksum(encryption.keyId, inside(place, 'encryption.keyId')), seal?.key)
  const sealed = Buffer.from(asText(outer.sealed, inside(place, 'sealed'), SEALED_TEXT_MAX), 'base64')
  const content = seal!.openRecord(sealed, contextOf(outer))
  if (content === undefined) throw damagedMetadata(place.file, 'it is not what was encrypted')
  return { ...asObject(JSON.parse(Buffer.from(content).toString('utf8')), place), ...outer }
}

function checkDatabase(value: unknown, place: Place): ManifestDatabase {
  const o = asObject(value, place)
  const url = checkUrl(asText(o.url, inside(place, 'url')), inside(place, 'url'))
  const tables = asArray(o.tables, inside(place, 'tables')).map((t, k) =>
    checkTable(t, inside(inside(place, 'tables'), k)),
  )
  if (new Set(tables.map((t) => t.name)).size !== tables.length)
    throw damagedMetadata(place.file, `a table of ${url} occurs twice`)
  return { url, domain: checkDigest(o.domain, inside(place, 'domain')), tables }
}

/** The url of a database in a set: `dfs://` and names that may be folders. */
export function checkUrl(url: string, place: Place): string {
  if (!url.startsWith('dfs://')) throw damagedMetadata(place.file, `${place.field} is not the path of a database`)
  for (const name of url.slice('dfs://'.length).split('/')) checkName(name, place)
  checkName(folderOfDatabase(url), place)
  return url
}

function checkTable(value: unknown, place: Place): ManifestTable {
  const o = asObject(value, place)
  const count = (field: string): number => asCount(o[field], inside(place, field))
  return {
    name: checkName(asText(o.name, inside(place, 'name')), inside(place, 'name')),
    mode: asOneOf(o.mode, ['copy', 'sql'], inside(place, 'mode')),
    cid: asCounter(o.cid, inside(place, 'cid')),
    takenAt: asText(o.takenAt, inside(place, 'takenAt')),
    chunks: count('chunks'),
    rows: count('rows'),
    files: count('files'),
    bytes: count('bytes'),
    index: checkDigest(o.index, inside(place, 'index')),
  }
}

function checkDigest(value: unknown, place: Place): MetadataDigest {
  const o = asObject(value, place)
  return { bytes: asCount(o.bytes, inside(place, 'bytes')), digest: asChecksum(o.digest, inside(place, 'digest')) }
}

/** Throws unless this release can read `major.minor`. */
export function refuseOtherVersion(version: string, place: Place): void {
  const found = /^([0-9]{1,5})\.([0-9]{1,5})$/.exec(version)
  if (found === null) throw damagedMetadata(place.file, 'its format version cannot be read')
  const major = Number(found[1])
  const minor = Number(found[2])
  if (major === FORMAT_MAJOR && minor <= FORMAT_MINOR) return
  const newer = major > FORMAT_MAJOR || (major === FORMAT_MAJOR && minor > FORMAT_MINOR)
  throw new HoldfastError(
    'data',
    `${place.file} has the backup format ${version}; this release reads ${FORMAT_MAJOR}.0 to ${FORMAT_MAJOR}.${FORMAT_MINOR}.`,
    {
      code: 'backupFormat',
      where: { file: place.file },
      hint: newer
        ? 'use the release that wrote it, or a newer one'
        : 'use an older release to restore it, then back up again',
    },
  )
}

/** The newest state's manifest, or undefined for a folder that holds no backup yet. */
export function readManifest(store: FileStore): Manifest | undefined {
  if (store.stat(MANIFEST_FILE) === undefined) return undefined
  return decodeManifest(readMetadata(store, MANIFEST_FILE), MANIFEST_FILE, store)
}

/** The manifest in a state's own folder. */
export function readStateManifest(store: FileStore, id: string): Manifest {
  const file = stateManifestFile(stateFolder(id))
  const manifest = decodeManifest(readMetadata(store, file), file, store)
  if (manifest.id !== id) throw damagedMetadata(file, `it describes ${manifest.id} instead of ${id}`)
  return manifest
}

/** Throws unless the state's own manifest is sound and, for the newest state, holds the bytes of `backup_manifest.json`. */
export function checkStateManifest(store: FileStore, manifest: Manifest): void {
  const { id } = readStateManifest(store, manifest.id)
  if (readManifest(store)?.id !== id) return
  const file = stateManifestFile(stateFolder(id))
  if (!Buffer.from(readMetadata(store, file)).equals(readMetadata(store, MANIFEST_FILE)))
    throw damagedMetadata(file, `it differs from ${MANIFEST_FILE}`)
}
