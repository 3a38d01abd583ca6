/**
 * A statistic over sliding windows without ever taking an element out: the window is a queue of two parts. Of the older part each element keeps the
 * summary from itself to the part's end; the newer part keeps one running summary. A window is one merge of the two, and when the older part is used
 * up the whole window becomes it: two merges an element on average, whatever the window's length.
 */
import { kernel } from './codegen.ts'
import type { NodeSummary } from './summaries.ts'

/** What a summary says in the end; NaN where the statistic has no value. */
export type Finish<S> = (summary: S, node: number) => number

type SlideLoop<S> = (
  starts: Int32Array,
  lead: number,
  least: number,
  s: S,
  finish: Finish<S>,
  out: Float64Array | BigInt64Array,
  none: number | bigint,
) => void

/** Longest window. */
export function longestWindow(starts: Int32Array): number {
  let longest = 0
  for (let k = 0; k < starts.length; k++) if (k - starts[k] >= longest) longest = k - starts[k] + 1
  return longest
}

/**
 * out[k] = finish of the summary of elements starts[k]..k where it is due (k >= lead and at least `least` valid elements), otherwise `none`.
 * `key` names the statistic: each has its own compiled loop, so that calls inside it go to one class only.
 */
export function slide<S extends NodeSummary, O extends Float64Array | BigInt64Array>(
  key: string,
  windows: { readonly starts: Int32Array; readonly lead: number; readonly minValid: number },
  summary: S,
  finish: (summary: S, node: number) => O[number],
  out: O,
  none: O[number],
): O {
  const longest = longestWindow(windows.starts)
  summary.allocate(longest + 2)
  kernel<SlideLoop<S>>(
    `slide:${key}`,
    'starts,lead,least,s,finish,out,none',
    () => `const run=s.count.length-2,answer=run+1;let base=0,mid=-1;
for(let k=0;k<starts.length;k++){const from=starts[k];let node=run;
if(from>mid+1){base=from;s.fill(k-base,k);for(let i=k-1;i>=from;i--){s.fill(answer,i);s.merge(i-base,answer,i+1-base)}mid=k;s.clear(run);node=0}
else{s.fill(answer,k);s.merge(run,run,answer);if(from<=mid){s.merge(answer,from-base,run);node=answer}}
out[k]=k>=lead&&s.count[node]>=least?finish(s,node):none}`,
  )(windows.starts, windows.lead, windows.minValid, summary, finish as Finish<S>, out, none)
  return out
}
