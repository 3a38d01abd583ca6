/** What runs and what has run, in the shapes of a query monitor. A statement of a session (a line of the prompt, or a script as a whole) is a query here. */
import { isAdministrator } from '../dfs/index.ts'
import { intArg } from '../runtime/builtins/args.ts'
import { usageError } from '../runtime/errors.ts'
import { type Builtin, topicTable } from '../runtime/registry.ts'
import type { Session } from '../runtime/session.ts'
import { queryStatusTable, queryTable } from './job-tables.ts'
import { jobsService } from './jobs-client.ts'
import type { ConsoleJob } from './messages.ts'

const { entries, define } = topicTable('Background jobs')
export const queryBuiltins: readonly Builtin[] = entries

/** Administrators see all, others their own. */
function visible<J extends ConsoleJob>(session: Session, all: readonly J[]): J[] {
  return isAdministrator(session) ? [...all] : all.filter((job) => job.user === session.user)
}

define('getRunningQueries()', {
  doc: 'What the sessions of this process run now, a row for each statement or script: userID, sessionID, jobID, rootID, level, startTime, endTime (null), jobDesc, errorMsg, remoteIP. Administrators see all, others their own.',
  call: (_, session) => queryTable(visible(session, session.service(jobsService).consoleJobs())),
})

const COMPLETED = 'getCompletedQueries([top=10])'
define(COMPLETED, {
  doc: 'The last statements and scripts that sessions of this process have run to their end, newest first, with the columns of getRunningQueries; at most the last 1000 are known. Whether they failed is not kept: errorMsg is empty.',
  call: ([top], session) => {
    const count = intArg(top, COMPLETED, 'top', 10)
    if (count < 1) throw usageError(COMPLETED, 'top must be positive.')
    return queryTable(visible(session, session.service(jobsService).completedStatements()).slice(0, count))
  },
})

define('getQueryStatus()', {
  doc: 'How far what runs now is: id, sessionId, userId, query, startTime, elapsedTimeInMs, memoryUsage (null: it is not counted by query), totalTaskCount, completedTaskCount, percentComplete. A statement is one task.',
  call: (_, session) => queryStatusTable(visible(session, session.service(jobsService).consoleJobs()), session.now()),
})
