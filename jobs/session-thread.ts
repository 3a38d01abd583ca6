/**
 * Entry of a session thread: one interpreter for the prompt or a script. Between statements it waits in its event loop for the next command; during one
 * it hears only the interrupt word.
 */
import { type MessagePort, parentPort } from 'node:worker_threads'
import type { SessionBoot, SessionCommand, SessionEvent } from './messages.ts'
import { RingWriter } from './output-ring.ts'
import { prepareSessions, ThreadSession } from './thread-session.ts'

const main = requirePort()
const tell = (event: SessionEvent): void => main.postMessage(event)
let session: ThreadSession

// The thread may be up before anybody knows what session it will be (early-thread.ts).
prepareSessions()
main.on('message', (command: SessionCommand) => {
  switch (command.kind) {
    case 'boot':
      session = startSession(command.boot)
      return
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

function requirePort(): MessagePort {
  if (parentPort === null) throw new Error('session-thread runs as a worker thread')
  return parentPort
}

function startSession({ config, link, output, user }: SessionBoot): ThreadSession {
  const ring = new RingWriter(output, () => tell({ kind: 'output' }))
  const started = new ThreadSession(config, link, {
    print: (text) => ring.write(`${text}\n`),
    notice: (text) => tell({ kind: 'notice', text }),
    progress: (progress) => tell({ kind: 'progress', progress }),
  })
  if (user !== undefined) started.interpreter.user = user
  return started
}
