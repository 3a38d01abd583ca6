/** All builtins of the library families: text, formatting, temporal, vectors, matrices, dictionaries, tables, files and JSON. */
import type { Builtin } from '../registry.ts'
import { calculusBuiltins } from './calculus.ts'
import { classifierBuiltins } from './classifiers.ts'
import { columnarTupleBuiltins } from './columnar-tuples.ts'
import { compressionBuiltins } from './compression.ts'
import { dataSourceBuiltins } from './data-sources.ts'
import { decompositionBuiltins } from './decompositions.ts'
import { dictBuiltins } from './dicts-sets.ts'
import { distanceBuiltins } from './distances.ts'
import { distributionBuiltins } from './distributions.ts'
import { fileBuiltins } from './files.ts'
import { formatBuiltins } from './format.ts'
import { frequencyBuiltins } from './frequency.ts'
import { gramBuiltins } from './gram.ts'
import { hypothesisTestBuiltins } from './hypothesis-tests.ts'
import { indexedBuiltins } from './indexed.ts'
import { interpolationBuiltins } from './interpolation.ts'
import { jsonBuiltins } from './json.ts'
import { linearAlgebraBuiltins } from './linear-algebra.ts'
import { matrixBuiltins } from './matrices.ts'
import { modelBuiltins } from './models.ts'
import { npyBuiltins } from './npy.ts'
import { objectFileBuiltins } from './object-files.ts'
import { optimizationBuiltins } from './optimization.ts'
import { pairStatisticBuiltins } from './pair-statistics.ts'
import { panelBuiltins } from './panel.ts'
import { penalizedRegressionBuiltins } from './penalized-regression.ts'
import { recordBuiltins } from './records.ts'
import { regressionBuiltins } from './regression.ts'
import { resampledInterpolationBuiltins } from './resampled-interpolation.ts'
import { seriesTestBuiltins } from './series-tests.ts'
import { shiftBuiltins } from './shifts.ts'
import { splineBuiltins } from './splines.ts'
import { stateBuiltins } from './states.ts'
import { statisticsBuiltins } from './statistics.ts'
import { stringBuiltins } from './strings.ts'
import { stringEncodeBuiltins } from './strings-encode.ts'
import { stringHashBuiltins } from './strings-hash.ts'
import { stringMatchBuiltins } from './strings-match.ts'
import { summaryBuiltins } from './summary.ts'
import { tableReshapeBuiltins } from './table-reshapes.ts'
import { tableBuiltins } from './tables.ts'
import { keyedTableBuiltins } from './tables-keyed.ts'
import { specialTableBuiltins } from './tables-special.ts'
import { temporalBuiltins } from './temporal.ts'
import { temporalEdgeBuiltins } from './temporal-edges.ts'
import { temporalPartBuiltins } from './temporal-parts.ts'
import { textFileBuiltins } from './text-files.ts'
import { turningPointBuiltins } from './turning-points.ts'
import { vectorTestBuiltins } from './vector-tests.ts'
import { vectorBuiltins } from './vectors.ts'
import { windowRangeBuiltins } from './window-ranges.ts'

export const libraryBuiltins: readonly Builtin[] = [
  ...stringBuiltins,
  ...stringMatchBuiltins,
  ...stringHashBuiltins,
  ...stringEncodeBuiltins,
  ...formatBuiltins,
  ...temporalBuiltins,
  ...temporalPartBuiltins,
  ...temporalEdgeBuiltins,
  ...frequencyBuiltins,
  ...vectorBuiltins,
  ...shiftBuiltins,
  ...indexedBuiltins,
  ...interpolationBuiltins,
  ...splineBuiltins,
  ...resampledInterpolationBuiltins,
  ...turningPointBuiltins,
  ...compressionBuiltins,
  ...vectorTestBuiltins,
  ...stateBuiltins,
  ...windowRangeBuiltins,
  ...matrixBuiltins,
  ...linearAlgebraBuiltins,
  ...decompositionBuiltins,
  ...gramBuiltins,
  ...distributionBuiltins,
  ...regressionBuiltins,
  ...hypothesisTestBuiltins,
  ...seriesTestBuiltins,
  ...statisticsBuiltins,
  ...distanceBuiltins,
  ...pairStatisticBuiltins,
  ...summaryBuiltins,
  ...modelBuiltins,
  ...classifierBuiltins,
  ...penalizedRegressionBuiltins,
  ...calculusBuiltins,
  ...optimizationBuiltins,
  ...panelBuiltins,
  ...dictBuiltins,
  ...tableBuiltins,
  ...keyedTableBuiltins,
  ...specialTableBuiltins,
  ...tableReshapeBuiltins,
  ...columnarTupleBuiltins,
  ...textFileBuiltins,
  ...dataSourceBuiltins,
  ...fileBuiltins,
  ...recordBuiltins,
  ...npyBuiltins,
  ...objectFileBuiltins,
  ...jsonBuiltins,
]
