/**
 * What lies in the folder of an export:
 *
 *   meta.sql                 statements that make database and tables (not with data_only, not of a query); written last, so that it stands for a whole export
 *   <table>/n1.0.csv         rows in the order of the table, at most chunk_rows in a file: node, number of the file; .parquet for Parquet
 *   n1.0.csv                 of a query: its rows
 *   <file>.<id>.unfinished   a file that is being written; what has its own name is whole and durable. The id is that of one export
 *   <file>.reject            beside a file that was imported: the rows that were not, each below a line with the reason
 */
import { HoldfastError, inputError } from '../../runtime/errors.ts'
import type { FileStore } from '../store/file-store.ts'
import type { FileFormat } from './options.ts'

/** The only node. */
const NODE = 'n1'
export const UNFINISHED = '.unfinished'
export const REJECT = '.reject'

export const dataFileName = (n: number, format: FileFormat): string => `${NODE}.${n}.${format}`

/** Other systems write endings in capitals. */
const isDataFile = (name: string, format: FileFormat): boolean => name.toLowerCase().endsWith(`.${format}`)

/** Paths of the data files in a folder of the store, in the order in which they were written. */
export function dataFiles(store: FileStore, folder: string, format: FileFormat): string[] {
  const names = store
    .list(folder)
    .flatMap(({ kind, name }) => (kind === 'file' && isDataFile(name, format) ? [name] : []))
  return names.sort(naturally).map((name) => (folder === '' ? name : `${folder}/${name}`))
}

/** n1.2.csv stands before n1.10.csv. */
function naturally(a: string, b: string): number {
  const [x, y] = [a, b].map((name) => name.split(/(\d+)/))
  for (let k = 0; k < Math.min(x.length, y.length); k++) {
    if (x[k] === y[k]) continue
    return k % 2 === 1 ? Number(x[k]) - Number(y[k]) || (x[k] < y[k] ? -1 : 1) : x[k] < y[k] ? -1 : 1
  }
  return x.length - y.length
}

/** An export never mixes its files with others: the folder must hold none of the kind. */
export function requireNoData(store: FileStore, folder: string, format: FileFormat): void {
  const found = store.list(folder).find(({ name }) => isDataFile(name, format) || name.endsWith(UNFINISHED))
  if (found !== undefined) throw inUse(store, folder === '' ? found.name : `${folder}/${found.name}`)
}

export function requireNoFile(store: FileStore, path: string): void {
  if (store.stat(path) !== undefined) throw inUse(store, path)
}

/** The folder was empty when the export began: somebody else has written there since. */
export const takenMeanwhile = (store: FileStore, path: string): Error =>
  new HoldfastError('conflict', `Another export is writing into ${store.root}: it has made ${path}.`, {
    code: 'exportFolder',
    where: { file: `${store.root}/${path}` },
    hint: 'files of the other one were left as they are; choose another folder',
  })

const inUse = (store: FileStore, path: string): Error =>
  inputError(`The folder ${store.root} already holds ${path}; an export does not write over files.`, {
    code: 'exportFolder',
    where: { file: `${store.root}/${path}` },
    hint: 'choose another folder, or remove what an interrupted export left',
  })
