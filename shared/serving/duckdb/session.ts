import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api"
import { type ChildSettings, slotNames } from "./protocol.ts"
import { quoteText } from "./view-sql.ts"

/** One thread a child: queries run side by side in several children, which gives the most queries a second. */
const threads = "1"

/** Of a profile only what tells how many rows the scans delivered: the full one costs milliseconds. */
const PROFILE_METRICS = JSON.stringify({
  OPERATOR_NAME: "true",
  OPERATOR_TYPE: "true",
  OPERATOR_CARDINALITY: "true",
  EXTRA_INFO: "true",
})

/**
 * Opens a database in memory and takes everything from it but the slot files. The order matters: what may be
 * opened is named while access is still open, and the lock comes last.
 */
export async function openSession(settings: ChildSettings): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(":memory:", {
    threads,
    memory_limit: `${settings.memoryBytesMax}B`,
    temp_directory: "",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    // A slot's bytes change under its name.
    enable_external_file_cache: "false",
  })
  const connection = await instance.connect()
  // As one text: a list of two thousand constants takes ten times as long to parse and bind.
  const allowed = quoteText(`[${[settings.profileName, ...settings.slots.flatMap(slotNames)].join(", ")}]`)
  for (const statement of [
    "SET TimeZone = 'UTC'",
    "SET errors_as_json = true",
    "SET enable_profiling = 'json'",
    `SET profiling_output = ${quoteText(settings.profileName)}`,
    `SET custom_profiling_settings = ${quoteText(PROFILE_METRICS)}`,
    `SET allowed_paths = ${allowed}`,
    "SET enable_external_access = false",
    "SET allow_community_extensions = false",
    "SET lock_configuration = true",
  ]) {
    await connection.run(statement)
  }
  return connection
}
