/**
 * Entry of a session thread: one interpreter for the prompt or a script. Between statements it waits in its event loop for the next command; during one
 * it hears only the interrupt word.
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { SessionBoot, SessionCommand, SessionEvent } from './messages.ts'
import { RingWriter } from './output-ring.ts'
import { ThreadSession } from './thread-session.ts'

const boot = workerData as SessionBoot
const main = parentPort
if (main === null) throw new Error('session-thread runs as a worker thread')

const tell = (event: SessionEvent): void => main.postMessage(event)
const output = new RingWriter(boot.output, () => tell({ kind: 'output' }))
const session = new ThreadSession(boot.config, boot.link, {
  print: (text) => output.write(`${text}\n`),
  notice: (text) => tell({ kind: 'notice', text }),
  progress: (progress) => tell({ kind: 'progress', progress }),
})

if (boot.user !== undefined) session.interpreter.user = boot.user

main.on('message', (command: SessionCommand) => {
  switch (command.kind) {
    case 'run': {
      const failure = session.runStatement(command.text, command.file, command.show)
      tell({ kind: 'done', id: command.id, failure, user: session.interpreter.user })
      return
    }
    case 'args':
      session.setArguments(command.args)
      return
    case 'complete':
      tell({ kind: 'completions', id: command.id, ...session.complete(command.line) })
      return
    case 'isComplete':
      tell({ kind: 'complete?', id: command.id, complete: session.isComplete(command.text) })
      return
  }
})
tell({ kind: 'ready' })
