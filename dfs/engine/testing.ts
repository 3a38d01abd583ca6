/** For tests: the plainest database there is, `dfs://db` with the table `pt` of the columns id and x, three VALUE partitions by id. */
import { T } from '../../runtime/values/index.ts'
import type { EngineClient } from './commands.ts'

export const PLAIN_URL = 'dfs://db'

export const PLAIN_COLUMNS = [
  { name: 'id', type: T.INT },
  { name: 'x', type: T.INT },
] as const

export function createPlainTable(engine: Pick<EngineClient, 'request'>): void {
  engine.request(
    {
      kind: 'createDatabase',
      database: {
        url: PLAIN_URL,
        id: 'd',
        schemes: [{ kind: 'VALUE', type: T.INT, values: [0, 1, 2] }],
        compo: false,
        engine: 'OLAP',
        atomic: 'TRANS',
        chunkGranularity: 'TABLE',
        owner: 'admin',
        createdMs: 0,
      },
    },
    '',
  )
  engine.request(
    {
      kind: 'createTable',
      table: {
        db: PLAIN_URL,
        name: 'pt',
        id: 't',
        physicalIndex: '',
        columns: PLAIN_COLUMNS,
        partitionColumns: ['id'],
        sortColumns: [],
        keepDuplicates: 'ALL',
        compressMethods: {},
        comment: '',
        owner: 'admin',
        createdMs: 0,
        schemaVersion: 1,
      },
    },
    '',
  )
}
