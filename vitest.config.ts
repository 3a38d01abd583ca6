import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{lang,runtime,dfs,jobs,repl,test,bench}/**/*.test.ts'],
    exclude: ['**/*.long.test.ts', '**/node_modules/**'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
})
