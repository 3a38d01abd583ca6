import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{lang,runtime,dfs,jobs,repl,test,bench}/**/*.long.test.ts'],
    testTimeout: 3_600_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
})
