import type { Log } from "../log/types.ts"
import { readManifests, segmentsOf } from "../serving/manifest/manifest-store.ts"
import { purgeTable } from "../serving/purge/purge-table.ts"
import { schemaVersionOf, shadowName, shownColumns, type TableInfo } from "../serving/tables/table-item.ts"
import type { TableRegistry } from "../serving/tables/table-registry.ts"
import { rebuildStatus, tableStatus } from "../serving/tables/table-status.ts"
import type { Ports } from "../storage/time.ts"
import { tableOfJson } from "./table-json.ts"
import type { TableDirectory } from "./types.ts"

/** What routes ask about tables, and do with them, by their registry. All throw `StorageError`. */
export function tableDirectory(
  ports: Pick<Ports, "meta" | "objects" | "clock" | "random">,
  registry: TableRegistry,
  log: Log,
): Required<TableDirectory> {
  const find = async (name: string) => (await registry.find(name))?.table
  return {
    list: async () => (await registry.list()).map(specOf),
    async get(name) {
      const table = await find(name)
      return table === undefined ? undefined : specOf(table)
    },
    async status(name) {
      const table = await find(name)
      if (table === undefined) return undefined
      const shadow = (await registry.findBuilt(shadowName(name)))?.table
      const status = await tableStatus(ports, table)
      return shadow === undefined ? status : { ...status, rebuild: await rebuildStatus(ports, shadow) }
    },
    async view(name) {
      const table = await find(name)
      if (table === undefined) return undefined
      const { owner, attached, partitions } = table
      const rebuilding = (await registry.findBuilt(shadowName(name))) !== undefined
      return {
        spec: specOf(table),
        owner,
        attached,
        rebuilding,
        partitions,
        schemaVersion: schemaVersionOf(table),
      }
    },
    async segments(name, partition) {
      const table = await find(name)
      if (table === undefined) return undefined
      const { manifests } = await readManifests(ports, table.id)
      const wanted = manifests.filter(manifest => partition === undefined || manifest.partition === partition)
      return Promise.all(
        wanted.map(async manifest => ({
          partition: manifest.partition,
          position: manifest.position,
          segments: await segmentsOf(ports, manifest),
        })),
      )
    },
    async define(name, options, how) {
      const spec = await tableOfJson(log, name, options)
      if (how === "create") await registry.create(spec, "http")
      else await registry.alter(spec, "http")
    },
    followTopic: topic => registry.followTopic(topic),
    drop: name => registry.drop(name, "http"),
    async purge(name, where) {
      const { id, ends } = await purgeTable(ports, registry, log, name, where)
      return { id, ends }
    },
  }
}

function specOf(table: TableInfo) {
  return { ...table.spec, columns: shownColumns(table) }
}
