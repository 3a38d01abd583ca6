import { expect, it } from 'vitest'
import { T, Table, vectorOf } from '../../runtime/values/index.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { ExportFiles } from './export-files.ts'
import { csvFormat } from './options.ts'

it('of two exports into one folder at the same time the first keeps its files, and the other fails', () => {
  const store = new MemoryFileStore()
  const columns = [{ name: 'a', type: T.INT }]
  const rows = (from: number): Table =>
    new Table(
      ['a'],
      [
        vectorOf(
          T.INT,
          Array.from({ length: 10 }, (_, k) => from + k),
        ),
      ],
    )
  const csv = csvFormat({ delimiter: ',', enclosed: '"', escaped: '"', nullText: '', nullName: 'nullas' })
  const options = { format: 'csv', what: 'all', chunkRows: 4, header: false, csv, product: 'test' } as const
  const exports = [new ExportFiles(store, 't', columns, options), new ExportFiles(store, 't', columns, options)]
  exports[0].add(rows(0))
  exports[1].add(rows(100))
  exports[0].finish()
  expect(() => exports[1].finish()).toThrow(expect.objectContaining({ kind: 'conflict', code: 'exportFolder' }))
  exports[1].abandon()
  const files = [...store.files().keys()].sort()
  expect(files).toEqual(['t/n1.0.csv', 't/n1.1.csv', 't/n1.2.csv'])
  expect(files.map((f) => Buffer.from(store.readFile(f)).toString()).join('')).toBe('0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n')
})
