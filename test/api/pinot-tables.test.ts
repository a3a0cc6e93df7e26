import { expect, test } from "vitest"
import { pinotTable } from "../../shared/api/pinot-config.ts"
import { schemaStore } from "../../shared/api/schema-store.ts"
import { tableDirectory } from "../../shared/api/table-directory.ts"
import { openLog } from "../../shared/log/open-log.ts"
import { TableRegistry } from "../../shared/serving/tables/table-registry.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { openApi } from "./support.ts"

const SCHEMA = {
  schemaName: "rides",
  dimensionFieldSpecs: [
    { name: "id", dataType: "STRING" },
    { name: "city", dataType: "STRING", defaultNullValue: "none" },
    { name: "tags", dataType: "STRING", singleValueField: false },
  ],
  metricFieldSpecs: [
    { name: "cents", dataType: "LONG" },
    { name: "fare", dataType: "DOUBLE" },
  ],
  dateTimeFieldSpecs: [
    { name: "at", dataType: "TIMESTAMP", format: "1:MILLISECONDS:TIMESTAMP", granularity: "1:MILLISECONDS" },
  ],
  primaryKeyColumns: ["id"],
}

const CONFIG = {
  tableName: "rides_REALTIME",
  tableType: "REALTIME",
  segmentsConfig: {
    timeColumnName: "at",
    retentionTimeUnit: "DAYS",
    retentionTimeValue: "30",
    replication: "2",
  },
  tenants: { broker: "DefaultTenant" },
  tableIndexConfig: {
    invertedIndexColumns: ["city", "tags"],
    rangeIndexColumns: ["cents", "city"],
    bloomFilterColumns: ["id"],
    sortedColumn: ["city"],
    noDictionaryColumns: ["fare"],
    loadMode: "MMAP",
    starTreeIndexConfigs: [
      {
        dimensionsSplitOrder: ["city", "at"],
        skipStarNodeCreationForDimensions: ["city"],
        functionColumnPairs: ["COUNT__*", "SUM__cents", "AVG__fare", "DISTINCTCOUNTTHETASKETCH__id"],
        maxLeafRecords: 5_000,
      },
    ],
  },
  fieldConfigList: [{ name: "at", encodingType: "DICTIONARY", indexes: { range: {}, text: {} } }],
  ingestionConfig: {
    streamIngestionConfig: {
      streamConfigMaps: [
        { streamType: "kafka", "stream.kafka.topic.name": "rides", "stream.kafka.decoder.class.name": "x" },
      ],
    },
    filterConfig: { filterFunction: "cents < 0" },
    transformConfigs: [{ columnName: "fare", transformFunction: "cents / 100" }],
  },
  upsertConfig: {
    mode: "PARTIAL",
    comparisonColumns: ["at"],
    partialUpsertStrategies: { cents: "INCREMENT", tags: "UNION" },
    metadataTTL: 86_400_000,
    enableSnapshot: true,
  },
  routing: { instanceSelectorType: "strictReplicaGroup" },
}

