/** Order statistics of plain doubles. */

export const INTERPOLATIONS = ['linear', 'lower', 'higher', 'nearest', 'midpoint'] as const
export type Interpolation = (typeof INTERPOLATIONS)[number]

/** The value between two neighbours in sorted order: `part` of the way from the one at position `low` to the next. */
export type Interpolate = (lower: number, upper: number, part: number, low: number) => number

export const INTERPOLATE: Readonly<Record<Interpolation, Interpolate>> = {
  linear: (lower, upper, part) => lower + (upper - lower) * part,
  lower: (lower) => lower,
  higher: (_lower, upper) => upper,
  midpoint: (lower, upper) => (lower + upper) / 2,
  // Half way the lower one.
  nearest: (lower, upper, part) => (part <= 0.5 ? lower : upper),
}

/** The k-th smallest (0-based) element; reorders the array (quickselect, median of three). */
export function selectKth(data: Float64Array, k: number): number {
  let low = 0
  let high = data.length - 1
  while (low < high) {
    const mid = (low + high) >> 1
    if (data[mid] < data[low]) swap(data, mid, low)
    if (data[high] < data[low]) swap(data, high, low)
    if (data[high] < data[mid]) swap(data, high, mid)
    const pivot = data[mid]
    let i = low
    let j = high
    while (i <= j) {
      while (data[i] < pivot) i++
      while (data[j] > pivot) j--
      if (i <= j) {
        swap(data, i, j)
        i++
        j--
      }
    }
    if (k <= j) high = j
    else if (k >= i) low = i
    else return data[k]
  }
  return data[k]
}

function swap(data: Float64Array, a: number, b: number): void {
  const x = data[a]
  data[a] = data[b]
  data[b] = x
}

/** The quantile q (0..1) at position q * (n - 1); undefined for no elements. Reorders the array. */
export function quantileOf(data: Float64Array, q: number, interpolation: Interpolation = 'linear'): number | undefined {
  if (data.length === 0) return undefined
  const position = q * (data.length - 1)
  // Positions such as 0.1 * 30 miss an integer by rounding error only.
  const nearest = Math.round(position)
  const exact = Math.abs(position - nearest) < 1e-9
  const low = exact ? nearest : Math.floor(position)
  const lower = selectKth(data, low)
  if (exact || low + 1 >= data.length) return lower
  let upper = Number.POSITIVE_INFINITY
  for (let k = low + 1; k < data.length; k++) if (data[k] < upper) upper = data[k]
  const part = position - low
  return INTERPOLATE[interpolation](lower, upper, part, low)
}

/** The median; undefined for no elements. Reorders the array. */
export const medianOf = (data: Float64Array): number | undefined => quantileOf(data, 0.5)
