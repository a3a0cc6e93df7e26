import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { expect, test } from "vitest"

// The rules of the house that neither the compiler nor the linter knows. Function length is the linter's.

const root = resolve(import.meta.dirname, "..")
const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: root })
const sources = listed
  .toString()
  .split("\n")
  .filter(file => /^(shared|cli|client|functions|infra|pack|localstack|examples)\/.*\.ts$/.test(file))
  .map(file => ({ file, text: readFileSync(join(root, file), "utf8") }))

/** The code without comments and texts, lines kept. */
function bare(text: string): string {
  const blank = (match: string) => match.replace(/[^\n]/g, " ")
  return text
    .replace(/\/\*[\s\S]*?\*\//g, blank)
    .replace(/(^|[^:\\"'`])\/\/.*$/gm, "$1")
    .replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, '""')
}

/** What each room may import of the others, the most particular path first. */
const ROOMS: readonly (readonly [room: string, mayImport: readonly string[]])[] = [
  ["shared/definition", []],
  ["shared/storage/memory", ["shared/storage"]],
  ["shared/storage/local", ["shared/storage"]],
  ["shared/storage/aws", ["shared/storage"]],
  ["shared/storage", []],
  ["shared/log/records", ["shared/log/errors.ts", "shared/log/types.ts"]],
  ["shared/log", ["shared/storage", "shared/definition", "shared/log/records"]],
  ["shared/processing", ["shared/log", "shared/storage", "shared/definition", "shared/log/records"]],
  ["shared/serving", ["shared/log", "shared/storage", "shared/definition", "shared/log/records"]],
  [
    "shared/api",
    [
      "shared/log",
      "shared/processing",
      "shared/serving",
      "shared/storage",
      "shared/definition",
      "shared/log/records",
    ],
  ],
  [
    "shared/deployment",
    ["shared/definition", "shared/log", "shared/processing", "shared/serving", "shared/storage"],
  ],
  ["shared/evaluation", ["shared/definition"]],
  ["shared/embedded", ["shared", "examples"]],
  ["functions", ["shared"]],
  ["infra", ["shared", "functions/environment.ts"]],
  ["client", ["shared/log/records"]],
  ["cli", ["shared", "client"]],
  ["pack", ["infra/bundling"]],
  ["localstack", []],
  ["examples", ["shared/definition"]],
]

/** Backends are chosen at the edge: nobody else may name them. */
const BACKENDS = ["shared/storage/memory", "shared/storage/local", "shared/storage/aws"]
const EDGES = ["shared/embedded", "cli", "functions", "infra"]

function roomOf(file: string): (typeof ROOMS)[number] | undefined {
  return ROOMS.find(([room]) => file === room || file.startsWith(`${room}/`))
}

function imports(file: string, text: string): string[] {
  const found = text.matchAll(/(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"]+)"/g)
  return [...found].map(match => relative(root, resolve(root, dirname(file), match[1])))
}

test("imports point one way", () => {
  const wrong: string[] = []
  for (const { file, text } of sources) {
    const room = roomOf(file)
    if (room === undefined) {
      wrong.push(`${file}: in no room that this test knows`)
      continue
    }
    const [name, mayImport] = room
    for (const target of imports(file, text)) {
      const within = target.startsWith(`${name}/`)
      const allowed = mayImport.some(path => target === path || target.startsWith(`${path}/`))
      const backend = BACKENDS.some(path => target.startsWith(`${path}/`))
      const edge = EDGES.some(path => file.startsWith(`${path}/`))
      if (!within && (!allowed || (backend && !edge))) wrong.push(`${file} imports ${target}`)
    }
  }
  expect(wrong).toEqual([])
})

/** Where AWS may be named. */
const ON_AWS = ["shared/storage/aws/", "functions/", "infra/", "localstack/"]

test("the SDK is imported where AWS is meant, and nowhere else", () => {
  const wrong = sources.filter(
    ({ file, text }) => /"@(?:aws-sdk|smithy)\//.test(text) && !ON_AWS.some(room => file.startsWith(room)),
  )
  expect(wrong.map(({ file }) => file)).toEqual([])
})

/** Rooms that are not engine: they run at an edge, or are a backend themselves. */
const WORLDLY = [
  "shared/embedded/",
  "shared/evaluation/",
  "functions/",
  "infra/",
  "shared/storage/local/",
  "shared/storage/memory/",
  "shared/storage/aws/",
  "shared/serving/duckdb/",
  "cli/",
  "client/",
  "pack/",
  "localstack/",
  "examples/",
]

const STRAY: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["the clock", /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bprocess\.hrtime\b/],
  ["randomness", /\bMath\.random\b|\brandomUUID\b|\brandomBytes\b|\bgetRandomValues\b/],
  ["timers", /\bset(?:Timeout|Interval|Immediate)\s*\(/],
  ["the network", /\bfetch\s*\(\s*["'`]http|\bnode:(?:net|http|https|dns|tls|dgram)\b/],
  ["files or processes", /\bnode:(?:fs|fs\/promises|child_process|worker_threads|os|cluster)\b/],
  ["the environment", /\bprocess\.env\b/],
]

test("the engine touches clock, randomness, timers, network, files and processes only through its ports", () => {
  const stray: string[] = []
  for (const { file, text } of sources) {
    if (WORLDLY.some(room => file.startsWith(room))) continue
    const lines = bare(text).split("\n")
    const named = text.split("\n")
    for (const [what, pattern] of STRAY) {
      for (const [index, line] of lines.entries()) {
        const where = /^import\b/.test(named[index]) ? named[index] : line
        if (pattern.test(where)) stray.push(`${file}:${index + 1} uses ${what}`)
      }
    }
  }
  expect(stray).toEqual([])
})

const FILE_LINES_MAX = 500
const FILE_LINES_P90 = 350
const FILE_LINES_MEDIAN = 150

test("files stay small: one noun, one file", () => {
  const lengths = sources.map(({ file, text }) => ({ file, lines: text.split("\n").length - 1 }))
  lengths.sort((left, right) => left.lines - right.lines)
  const at = (share: number) =>
    lengths[Math.min(lengths.length - 1, Math.floor(lengths.length * share))].lines
  expect(lengths.filter(({ lines }) => lines > FILE_LINES_MAX)).toEqual([])
  expect(at(0.9)).toBeLessThanOrEqual(FILE_LINES_P90)
  expect(at(0.5)).toBeLessThanOrEqual(FILE_LINES_MEDIAN)
})

test("every room says what lives in it and what it may import", () => {
  const rooms = [...new Set(ROOMS.map(([room]) => room.split("/").slice(0, 2).join("/")))]
  const present = rooms.filter(room => sources.some(({ file }) => file.startsWith(`${room}/`)))
  const listedFiles = new Set(listed.toString().split("\n"))
  expect(present.filter(room => !listedFiles.has(`${room}/README.md`) && room !== "examples")).toEqual([])
})
