/** polars-scan.ts parquet SEGMENTS FILE, or polars-scan.ts query SEGMENTS: the queries of storage/scan.ts over segment files. POLARS_MAX_THREADS rules. */
import pl from 'nodejs-polars'

const [part, segments, parquet] = process.argv.slice(2)
const table = pl.scanIPC(segments)

if (part === 'parquet') {
  const plain = table.withColumn(pl.col('symbol').cast(pl.Utf8))
  await plain.sinkParquet(parquet).collect()
  console.log('{}')
} else {
  const volume = pl.col('volume')
  const price = pl.col('price')
  const started = performance.now()
  const aggregate = await table.select(volume.sum(), price.mean(), pl.col('time').max()).collect()
  const aggregated = performance.now()
  const filter = await table
    .filter(price.gt(75).and(volume.lt(500)))
    .select(volume.sum().alias('a'), volume.count().alias('b'), price.max().alias('c'))
    .collect()
  const filtered = performance.now()
  const group = await table.groupBy('symbol').agg(volume.sum(), price.mean()).collect()
  const grouped = performance.now()
  // Not get(0): it gives 64-bit integers cut to 32 bits.
  console.log(
    `${aggregate.getColumn('volume').sum()} ${filter.getColumn('b').sum()} ${group.height} ${group.getColumn('volume').sum()}`,
  )
  console.log(
    JSON.stringify({ aggregate: aggregated - started, filter: filtered - aggregated, group: grouped - filtered }),
  )
}
