/**
 * Statistics of the first elements of a window in the order of a sorting column. The elements have fixed places in a binary tree, in sorted order;
 * an element that enters or leaves its window fills or clears its leaf, and the summaries of the nodes above it are put together from their two
 * children again: O(log w) each for windows of w elements, since the tree is made afresh for every stretch of about w elements.
 */
import { kernel } from './codegen.ts'
import { longestWindow } from './sliding.ts'
import type { NodeSummary } from './summaries.ts'

/** Leaves in sorted order, some of them filled. */
export class SummaryTree<S extends NodeSummary> {
  readonly size: number
  readonly filled: Int32Array
  readonly summary: S

  constructor(places: number, summary: S) {
    let size = 1
    while (size < places) size *= 2
    this.size = size
    // One node more than the tree has: the answer to a query is put together there.
    this.filled = new Int32Array(2 * size + 1)
    this.summary = summary
    summary.allocate(2 * size + 1)
  }

  /** Puts element k at a place. */
  add(place: number, k: number): void {
    const leaf = this.size + place
    this.filled[leaf] = 1
    this.summary.fill(leaf, k)
    this.#climb(leaf)
  }

  remove(place: number): void {
    const leaf = this.size + place
    this.filled[leaf] = 0
    this.summary.clear(leaf)
    this.#climb(leaf)
  }

  #climb(leaf: number): void {
    for (let node = leaf >> 1; node >= 1; node >>= 1) {
      this.filled[node] = this.filled[2 * node] + this.filled[2 * node + 1]
      this.summary.merge(node, 2 * node, 2 * node + 1)
    }
  }

  /** Place of the i-th filled leaf (0-based). */
  place(i: number): number {
    let node = 1
    let rest = i
    while (node < this.size) {
      node *= 2
      if (this.filled[node] <= rest) {
        rest -= this.filled[node]
        node++
      }
    }
    return node - this.size
  }

  /** The node that holds the summary of all leaves before place `end`. */
  before(end: number): number {
    if (end >= this.size) return 1
    const answer = 2 * this.size
    this.summary.clear(answer)
    for (let node = this.size + end; node > 1; node >>= 1)
      if ((node & 1) === 1) this.summary.merge(answer, answer, node - 1)
    return answer
  }
}

export type TopTies = 'oldest' | 'latest' | 'all'

/** Which elements of a window count. */
export interface TopChoice {
  /** A number of elements, or (below 1) the part of the window's elements, at least one. */
  readonly top: number
  readonly ties: TopTies
}

/** Dense keys of the sorting column in the wanted order; -1 for an element that never takes part. */
export type SortKeys = Int32Array

/** The places of a stretch of elements among themselves. */
interface Places {
  /** Of each element of the stretch; -1 for one that does not take part. */
  readonly of: Int32Array
  /** For each place the place after the last one with an equal key. */
  readonly tieEnd: Int32Array
  readonly count: number
}

/** Elements from..to-1 in order of key, equal ones in the order in which they are taken. */
function placesOf(keys: SortKeys, from: number, to: number, ties: TopTies): Places {
  const length = to - from
  const codes = new Float64Array(length)
  let count = 0
  for (let k = 0; k < length; k++) {
    const key = keys[from + k]
    // Key and position in one number, exact below 2^53: sorted as plain numbers.
    if (key >= 0) codes[count++] = key * length + (ties === 'latest' ? length - 1 - k : k)
  }
  const sorted = codes.subarray(0, count).sort()
  const of = new Int32Array(length).fill(-1)
  const tieEnd = new Int32Array(count)
  let end = count
  for (let place = count - 1; place >= 0; place--) {
    const key = Math.floor(sorted[place] / length)
    const position = sorted[place] - key * length
    of[ties === 'latest' ? length - 1 - position : position] = place
    if (place + 1 < count && Math.floor(sorted[place + 1] / length) !== key) end = place + 1
    tieEnd[place] = end
  }
  return { of, tieEnd, count }
}

/** A stretch is at least this long, so that short windows do not make many trees. */
const STRETCH_ROWS = 512

type TopLoop<S extends NodeSummary> = (
  tree: SummaryTree<S>,
  places: Places,
  base: number,
  starts: Int32Array,
  from: number,
  to: number,
  choice: TopChoice,
  finish: (summary: S, node: number) => number | bigint,
  out: Float64Array | BigInt64Array,
  none: number | bigint,
) => void

/** out[k] = finish of the summary of the chosen elements of starts[k]..k; `none` where no valid element is among them. */
export function topOfWindows<S extends NodeSummary, O extends Float64Array | BigInt64Array>(
  key: string,
  keys: SortKeys,
  starts: Int32Array,
  choice: TopChoice,
  summary: S,
  finish: (summary: S, node: number) => O[number],
  out: O,
  none: O[number],
): O {
  const loop = kernel<TopLoop<S>>(
    `top:${key}`,
    'tree,places,base,starts,from,to,choice,finish,out,none',
    () => `const {of,tieEnd}=places,{top,ties}=choice,s=tree.summary;let gone=base;
for(let k=base;k<from;k++)if(of[k-base]>=0)tree.add(of[k-base],k);
for(let k=from;k<to;k++){if(of[k-base]>=0)tree.add(of[k-base],k);
for(;gone<starts[k];gone++)if(of[gone-base]>=0)tree.remove(of[gone-base]);
const wanted=top<1?Math.max(1,Math.floor((k-starts[k]+1)*top+1e-9)):top;let node=1;
if(tree.filled[1]>wanted){const last=tree.place(wanted-1);node=tree.before(ties==='all'?tieEnd[last]:last+1)}
out[k]=s.count[node]>0?finish(s,node):none}`,
  )
  const stretch = Math.max(STRETCH_ROWS, longestWindow(starts))
  for (let from = 0; from < starts.length; from += stretch) {
    const to = Math.min(starts.length, from + stretch)
    const base = starts[from]
    const places = placesOf(keys, base, to, choice.ties)
    loop(new SummaryTree(places.count, summary), places, base, starts, from, to, choice, finish, out, none)
  }
  return out
}
