/** All builtins over operators and kernels: conversion, arithmetic, aggregates, windows, sorting, random numbers, queries as functions. */
import type { Builtin } from '../registry.ts'
import { aggregateBuiltins } from './aggregate.ts'
import { binningBuiltins } from './binning.ts'
import { compareBuiltins } from './compare.ts'
import { convertBuiltins } from './convert.ts'
import { creationBuiltins } from './creation.ts'
import { cumulativeBuiltins } from './cumulative.ts'
import { fillBuiltins } from './fills.ts'
import { groupingBuiltins } from './grouping.ts'
import { indicatorBuiltins } from './indicators.ts'
import { joinBuiltins } from './joins.ts'
import { mathBuiltins } from './math.ts'
import { nullBuiltins } from './nulls.ts'
import { randomBuiltins } from './random.ts'
import { rowGroupBuiltins } from './row-groups.ts'
import { rowColumnBuiltins } from './rows-columns.ts'
import { rowwiseBuiltins } from './rowwise.ts'
import { rowSelectBuiltins } from './rowwise-select.ts'
import { sessionBarBuiltins } from './session-bars.ts'
import { sortingBuiltins } from './sorting.ts'
import { sqlBuiltins } from './sql-functions.ts'
import { windowBuiltins } from './window.ts'
import { windowApplyBuiltins } from './window-apply.ts'
import { topWindowBuiltins } from './window-topn.ts'

export const coreBuiltins: readonly Builtin[] = [
  ...convertBuiltins,
  ...nullBuiltins,
  ...fillBuiltins,
  ...creationBuiltins,
  ...mathBuiltins,
  ...compareBuiltins,
  ...aggregateBuiltins,
  ...binningBuiltins,
  ...cumulativeBuiltins,
  ...indicatorBuiltins,
  ...windowBuiltins,
  ...windowApplyBuiltins,
  ...topWindowBuiltins,
  ...rowwiseBuiltins,
  ...rowSelectBuiltins,
  ...sessionBarBuiltins,
  ...sortingBuiltins,
  ...randomBuiltins,
  ...groupingBuiltins,
  ...rowGroupBuiltins,
  ...rowColumnBuiltins,
  ...joinBuiltins,
  ...sqlBuiltins,
]