test("a Pinot table becomes the options of one here, and says what it left out", () => {
  const { options, reading } = pinotTable(SCHEMA, CONFIG)
  expect(reading.faults).toEqual([])
  expect(options).toEqual({
    from: "rides",
    columns: {
      id: { type: "string" },
      city: { type: "string", default: "none" },
      tags: { type: "string", list: true },
      cents: { type: "long" },
      fare: { type: "double", sql: "cents / 100" },
      at: { type: "timestamp" },
    },
    where: "NOT coalesce((cents < 0), false)",
    time: "at",
    retention: "30d",
    primaryKey: ["id"],
    upsert: {
      mode: "partial",
      compare: "at",
      strategies: { cents: "increment", tags: "union" },
      ttl: "86400000ms",
    },
    sort: ["city"],
    indexes: { city: ["inverted"], cents: ["range"], id: ["bloom"], at: ["range"] },
    rollups: [
      {
        name: "star_tree_0",
        dimensions: ["city", "at"],
        skip: ["city"],
        aggregates: [{ fn: "count" }, { fn: "sum", column: "cents" }, { fn: "avg", column: "fare" }],
        leafRows: 5_000,
      },
    ],
    pinotNulls: true,
  })
  const index = "tableConfig.tableIndexConfig"
  expect(reading.notTaken.map(({ path }) => path).sort()).toEqual(
    [
      "tableConfig.fieldConfigList[0].encodingType",
      "tableConfig.fieldConfigList[0].text",
      "tableConfig.ingestionConfig.streamIngestionConfig.streamConfigMaps[0].stream.kafka.decoder.class.name",
      "tableConfig.ingestionConfig.streamIngestionConfig.streamConfigMaps[0].streamType",
      "tableConfig.routing",
      "tableConfig.segmentsConfig.replication",
      `${index}.invertedIndexColumns`,
      `${index}.loadMode`,
      `${index}.noDictionaryColumns`,
      `${index}.rangeIndexColumns`,
      `${index}.starTreeIndexConfigs[0].DISTINCTCOUNTTHETASKETCH`,
      "tableConfig.tenants",
      "tableConfig.upsertConfig.enableSnapshot",
    ].sort(),
  )
})

test.each<[string, object, object, RegExp]>([
  [
    "offline tables",
    {},
    { tableType: "OFFLINE" },
    /tableConfig\.tableType: expected REALTIME, found "OFFLINE"/,
  ],
  ["dimension tables", {}, { isDimTable: true }, /tableConfig\.isDimTable: .*expected false/],
  [
    "Groovy",
    {},
    {
      ingestionConfig: {
        ...CONFIG.ingestionConfig,
        transformConfigs: [{ columnName: "fare", transformFunction: "Groovy({cents / 100}, cents)" }],
      },
    },
    /transformConfigs\[0\]: Groovy is not run here; expected an SQL expression/,
  ],
  [
    "rows that would be others",
    {},
    { ingestionConfig: { ...CONFIG.ingestionConfig, aggregationConfigs: [{ columnName: "x" }] } },
    /aggregationConfigs: is not supported/,
  ],
  ["no topic", {}, { ingestionConfig: {} }, /streamConfigMaps: expected a stream with its topic/],
  [
    "an unknown type",
    { metricFieldSpecs: [{ name: "cents", dataType: "MONEY" }] },
    {},
    /schema\.metricFieldSpecs\[0\]\.dataType: expected one of INT, .*, found "MONEY"/,
  ],
  [
    "two comparison columns",
    {},
    { upsertConfig: { mode: "FULL", comparisonColumns: ["at", "cents"] } },
    /comparisonColumns: expected one column, found 2/,
  ],
  [
    "an unknown strategy",
    {},
    { upsertConfig: { mode: "PARTIAL", partialUpsertStrategies: { cents: "FORCE_OVERWRITE" } } },
    /partialUpsertStrategies\.cents: expected one of OVERWRITE, .*, found "FORCE_OVERWRITE"/,
  ],
])("what would change rows or answers is refused: %s", (_, schema, config, fault) => {
  expect(pinotTable({ ...SCHEMA, ...schema }, { ...CONFIG, ...config }).reading.faults.join("; ")).toMatch(
    fault,
  )
})

test("a time column of LONG stays what it is", () => {
  const schema = {
    ...SCHEMA,
    dateTimeFieldSpecs: [
      { name: "at", dataType: "LONG", format: "1:MILLISECONDS:EPOCH", granularity: "1:DAYS" },
    ],
  }
  const { options, reading } = pinotTable(schema, { ...CONFIG, upsertConfig: { mode: "FULL" } })
  expect(options).toMatchObject({ columns: { at: { type: "long" } }, upsert: { compare: "at" } })
  expect(options).not.toHaveProperty("time")
  expect(options).not.toHaveProperty("retention")
  expect(reading.notTaken.map(({ path }) => path)).toContain("tableConfig.segmentsConfig.timeColumnName")
})

