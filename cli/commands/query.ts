import { Command, Option } from "commander"
import { csvLine } from "../csv.ts"
import { type ExactNumber, exactText, parseExact } from "../exact-json.ts"
import { exitCodes, Failure } from "../failure.ts"
import { Server } from "../http.ts"
import { reaching, type ServerOptions } from "../options.ts"
import { print, say } from "../output.ts"
import { textTable } from "../text-table.ts"

interface Options extends ServerOptions {
  readonly json?: boolean
  readonly csv?: boolean
  readonly explain?: boolean
}

interface BrokerReply {
  readonly resultTable?: {
    readonly dataSchema: {
      readonly columnNames: readonly string[]
      readonly columnDataTypes: readonly string[]
    }
    readonly rows: readonly (readonly unknown[])[]
  }
  readonly exceptions?: readonly { readonly errorCode: ExactNumber; readonly message: string }[]
  readonly timeUsedMs?: ExactNumber
}

const numericTypes = /^(INT|LONG|FLOAT|DOUBLE|BIG_DECIMAL)$/

/** A value as text: strings bare, all else as JSON. */
const text = (value: unknown) => (typeof value === "string" ? value : exactText(value))

async function printRows({ json, csv }: Options, reply: BrokerReply): Promise<void> {
  const { dataSchema, rows } = reply.resultTable ?? {
    dataSchema: { columnNames: [], columnDataTypes: [] },
    rows: [],
  }
  const { columnNames: names, columnDataTypes: types } = dataSchema
  if (json) {
    const keys = names.map(name => JSON.stringify(name))
    const line = (row: readonly unknown[]) =>
      `{${row.map((value, i) => `${keys[i]}:${exactText(value)}`).join(",")}}\n`
    await print(rows.map(line).join(""))
  } else if (csv) {
    const line = (row: readonly unknown[]) => csvLine(row.map(value => (value === null ? null : text(value))))
    await print(csvLine(names) + rows.map(line).join(""))
  } else {
    const cells = rows.map(row => row.map(value => (value === null ? "NULL" : text(value))))
    const numeric = types.map(type => numericTypes.test(type))
    await print(textTable(names, cells, numeric))
    say(`${rows.length} row${rows.length === 1 ? "" : "s"}, ${reply.timeUsedMs?.text ?? "?"} ms`)
  }
}

/** The plan's operators, each below the one that takes its rows, further in. */
async function printPlan(rows: readonly (readonly unknown[])[]): Promise<void> {
  const depths = new Map<string, number>()
  const lines = rows.map(([operator, id, parent]) => {
    const depth = (depths.get(text(parent)) ?? -1) + 1
    depths.set(text(id), depth)
    return `${"  ".repeat(depth)}${text(operator)}\n`
  })
  await print(lines.join(""))
}

/** The statement with EXPLAIN, after the options that are set before it. */
const explained = (sql: string) => sql.replace(/^(?:\s*set\s[^;]*;)*\s*/i, settings => `${settings}EXPLAIN `)

async function run(sql: string, options: Options): Promise<void> {
  const response = await new Server(options).call("/query/sql", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ sql: options.explain === true ? explained(sql) : sql }),
  })
  const reply = parseExact(await response.text()) as BrokerReply
  const [exception] = reply.exceptions ?? []
  const isTree = options.explain === true && options.json !== true && options.csv !== true
  if (reply.resultTable !== undefined) {
    await (isTree ? printPlan(reply.resultTable.rows) : printRows(options, reply))
  }
  if (exception !== undefined) {
    throw new Failure(exitCodes.failed, `${exception.message} (${text(exception.errorCode)})`)
  }
}

export const queryCommand = () =>
  reaching(new Command("query"))
    .description("Run one SQL query and print its rows as a table.")
    .argument("<sql>", "one SELECT statement")
    .addOption(new Option("--json", "print each row as a JSON object on its own line").conflicts("csv"))
    .option("--csv", "print CSV (RFC 4180) with a line of column names")
    .option("--explain", "tell how the query would be run and what it would read, instead")
    .action(run)
