import * as v from "valibot"
import { jsonOfTable } from "./table-json.ts"
import type { TableView } from "./types.ts"

/** What a table is as it stands, in the form in which it was made. */
export const tableViewAnswer = v.object({
  name: v.string(),
  owner: v.pipe(v.string(), v.description("`http`, or `app:` and the app's name.")),
  attached: v.pipe(v.boolean(), v.description("False: its app no longer names it, and it consumes no more.")),
  rebuilding: v.pipe(v.boolean(), v.description("Another table is built anew, to take its place.")),
  partitions: v.number(),
  schema_version: v.number(),
  definition: v.pipe(v.looseObject({}), v.description("What `PUT` takes.")),
})

export function tableViewJson(view: TableView): object {
  const { spec, owner, attached, rebuilding, partitions, schemaVersion } = view
  const { name, ...definition } = jsonOfTable(spec)
  return { name, owner, attached, rebuilding, partitions, schema_version: schemaVersion, definition }
}
