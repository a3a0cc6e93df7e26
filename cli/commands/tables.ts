import { readFile } from "node:fs/promises"
import { text } from "node:stream/consumers"
import { Command } from "commander"
import { exitCodes, Failure } from "../failure.ts"
import { path, Server } from "../http.ts"
import { reaching, type ServerOptions } from "../options.ts"
import { print, say } from "../output.ts"
import { type ShownTable, tableText } from "../table-text.ts"

interface JsonOption extends ServerOptions {
  readonly json?: boolean
}

/** What the server says of a table that it made or altered. */
interface Made {
  readonly rebuilding?: boolean
  /** Of Pinot's configuration: what was not taken, and why. */
  readonly unrecognizedProperties?: Readonly<Record<string, string>>
}

async function list({ json, ...options }: JsonOption): Promise<void> {
  const { tables } = await new Server(options).json<{ tables: readonly string[] }>("/tables")
  await print(json ? `${JSON.stringify(tables)}\n` : tables.map(name => `${name}\n`).join(""))
}

async function show(name: string, { json, ...options }: JsonOption): Promise<void> {
  const shown = await new Server(options).json<ShownTable>(path`/tables/${name}`)
  await print(json ? `${JSON.stringify({ ...shown.table, status: shown.status })}\n` : tableText(shown))
}

/** The JSON object of a file, or of stdin. */
async function objectIn(file: string): Promise<Readonly<Record<string, unknown>>> {
  const wrong = (why: string) => new Failure(exitCodes.failed, `${file}: expected a JSON object, ${why}`)
  const read = file === "-" ? text(process.stdin) : readFile(file, "utf8")
  let value: unknown
  try {
    value = JSON.parse(await read)
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : String(error))
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>
  throw wrong("found something else")
}

function nameIn(definition: Readonly<Record<string, unknown>>): string {
  return String(definition.name ?? definition.tableName).replace(/_REALTIME$/, "")
}

function sayNotTaken({ unrecognizedProperties = {} }: Made): void {
  for (const [setting, why] of Object.entries(unrecognizedProperties)) say(`Not taken: ${setting}: ${why}`)
}

async function create(
  file: string,
  { schema, ...options }: ServerOptions & { schema?: string },
): Promise<void> {
  const server = new Server(options)
  const definition = await objectIn(file)
  if (schema !== undefined) sayNotTaken(await server.post<Made>("/schemas", await objectIn(schema)))
  sayNotTaken(await server.post<Made>("/tables", definition))
  say(`Created table ${nameIn(definition)}.`)
}

async function alter(name: string, file: string, options: ServerOptions): Promise<void> {
  const made = await new Server(options).post<Made>(path`/tables/${name}`, await objectIn(file), "PUT")
  sayNotTaken(made)
  const after = made.rebuilding === true ? " It is built anew, and stands as it was until then." : ""
  say(`Altered table ${name}.${after}`)
}

async function drop(name: string, options: ServerOptions): Promise<void> {
  await new Server(options).call(path`/tables/${name}`, { method: "DELETE" })
  say(`Dropped table ${name}. Its topic keeps its records.`)
}

async function purge(name: string, where: string, options: ServerOptions): Promise<void> {
  const { ends } = await new Server(options).post<{ ends: readonly number[] }>(path`/tables/${name}/purge`, {
    where,
  })
  const below = ends.map((end, partition) => `${partition}: ${end}`).join(", ")
  say(`Erased from table ${name}, of records below these offsets: ${below}.`)
}

const json = ["--json", "print JSON"] as const
const fileHelp = "a file with the table as JSON, native or Pinot's; - reads stdin"

export function tablesCommand(): Command {
  const tables = new Command("tables").description("See tables; make, alter and drop them without an app.")
  reaching(tables.command("list"))
    .description("Print the tables' names.")
    .option(...json)
    .action(list)
  reaching(tables.command("show"))
    .description("Print a table's definition, how far it is, and what it left out and why.")
    .argument("<table>")
    .option(...json)
    .action(show)
  reaching(tables.command("create"))
    .description("Create a table over a topic.")
    .argument("<file>", fileHelp)
    .option("--schema <file>", "the Pinot schema of a table in Pinot's form")
    .action(create)
  reaching(tables.command("alter"))
    .description("Give a table another definition.")
    .argument("<table>")
    .argument("<file>", fileHelp)
    .action(alter)
  reaching(tables.command("drop"))
    .description("Drop a table with its segments.")
    .argument("<table>")
    .action(drop)
  reaching(tables.command("purge"))
    .description("Erase the rows for which a condition is true.")
    .argument("<table>")
    .argument("<where>", "columns compared with constants, joined by AND, OR and NOT")
    .action(purge)
  return tables
}
