/**
 * The Parquet libraries, loaded when a file is read or written for the first time. What they offer for files reads asynchronously, and sessions are synchronous: so the parts are
 * used that decode the bytes of a column that we have read.
 */
import { createRequire } from 'node:module'
import { brotliDecompressSync, gunzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type * as Hyparquet from 'hyparquet'
import type * as AssembleModule from 'hyparquet/src/assemble.js'
import type * as ColumnModule from 'hyparquet/src/column.js'
import type * as ConvertModule from 'hyparquet/src/convert.js'
import type * as SchemaModule from 'hyparquet/src/schema.js'
import type * as CompressorsModule from 'hyparquet-compressors'
import type * as WriterModule from 'hyparquet-writer'

const require = createRequire(import.meta.url)

export interface ParquetReading {
  readonly parquetMetadata: typeof Hyparquet.parquetMetadata
  readonly parquetSchema: typeof Hyparquet.parquetSchema
  readonly readColumn: typeof ColumnModule.readColumn
  readonly assembleNested: typeof AssembleModule.assembleNested
  readonly getTreePath: typeof SchemaModule.getTreePath
  readonly defaultParsers: typeof ConvertModule.DEFAULT_PARSERS
  readonly compressors: Hyparquet.Compressors
}

let reading: ParquetReading | undefined

export function parquetReading(): ParquetReading {
  if (reading !== undefined) return reading
  const { parquetMetadata, parquetSchema } = require('hyparquet') as typeof Hyparquet
  const { readColumn } = require('hyparquet/src/column.js') as typeof ColumnModule
  const { assembleNested } = require('hyparquet/src/assemble.js') as typeof AssembleModule
  const { getTreePath } = require('hyparquet/src/schema.js') as typeof SchemaModule
  const { DEFAULT_PARSERS } = require('hyparquet/src/convert.js') as typeof ConvertModule
  const { compressors } = require('hyparquet-compressors') as typeof CompressorsModule
  reading = {
    parquetMetadata,
    parquetSchema,
    readColumn,
    assembleNested,
    getTreePath,
    defaultParsers: DEFAULT_PARSERS,
    // What Node has itself is several times as fast.
    compressors: {
      ...compressors,
      GZIP: (bytes) => gunzipSync(bytes),
      ZSTD: (bytes) => zstdDecompressSync(bytes),
      BROTLI: (bytes) => brotliDecompressSync(bytes),
    },
  }
  return reading
}

let writing: Pick<typeof WriterModule, 'ParquetWriter' | 'ByteWriter'> | undefined

export function parquetWriting(): Pick<typeof WriterModule, 'ParquetWriter' | 'ByteWriter'> {
  writing ??= require('hyparquet-writer') as typeof WriterModule
  return writing
}

/** Our files are compressed with zstd at its fastest useful level. */
export const CODEC = 'ZSTD'
export const compress = (bytes: Uint8Array): Uint8Array => zstdCompressSync(bytes)
