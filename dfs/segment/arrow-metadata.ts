/**
 * Arrow's own metadata (Flatbuffers): schema, record batch, dictionary batch and footer, encoded with the accessors that apache-arrow generates from the
 * format's definition. They are loaded when the first segment is written; apache-arrow as a whole would cost a start three times as much.
 */
import { createRequire } from 'node:module'
import { type ColumnSchema, elementType, isArrayType } from '../../runtime/values/index.ts'
import { type ArrowType, arrowType, fieldMetadata } from './column-type.ts'

type FieldNodeModule = typeof import('apache-arrow/fb/field-node')
type Builder = Parameters<FieldNodeModule['FieldNode']['createFieldNode']>[0]

/** A run of bytes, relative to the start of a body, or of the file. */
export interface Span {
  readonly offset: number
  readonly bytes: number
}

export interface Node {
  readonly rows: number
  readonly nulls: number
}

/** Where an encapsulated message lies in the file. */
export interface Block {
  readonly offset: number
  readonly metadataBytes: number
  readonly bodyBytes: number
}

const METADATA_V5 = 4
const HEADER = { schema: 1, dictionary: 2, batch: 3 } as const
const TIME_UNIT = { s: 0, ms: 1, us: 2, ns: 3 } as const

const require = createRequire(import.meta.url)

function load() {
  // The runtime of the generated code is apache-arrow's dependency, not ours: resolve it from there.
  const { Builder } = createRequire(require.resolve('apache-arrow'))('flatbuffers') as {
    Builder: new (bytes: number) => Builder
  }
  const fb = <M>(name: string): M => require(`apache-arrow/fb/${name}`) as M
  return {
    Builder,
    ...fb<typeof import('apache-arrow/fb/message')>('message'),
    ...fb<typeof import('apache-arrow/fb/schema')>('schema'),
    ...fb<typeof import('apache-arrow/fb/field')>('field'),
    ...fb<typeof import('apache-arrow/fb/key-value')>('key-value'),
    ...fb<typeof import('apache-arrow/fb/record-batch')>('record-batch'),
    ...fb<typeof import('apache-arrow/fb/dictionary-batch')>('dictionary-batch'),
    ...fb<typeof import('apache-arrow/fb/dictionary-encoding')>('dictionary-encoding'),
    ...fb<typeof import('apache-arrow/fb/footer')>('footer'),
    ...fb<typeof import('apache-arrow/fb/block')>('block'),
    ...fb<typeof import('apache-arrow/fb/buffer')>('buffer'),
    ...fb<FieldNodeModule>('field-node'),
    ...fb<typeof import('apache-arrow/fb/type')>('type'),
    ...fb<typeof import('apache-arrow/fb/int')>('int'),
    ...fb<typeof import('apache-arrow/fb/floating-point')>('floating-point'),
    ...fb<typeof import('apache-arrow/fb/date')>('date'),
    ...fb<typeof import('apache-arrow/fb/time')>('time'),
    ...fb<typeof import('apache-arrow/fb/timestamp')>('timestamp'),
    ...fb<typeof import('apache-arrow/fb/decimal')>('decimal'),
    ...fb<typeof import('apache-arrow/fb/fixed-size-binary')>('fixed-size-binary'),
    ...fb<typeof import('apache-arrow/fb/utf8')>('utf8'),
    ...fb<typeof import('apache-arrow/fb/binary')>('binary'),
    ...fb<typeof import('apache-arrow/fb/list')>('list'),
  }
}

let loaded: ReturnType<typeof load> | undefined
const arrow = (): ReturnType<typeof load> => {
  loaded ??= load()
  return loaded
}

/** The schema message, framed. */
export function schemaMessage(columns: readonly ColumnSchema[]): Uint8Array {
  const b = new (arrow().Builder)(1024)
  return framed(b, HEADER.schema, addSchema(b, columns), 0)
}

