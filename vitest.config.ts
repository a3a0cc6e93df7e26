import { tmpdir } from "node:os"
import { join } from "node:path"
import { defineConfig } from "vitest/config"

// Tests start hundreds of processes: query children, servers, the CLI, the CDK. Compiled code halves what they take.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), "millrace-test-compile-cache")

// Time limits are generous: they end a hang, they measure nothing. By default one worker would leave the second of two
// cores idle.
const project = (name: string, include: string[], testTimeout: number) => ({
  test: {
    name,
    include,
    testTimeout,
    hookTimeout: testTimeout,
    pool: "forks" as const,
    maxWorkers: 2,
    // A small young generation grows only by being collected again and again.
    execArgv: ["--min-semi-space-size=16"],
  },
})

const apart = ["storage", "simulation", "e2e"]

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...project("unit", ["test/**/*.test.ts"], 30_000).test,
          // A worker takes one file after the other: to load all modules anew for each takes a fifth of the project's
          // time. What a file changes of the process (environment, globals), it puts back.
          isolate: false,
          exclude: apart.map(room => `test/${room}/**`),
        },
      },
      project("contract", ["test/storage/**/*.test.ts"], 60_000),
      project("simulation", ["test/simulation/**/*.test.ts"], 300_000),
      project("e2e", ["test/e2e/**/*.test.ts"], 300_000),
    ],
  },
})
