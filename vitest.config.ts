import { defineConfig } from "vitest/config"

// Time limits are generous: they end a hang, they measure nothing. By default one worker would leave the second of two
// cores idle.
const project = (name: string, include: string[], testTimeout: number) => ({
  test: { name, include, testTimeout, hookTimeout: testTimeout, pool: "forks" as const, maxWorkers: 2 },
})

const apart = ["storage", "simulation", "e2e"]

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...project("unit", ["test/**/*.test.ts"], 30_000).test,
          exclude: apart.map(room => `test/${room}/**`),
        },
      },
      project("contract", ["test/storage/**/*.test.ts"], 60_000),
      project("simulation", ["test/simulation/**/*.test.ts"], 300_000),
      project("e2e", ["test/e2e/**/*.test.ts"], 300_000),
    ],
  },
})
