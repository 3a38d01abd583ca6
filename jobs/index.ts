/** Threads and background work. What this entrance loads is what the main thread needs: no interpreter, no store. */
export { EngineHost, type HostOptions } from './engine-host.ts'
export { JobFiles } from './job-files.ts'
export { hasEnded } from './job-state.ts'
export type { FailureMessage, JobRecord, JobState, ProgressMessage, SessionConfig } from './messages.ts'
export type { Completions, SessionHandle, SessionListeners } from './session-handle.ts'
export { deathMessage } from './thread-death.ts'
