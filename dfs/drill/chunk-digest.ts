/** The digest of what a query shows of one chunk, read as queries read it, with every checksum of every column compared. */
import { checkInterrupt } from '../../runtime/interrupt.ts'
import { SymbolBase } from '../../runtime/values/index.ts'
import type { ChunkRecord, TableRecord } from '../catalog/types.ts'
import { type RowsDigest, RowsDigester } from '../digest/rows-digest.ts'
import { chunkBatches } from '../read/chunk.ts'
import { rowOrder } from '../read/order.ts'
import { BatchMemory } from '../segment/batch-memory.ts'
import type { FileSource } from '../store/file-store.ts'

export function digestOfChunk(files: FileSource, table: TableRecord, chunk: ChunkRecord): RowsDigest {
  const bases = new Map<string, SymbolBase>()
  const baseOf = (column: string): SymbolBase => {
    const base = bases.get(column) ?? new SymbolBase()
    bases.set(column, base)
    return base
  }
  const digester = new RowsDigester(table.columns)
  const names = table.columns.map((c) => c.name)
  // A batch is done with when the next is read; merging holds blocks of several segments at once.
  const memory = rowOrder(table) === undefined ? { memory: new BatchMemory() } : {}
  for (const batch of chunkBatches({ files, baseOf, verify: true, ...memory }, table, chunk, names)) {
    checkInterrupt()
    digester.add(batch.columns, batch.rows)
  }
  return digester.result()
}
