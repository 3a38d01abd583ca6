import { defineConfig } from 'vitest/config'

/** A test of what a process is before anything is registered in it. */
const ALONE = ['runtime/values/transfer.test.ts']
const LONG = ['**/*.long.test.ts', '**/node_modules/**']

/** Tests of language and runtime share processes: loading the runtime anew for each file took half a minute. The store's have processes of their own. */
export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'language',
          include: ['{lang,runtime}/**/*.test.ts'],
          exclude: [...LONG, ...ALONE],
          isolate: false,
        },
      },
      {
        extends: true,
        test: { name: 'store', include: ['{dfs,jobs,repl,test,bench}/**/*.test.ts', ...ALONE], exclude: LONG },
      },
    ],
  },
})
