/** What is looked at before a command is applied, beside what `apply` itself refuses. */
import { HoldfastError } from '../../runtime/errors.ts'
import type { CatalogReader, CatalogWriter } from '../catalog/key-value.ts'
import { keys, viewOf } from '../catalog/records.ts'
import type { FileStore } from '../store/file-store.ts'
import type { CatalogCommand } from './apply.ts'
import type { ChunkLocks } from './chunk-locks.ts'
import { keepFiles } from './garbage.ts'

/** The transaction that a command ends, if it began earlier. */
export const transactionOf = (command: CatalogCommand): number | undefined =>
  command.kind === 'rewrite' || command.kind === 'alterTable' ? command.tid : undefined

/** S01003: what a transaction is rewriting is not dropped or changed under it. */
export function requireUnlocked(catalog: CatalogReader, locks: ChunkLocks, command: CatalogCommand): void {
  const touched: Iterable<Touched> =
    command.kind === 'dropDatabase'
      ? viewOf(catalog)
          .tables(command.url)
          .map((t) => ({ db: t.db, table: t.name }))
      : touchedBy(command)
  for (const { db, table, path } of touched) {
    const record = catalog.get(keys.table(db, table)) as { readonly id: string } | undefined
    if (record === undefined) continue
    const holder = locks.holder(record.id, path)
    if (holder === undefined || holder === transactionOf(command)) continue
    throw new HoldfastError(
      'conflict',
      `The ${path === undefined ? `table [${table}]` : `partition ${path} of the table [${table}]`} of [${db}] is in use by transaction ${holder}.`,
      {
        code: 'chunkLocked',
        refId: 'S01003',
        where: { db, table },
        hint: 'repeat the call when that transaction has ended',
      },
    )
  }
}

/** A restore may use again what an earlier one had copied; files go on the engine thread only, so what is here now is here at the commit. */
export function requireFiles(files: FileStore, command: CatalogCommand): void {
  if (command.kind !== 'replaceChunks') return
  for (const chunk of command.put)
    for (const { file, bytes } of chunk.segments)
      if (files.stat(file)?.bytes !== bytes)
        throw new HoldfastError('conflict', `The segment ${file} is gone or changed; nothing was replaced.`, {
          code: 'segmentMissing',
          where: { partition: chunk.path, file },
          hint: 'call again',
        })
}

/** Files that are named again are no garbage. */
export function keepNamedFiles(writer: CatalogWriter, command: CatalogCommand): void {
  if (command.kind === 'replaceChunks') keepFiles(writer, command.put)
}

interface Touched {
  readonly db: string
  readonly table: string
  readonly path?: string
}

/** What a command takes away from whoever is rewriting it; without a path the whole table. */
function* touchedBy(command: CatalogCommand): Iterable<Touched> {
  switch (command.kind) {
    case 'dropTable':
    case 'renameTable':
    case 'alterTable':
      yield { db: command.db, table: command.table }
      return
    case 'dropChunks':
      if (command.paths === undefined) yield { db: command.db, table: command.table }
      else for (const path of command.paths) yield { db: command.db, table: command.table, path }
      return
    case 'replaceChunks':
      for (const path of [...command.remove, ...command.put.map((c) => c.path)])
        yield { db: command.db, table: command.table, path }
      return
    case 'flush':
      for (const { path } of command.chunks) yield { db: command.db, table: command.table, path }
      return
    case 'compact':
      yield { db: command.db, table: command.table, path: command.path }
      return
  }
}
