/** All builtins that stand on the kernels: conversion, arithmetic, statistics, windows, sorting, random numbers. */
import type { Builtin } from '../registry.ts'
import { aggregateBuiltins } from './aggregate.ts'
import { binningBuiltins } from './binning.ts'
import { compareBuiltins } from './compare.ts'
import { convertBuiltins } from './convert.ts'
import { creationBuiltins } from './creation.ts'
import { cumulativeBuiltins } from './cumulative.ts'
import { indicatorBuiltins } from './indicators.ts'
import { mathBuiltins } from './math.ts'
import { randomBuiltins } from './random.ts'
import { rowwiseBuiltins } from './rowwise.ts'
import { sortingBuiltins } from './sorting.ts'
import { windowBuiltins } from './window.ts'

export const kernelBuiltins: readonly Builtin[] = [
  ...convertBuiltins,
  ...creationBuiltins,
  ...mathBuiltins,
  ...compareBuiltins,
  ...aggregateBuiltins,
  ...binningBuiltins,
  ...cumulativeBuiltins,
  ...indicatorBuiltins,
  ...windowBuiltins,
  ...sortingBuiltins,
  ...rowwiseBuiltins,
  ...randomBuiltins,
]