/** A record batch message, framed. Buffers are relative to the start of the body that follows. */
export function batchMessage(
  rows: number,
  nodes: readonly Node[],
  buffers: readonly Span[],
  bodyBytes: number,
): Uint8Array {
  const b = new (arrow().Builder)(1024)
  return framed(b, HEADER.batch, addBatch(b, rows, nodes, buffers), bodyBytes)
}

/** The values of dictionary `id`, one utf8 column, framed. */
export function dictionaryMessage(id: number, node: Node, buffers: readonly Span[], bodyBytes: number): Uint8Array {
  const { Builder, DictionaryBatch } = arrow()
  const b = new Builder(512)
  const data = addBatch(b, node.rows, [node], buffers)
  DictionaryBatch.startDictionaryBatch(b)
  DictionaryBatch.addId(b, BigInt(id))
  DictionaryBatch.addData(b, data)
  return framed(b, HEADER.dictionary, DictionaryBatch.endDictionaryBatch(b), bodyBytes)
}

/** The footer's bytes, without length and magic. */
export function footerBytes(
  columns: readonly ColumnSchema[],
  dictionaries: readonly Block[],
  batches: readonly Block[],
  metadata: readonly (readonly [string, string])[],
): Uint8Array {
  const { Builder, Footer, Block } = arrow()
  const b = new Builder(4096)
  const schema = addSchema(b, columns)
  const addBlocks = (blocks: readonly Block[]): number => {
    for (let k = blocks.length - 1; k >= 0; k--)
      Block.createBlock(b, BigInt(blocks[k].offset), blocks[k].metadataBytes, BigInt(blocks[k].bodyBytes))
    return b.endVector()
  }
  Footer.startDictionariesVector(b, dictionaries.length)
  const dictionaryBlocks = addBlocks(dictionaries)
  Footer.startRecordBatchesVector(b, batches.length)
  const batchBlocks = addBlocks(batches)
  const custom = Footer.createCustomMetadataVector(b, addKeyValues(b, metadata))
  Footer.startFooter(b)
  Footer.addVersion(b, METADATA_V5)
  Footer.addSchema(b, schema)
  Footer.addDictionaries(b, dictionaryBlocks)
  Footer.addRecordBatches(b, batchBlocks)
  Footer.addCustomMetadata(b, custom)
  Footer.finishFooterBuffer(b, Footer.endFooter(b))
  return b.asUint8Array()
}

function addSchema(b: Builder, columns: readonly ColumnSchema[]): number {
  const { Schema } = arrow()
  const fields = columns.map((c, k) => addField(b, c.name, c, k))
  const vector = Schema.createFieldsVector(b, fields)
  Schema.startSchema(b)
  Schema.addEndianness(b, 0)
  Schema.addFields(b, vector)
  return Schema.endSchema(b)
}

function addField(b: Builder, fieldName: string, column: ColumnSchema, dictionaryId: number): number {
  const { Field, DictionaryEncoding, Int } = arrow()
  const shape = arrowType(column.type, column.scale)
  const name = b.createString(fieldName)
  const children = isArrayType(column.type)
    ? [addField(b, 'item', { name: 'item', type: elementType(column.type), scale: column.scale }, -1)]
    : []
  const childVector = Field.createChildrenVector(b, children)
  const custom = Field.createCustomMetadataVector(b, addKeyValues(b, fieldMetadata(column)))
  const [typeCode, type] = addType(b, shape)
  let dictionary = 0
  if (shape.kind === 'dictionary') {
    const indexType = Int.createInt(b, 32, true)
    DictionaryEncoding.startDictionaryEncoding(b)
    DictionaryEncoding.addId(b, BigInt(dictionaryId))
    DictionaryEncoding.addIndexType(b, indexType)
    DictionaryEncoding.addIsOrdered(b, false)
    dictionary = DictionaryEncoding.endDictionaryEncoding(b)
  }
  Field.startField(b)
  Field.addName(b, name)
  Field.addNullable(b, true)
  Field.addTypeType(b, typeCode)
  Field.addType(b, type)
  if (dictionary !== 0) Field.addDictionary(b, dictionary)
  Field.addChildren(b, childVector)
  Field.addCustomMetadata(b, custom)
  return Field.endField(b)
}

