/**
 * Functions of the dialect that belong to what Holdfast is not: who brings a script that calls one is told which part of the dialect is missing, not only that
 * nobody knows the name.
 */

interface Area {
  /** Ends the sentence "... belongs to". */
  readonly what: string
  readonly names: ReadonlySet<string>
  readonly pattern?: RegExp
}

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

let areas: readonly Area[] | undefined

const allAreas = (): readonly Area[] => [
  {
    what: 'streaming',
    names: words(`
      streamTable keyedStreamTable haStreamTable latestKeyedStreamTable changelogStreamTable subscribeTable unsubscribeTable replay replayDS stopSubEngine streamFilter streamEngineParser getStreamingStat
      enableTableShareAndPersistence enableTablePersistence enableTableShareAndCachePurge disableTablePersistence clearTablePersistence getPersistenceMeta dropStreamTable dropStreamEngine dropAggregator
      removeAggregator getAggregator getAggregatorStat getStreamEngine getStreamEngineStat appendForJoin appendMsg addMetrics addReactiveMetrics getReactiveMetrics warmupStreamEngine warmupOrderBookEngine
      getSubscriptionTopic removeTopicOffset getTopicProcessedOffset setStreamTableFilterColumn setStreamTableTimestamp conditionalIterate stateIterate stateMavg genericStateIterate genericTStateIterate
    `),
    pattern: /^create\w+(Engine|Aggregator)$/,
  },
  {
    what: 'complex event processing, a part of streaming',
    names: words('addEventListener emitEvent routeEvent dropEventListener streamEventSerializer'),
  },
  {
    what: 'servers and clusters',
    names: words(`
      xdb remoteRun remoteRunCompatible remoteRunWithCompression addNode addVolumes startDataNode stopDataNode rebalanceChunksAmongDataNodes rebalanceChunksWithinDataNode moveReplicas copyReplicas deleteReplicas
      resetRecoveryWorkerNum suspendRecovery resumeRecovery getMasterReplicationStatus getSlaveReplicationStatus setDatabaseForClusterReplication startClusterReplication stopClusterReplication updateLicense
      getLicenseExpiration createDistributedInMemoryTable createIPCInMemoryTable loadIPCInMemoryTable dropIPCInMemoryTable
    `),
  },
  { what: 'plugins', names: words('installPlugin listRemotePlugins listPluginsByCluster') },
  {
    what: 'genetic programming on graphics processors',
    names: words('createGPLearnEngine gpFit gpPredict setGpFitnessFunc'),
  },
  {
    what: 'pricing of financial instruments',
    names: words(`
      bondAccrInt bondCashflow bondConvexity bondDirtyPrice bondDuration bondYield bondCalculator treasuryConversionFactor convertibleFixedRateBondDirtyPrice floatingRateBondDirtyPrice irs cds vanillaOption
      ns nss nssPredict parseInstrument parseMktData instrumentPricer portfolioPricer
    `),
    pattern: /^(bond|cm|eq|fx|ir)\w+(Pricer|CurveBuilder|SurfaceBuilder)$/,
  },
]

/** Says what is missing where the name belongs to a part of the dialect that is not there; undefined for any other name. */
export function missingFeature(name: string): string | undefined {
  areas ??= allAreas()
  const area = areas.find((a) => a.names.has(name) || a.pattern?.test(name) === true)
  return area === undefined ? undefined : `${name} belongs to ${area.what}, which is not a part of Holdfast`
}

/** The same for `module::function`: plugins bring their functions under names of their own. */
export function missingModule(path: readonly string[]): string | undefined {
  if (path.length !== 2) return undefined
  return PLUGINS.has(path[0])
    ? `${path[0]} is a plugin; Holdfast has no plugins: use a script, or exchange files`
    : undefined
}

const PLUGINS: ReadonlySet<string> = words(`
  mysql odbc hdf5 mat mongodb mqtt opc opcua kafka zmq zip excel hbase hdfs aws httpClient xgboost lightgbm svm signal amdQuote nsq insight ctp Backtest MatchingEngineSimulator OrderBook arrow feather
  redis rabbitmq rocketmq snap7 influxdb tcpSocket py gurobi
`)