test("nulls, dedup, a default strategy", () => {
  const index = { ...CONFIG.tableIndexConfig, nullHandlingEnabled: true }
  const { options } = pinotTable(SCHEMA, {
    ...CONFIG,
    tableIndexConfig: index,
    upsertConfig: { mode: "NONE" },
    dedupConfig: { dedupEnabled: true, metadataTTL: 1_000 },
  })
  expect(options).toMatchObject({ primaryKey: ["id"], dedup: { ttl: "1000ms" } })
  expect(options).not.toHaveProperty("pinotNulls")
  const ignoring = { mode: "PARTIAL", comparisonColumns: ["at"], defaultPartialUpsertStrategy: "IGNORE" }
  expect(pinotTable(SCHEMA, { ...CONFIG, upsertConfig: ignoring }).options).toMatchObject({
    upsert: { strategies: { city: "ignore", tags: "ignore", cents: "ignore", fare: "ignore" } },
  })
})

test("the controller's way: a schema, then a table, then another configuration", async () => {
  const ports = memoryPorts()
  const log = openLog(ports)
  const registry = new TableRegistry(ports, log)
  const { call } = openApi({ log, tables: tableDirectory(ports, registry, log), schemas: schemaStore(ports) })
  await call("POST /topics", { body: { name: "rides", key: "id" } })
  expect((await call("POST /tables", { body: CONFIG })).json).toMatchObject({ reason: "unknown_schema" })
  expect((await call("POST /schemas", { body: SCHEMA })).json).toEqual({
    unrecognizedProperties: {},
    status: "rides successfully added",
  })
  expect((await call("GET /schemas")).json).toEqual(["rides"])
  expect((await call("GET /schemas/rides")).json).toEqual(SCHEMA)
  const made = await call("POST /tables", { body: CONFIG })
  expect(made.status, made.text).toBe(200)
  expect(made.json).toMatchObject({
    status: "Table rides_REALTIME successfully added",
    unrecognizedProperties: { "tableConfig.tenants": "there are no tenants" },
  })
  expect((await registry.find("rides"))?.table.spec).toMatchObject({
    topic: "rides",
    where: "NOT coalesce((cents < 0), false)",
    retentionMs: 2_592_000_000,
    pinotNulls: true,
  })
  const shown = (await call("GET /tables/rides")).json.REALTIME
  expect(shown).toMatchObject({
    tableIndexConfig: {
      nullHandlingEnabled: false,
      sortedColumn: ["city"],
      invertedIndexColumns: ["city"],
      rangeIndexColumns: ["cents", "at"],
      bloomFilterColumns: ["id"],
    },
    upsertConfig: {
      mode: "PARTIAL",
      comparisonColumns: ["at"],
      partialUpsertStrategies: { cents: "INCREMENT", tags: "UNION" },
      metadataTTL: 86_400_000,
    },
  })
  const schema = (await call("GET /tables/rides/schema")).json
  expect(schema).toMatchObject({ primaryKeyColumns: ["id"], enableColumnBasedNullHandling: false })
  expect(schema.dimensionFieldSpecs).toContainEqual({
    name: "tags",
    dataType: "STRING",
    fieldType: "DIMENSION",
    singleValueField: false,
  })
  const { sortedColumn: _sorted, ...unsorted } = CONFIG.tableIndexConfig
  const altered = await call("PUT /tables/rides", { body: { ...CONFIG, tableIndexConfig: unsorted } })
  expect(altered.json.status).toBe("Table rides_REALTIME successfully updated")
  expect((await registry.find("rides"))?.table.spec.sort).toBeUndefined()
  expect((await call("DELETE /schemas/rides")).json).toEqual({ status: "Schema rides deleted" })
  expect((await call("DELETE /schemas/rides")).status).toBe(404)
  const broken = { ...SCHEMA, metricFieldSpecs: {} }
  expect((await call("POST /schemas", { body: broken })).json).toMatchObject({
    reason: "invalid",
    message: "schema.metricFieldSpecs: expected an array, found an object",
  })
})
