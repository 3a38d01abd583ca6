/** Writes rows as a Parquet file: row groups of a fixed size, compressed with zstd. */
import type { ParquetWriter } from 'hyparquet-writer'
import type { ColumnSchema, Vector } from '../../../runtime/values/index.ts'
import type { FileWriter } from '../../store/file-store.ts'
import { CODEC, compress, parquetWriting } from './library.ts'
import { addValues, parquetSchemaOf } from './schema.ts'

const GROUP_ROWS = 100_000

export class ParquetEncoder {
  readonly #columns: readonly ColumnSchema[]
  readonly #product: string
  /** Values of rows that are in no group yet. */
  #values: unknown[][] = []
  #rows = 0
  #writer: ParquetWriter | undefined

  /** `product` is noted in the files. */
  constructor(columns: readonly ColumnSchema[], product: string) {
    this.#columns = columns
    this.#product = product
  }

  begin(file: FileWriter): void {
    const { ParquetWriter, ByteWriter } = parquetWriting()
    const bytes = new ByteWriter(1 << 20)
    const flush = (): void => {
      file.write(bytes.getBytes())
      bytes.index = 0
    }
    this.#writer = new ParquetWriter({
      writer: Object.assign(bytes, { flush, finish: flush }),
      schema: parquetSchemaOf(this.#columns),
      codec: CODEC,
      compressors: { [CODEC]: compress },
      createdBy: this.#product,
    })
    this.#reset()
  }

  rows(columns: readonly Vector[], from: number, to: number): void {
    for (let at = from; at < to; ) {
      const end = Math.min(to, at + GROUP_ROWS - this.#rows)
      for (let c = 0; c < columns.length; c++) addValues(this.#values[c], columns[c], at, end)
      this.#rows += end - at
      at = end
      if (this.#rows === GROUP_ROWS) this.#group()
    }
  }

  end(): void {
    if (this.#rows > 0) this.#group()
    void this.#writer!.finish()
    this.#writer = undefined
  }

  #group(): void {
    void this.#writer!.write({
      columnData: this.#columns.map(({ name }, k) => ({ name, data: this.#values[k] })),
      rowGroupSize: this.#rows,
    })
    this.#reset()
  }

  #reset(): void {
    this.#values = this.#columns.map(() => [])
    this.#rows = 0
  }
}
