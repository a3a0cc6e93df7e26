import { StorageError } from "../storage/errors.ts"
import type { Item } from "../storage/meta-store.ts"
import { notAfter } from "../storage/not-after.ts"
import { queryItems } from "../storage/query-items.ts"
import { Pause, READ_TRIES, readAgain, settlePut } from "../storage/settle.ts"
import type { Ports } from "../storage/time.ts"
import type { SchemaStore, TableJson } from "./types.ts"

const SCHEMAS_PK = "pinot-schemas"
const SCHEMA_FORMAT = 1

/** Pinot's schemas as items, until their tables are made. */
export function schemaStore(ports: Pick<Ports, "meta" | "clock" | "random">): SchemaStore {
  const keyOf = (name: string) => ({ pk: SCHEMAS_PK, sk: name })
  const read = (name: string) => readAgain(ports, () => ports.meta.get("meta", keyOf(name)))
  return {
    async list() {
      const { items } = await readAgain(ports, () => queryItems(ports.meta, "meta", { pk: SCHEMAS_PK }))
      return items.map(({ sk }) => sk)
    },
    async get(name) {
      const { item } = await read(name)
      return item === undefined ? undefined : decoded(item)
    },
    async put(name, schema) {
      for (;;) {
        const { item: before, date } = await read(name)
        const item: Item = {
          ...keyOf(name),
          version: ports.random.id(),
          fields: { v: SCHEMA_FORMAT, schema: JSON.stringify(schema) },
        }
        const condition = before === undefined ? { absent: true as const } : { version: before.version }
        const put = await settlePut(ports, "meta", item, { condition, notAfter: notAfter(date) })
        if (put.outcome === "committed") return
        if (put.outcome === "unknown")
          throw new StorageError("unavailable", `schema ${name} may or may not be stored; try again`)
      }
    },
    async remove(name) {
      const pause = new Pause(ports.clock)
      for (let tries = 1; ; tries++) {
        const { item, date } = await read(name)
        if (item === undefined) return tries > 1
        const options = { condition: { version: item.version }, notAfter: notAfter(date) }
        const answer = await ports.meta.delete("meta", keyOf(name), options)
        if (answer.outcome === "committed") return true
        if (tries >= READ_TRIES)
          throw new StorageError("unavailable", `schema ${name} may or may not be gone; try again`)
        await pause.wait()
      }
    },
  }
}

function decoded({ sk, fields }: Item): TableJson {
  if (fields.v !== SCHEMA_FORMAT)
    throw new StorageError("unknown_format", `schema ${sk} has format ${fields.v}; expected ${SCHEMA_FORMAT}`)
  return JSON.parse(String(fields.schema)) as TableJson
}
