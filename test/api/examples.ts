import { readFileSync } from "node:fs"

/** One example of the documentation: a curl command and the response that it shows. */
export interface Example {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The file that `-o` names. */
  readonly output?: string
  readonly expected: {
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
  }
}

/** A command's words, single-quoted ones kept whole. */
function words(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "")
}

function parseCurl(command: string): Omit<Example, "expected"> {
  const [curl, ...rest] = words(command)
  if (curl !== "curl") throw new Error(`not a curl command: ${command}`)
  const headers: Record<string, string> = {}
  let method = "GET"
  let body = ""
  let output: string | undefined
  let url = ""
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i]!
    if (word === "-X") method = rest[++i]!
    else if (word === "-d" || word === "--data-binary") body = rest[++i]!
    else if (word === "-o") output = rest[++i]
    else if (word === "-H") {
      const [name = "", value = ""] = rest[++i]!.split(/:\s*/, 2)
      headers[name.toLowerCase()] = value
    } else if (word.startsWith("-")) throw new Error(`an option that the test does not know: ${word}`)
    else url = word
  }
  return { method, target: url.replace("localhost:7070", ""), headers, body, output }
}

function parseResponse(text: string): Example["expected"] {
  const [head = "", ...body] = text.split("\n\n")
  const [first = "", ...lines] = head.trim().split("\n")
  const headers = Object.fromEntries(
    lines.map(line => {
      const [name = "", value = ""] = line.split(/:\s*/, 2)
      return [name.toLowerCase(), value]
    }),
  )
  return { status: Number(first.split(" ")[1]), headers, body: body.join("\n\n").trim() }
}

/** The examples of a Markdown file: each `sh` block with the `http` block that follows it. */
export function examplesOf(file: string | URL): Example[] {
  const blocks = [...readFileSync(file, "utf8").matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
  const examples: Example[] = []
  for (const [i, [, language, text = ""]] of blocks.entries()) {
    if (language !== "sh") continue
    const [, next, response = ""] = blocks[i + 1] ?? []
    if (next !== "http") throw new Error(`no response follows: ${text}`)
    examples.push({ ...parseCurl(text), expected: parseResponse(response) })
  }
  return examples
}

/**
 * Whether a value is as the documentation shows it: `…` stands for anything, as a member's name or a last element for
 * any more.
 */
export function matches(shown: unknown, found: unknown): boolean {
  if (shown === "…") return found !== undefined
  if (Array.isArray(shown)) {
    const open = shown.at(-1) === "…"
    const expected = open ? shown.slice(0, -1) : shown
    if (!Array.isArray(found) || (!open && found.length !== expected.length)) return false
    return expected.every((element, i) => matches(element, found[i]))
  }
  if (typeof shown !== "object" || shown === null) return shown === found
  if (typeof found !== "object" || found === null || Array.isArray(found)) return false
  const { "…": more, ...members } = shown as Record<string, unknown>
  const known = Object.keys(members)
  const extra = Object.keys(found).filter(key => !known.includes(key))
  if (more === undefined && extra.length > 0) return false
  return known.every(key => matches(members[key], (found as Record<string, unknown>)[key]))
}
