export {
  type CompactionCandidate,
  type CompactionPolicy,
  chooseSegments,
  compactionCandidates,
  DEFAULT_POLICY,
} from './choose.ts'
export { type Compacted, type CompactionOptions, compactChunk, mergeSegments } from './run.ts'
