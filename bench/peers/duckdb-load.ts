/**
 * duckdb-load.ts FILE ROWS_PER_DAY DAYS THREADS: the rows of storage/load.ts through DuckDB's appender, and a checkpoint. Drawing the numbers is not timed; handing
 * over values one by one, in the types that the appender takes, is.
 */
import {
  DOUBLE,
  DuckDBDataChunk,
  DuckDBInstance,
  DuckDBTimestampMillisecondsValue,
  TIMESTAMP_MS,
  VARCHAR,
} from '@duckdb/node-api'

const [file, rowsPerDay, days, threads] = process.argv.slice(2)
const CHUNK = 2048
const DAY_MS = 86_400_000
const start = Date.UTC(2024, 0, 1)

const instance = await DuckDBInstance.create(file, { threads })
const connection = await instance.connect()
await connection.run(
  'create table quotes(time timestamp_ms, symbol varchar, price double, volume double, bid double, ask double)',
)
const types = [TIMESTAMP_MS, VARCHAR, DOUBLE, DOUBLE, DOUBLE, DOUBLE]
const chunk = DuckDBDataChunk.create(types, CHUNK)
const random = (scale: number): Float64Array =>
  Float64Array.from({ length: Number(rowsPerDay) }, () => Math.random() * scale)

let elapsed = 0
for (let day = 0; day < Number(days); day++) {
  const columns = [random(100), random(1000), random(100), random(100)]
  const startedMs = performance.now()
  const appender = await connection.createAppender('quotes')
  for (let from = 0; from < Number(rowsPerDay); from += CHUNK) {
    const rows = Math.min(CHUNK, Number(rowsPerDay) - from)
    chunk.rowCount = rows
    const times = chunk.getColumnVector(0)
    const symbols = chunk.getColumnVector(1)
    for (let k = 0; k < rows; k++) {
      const at = from + k
      times.setItem(k, new DuckDBTimestampMillisecondsValue(BigInt(start + day * DAY_MS + (at % DAY_MS))))
      symbols.setItem(k, `${1 + (at % 500)}`)
    }
    times.flush()
    symbols.flush()
    columns.forEach((values, c) => {
      const vector = chunk.getColumnVector(2 + c)
      for (let k = 0; k < rows; k++) vector.setItem(k, values[from + k])
      vector.flush()
    })
    appender.appendDataChunk(chunk)
  }
  appender.closeSync()
  await connection.run('checkpoint')
  elapsed += performance.now() - startedMs
}
console.log(JSON.stringify({ load: elapsed }))