function addType(b: Builder, shape: ArrowType): [code: number, offset: number] {
  const a = arrow()
  switch (shape.kind) {
    case 'int':
      return [a.Type.Int, a.Int.createInt(b, shape.bits, true)]
    case 'float':
      return [a.Type.FloatingPoint, a.FloatingPoint.createFloatingPoint(b, shape.bits === 32 ? 1 : 2)]
    case 'date':
      return [a.Type.Date, a.Date.createDate(b, 0)]
    case 'time':
      return [a.Type.Time, a.Time.createTime(b, TIME_UNIT[shape.unit], shape.bits)]
    case 'timestamp':
      return [a.Type.Timestamp, a.Timestamp.createTimestamp(b, TIME_UNIT[shape.unit], 0)]
    case 'decimal':
      return [a.Type.Decimal, a.Decimal.createDecimal(b, 38, shape.scale, 128)]
    case 'fixedBinary':
      return [a.Type.FixedSizeBinary, a.FixedSizeBinary.createFixedSizeBinary(b, shape.bytes)]
    case 'binary':
      a.Binary.startBinary(b)
      return [a.Type.Binary, a.Binary.endBinary(b)]
    case 'list':
      a.List.startList(b)
      return [a.Type.List, a.List.endList(b)]
    case 'utf8':
    case 'dictionary':
      a.Utf8.startUtf8(b)
      return [a.Type.Utf8, a.Utf8.endUtf8(b)]
  }
}

function addBatch(b: Builder, rows: number, nodes: readonly Node[], buffers: readonly Span[]): number {
  const { RecordBatch, FieldNode, Buffer } = arrow()
  RecordBatch.startNodesVector(b, nodes.length)
  for (let k = nodes.length - 1; k >= 0; k--)
    FieldNode.createFieldNode(b, BigInt(nodes[k].rows), BigInt(nodes[k].nulls))
  const nodeVector = b.endVector()
  RecordBatch.startBuffersVector(b, buffers.length)
  for (let k = buffers.length - 1; k >= 0; k--)
    Buffer.createBuffer(b, BigInt(buffers[k].offset), BigInt(buffers[k].bytes))
  const bufferVector = b.endVector()
  RecordBatch.startRecordBatch(b)
  RecordBatch.addLength(b, BigInt(rows))
  RecordBatch.addNodes(b, nodeVector)
  RecordBatch.addBuffers(b, bufferVector)
  return RecordBatch.endRecordBatch(b)
}

function addKeyValues(b: Builder, pairs: readonly (readonly [string, string])[]): number[] {
  const { KeyValue } = arrow()
  return pairs.map(([k, v]) => {
    const key = b.createString(k)
    const value = b.createString(v)
    return KeyValue.createKeyValue(b, key, value)
  })
}

/** Marker, length, metadata, padding to 8 bytes: the encapsulated message format. */
function framed(b: Builder, headerType: number, header: number, bodyBytes: number): Uint8Array {
  const { Message } = arrow()
  Message.startMessage(b)
  Message.addVersion(b, METADATA_V5)
  Message.addHeaderType(b, headerType)
  Message.addHeader(b, header)
  Message.addBodyLength(b, BigInt(bodyBytes))
  Message.finishMessageBuffer(b, Message.endMessage(b))
  const metadata = b.asUint8Array()
  const padded = (metadata.length + 7) & ~7
  const out = new Uint8Array(8 + padded)
  const view = new DataView(out.buffer)
  view.setUint32(0, 0xffffffff)
  view.setInt32(4, padded, true)
  out.set(metadata, 8)
  return out
}
