import type { TopicDefinition } from "./app-definition.ts"
import { siteOf } from "./call-site.ts"
import { durationMs } from "./duration.ts"
import { at, type Faults, shown } from "./faults.ts"
import { readSchema } from "./json-schema.ts"
import { nameFault } from "./names.ts"
import { type JsonKind, type RecordFields, recordFields } from "./record-fields.ts"
import { isSink, TABLE_TOPIC_PREFIX } from "./records.ts"
import { fits, topicShape } from "./shapes.ts"
import type { Topic } from "./topic.ts"

/** A topic that was read, as far as it could be. */
export interface ResolvedTopic {
  /** Absent when the topic has faults. */
  readonly definition?: TopicDefinition
  /** Absent when its schema says nothing about fields. */
  readonly fields?: RecordFields
}

/** Topic settings that the log acts on, with the values each takes. */
const CONFIG: Readonly<Record<string, { readonly pattern: RegExp; readonly expected: string }>> = {
  "retention.ms": { pattern: /^(-1|\d{1,15})$/, expected: "milliseconds, or -1 for ever" },
  "retention.bytes": { pattern: /^(-1|\d{1,15})$/, expected: "bytes, or -1 for no bound" },
  "delete.retention.ms": { pattern: /^\d{1,15}$/, expected: "milliseconds" },
  "min.compaction.lag.ms": { pattern: /^\d{1,15}$/, expected: "milliseconds" },
  "compression.type": {
    pattern: /^(producer|uncompressed|gzip|snappy|lz4|zstd)$/,
    expected: "one of producer, uncompressed, gzip, snappy, lz4, zstd",
  },
  "cleanup.policy": {
    pattern: /^(delete|compact|compact,delete)$/,
    expected: "one of delete, compact, compact,delete",
  },
}

const KEY_KINDS: readonly JsonKind[] = ["string", "integer", "number", "boolean", "null", "any"]
const TIME_KINDS: readonly JsonKind[] = ["string", "integer", "number", "null", "any"]

/** Reads one topic, reporting what is wrong with it. */
export function resolveTopic(topic: Topic, faults: Faults): ResolvedTopic {
  const path = isSink(topic)
    ? `${at("tables", topic.name.slice(TABLE_TOPIC_PREFIX.length))}.from`
    : at("topics", topic.name)
  const site = siteOf(topic)
  const before = faults.list.length
  const wrongName = isSink(topic) ? undefined : nameFault(topic.name)
  if (wrongName !== undefined) faults.add(path, `the name ${shown(topic.name)}: ${wrongName}`, site)
  const raw = topic.options
  const options = fits(topicShape, raw, path, site, faults)
  const read = readSchema(raw.schema)
  for (const fault of read.faults) {
    const inner = fault.path === "" || fault.path.startsWith("[") ? fault.path : `.${fault.path}`
    faults.add(`${path}.schema${inner}`, fault.message, site)
  }
  const fields = read.schema === undefined ? undefined : recordFields(read.schema)
  if (fields !== undefined) {
    checkField(
      raw.key,
      KEY_KINDS,
      "a key is text, a number or a boolean",
      fields,
      `${path}.key`,
      site,
      faults,
    )
    const time = "an event time is epoch milliseconds or ISO 8601 text"
    checkField(raw.eventTime, TIME_KINDS, time, fields, `${path}.eventTime`, site, faults)
  }
  const config = configOf(raw, path, site, faults)
  checkExternal(raw, path, site, faults)
  if (options === undefined || read.schema === undefined || faults.list.length > before) {
    return fields === undefined ? {} : { fields }
  }
  const definition: TopicDefinition = {
    name: topic.name,
    partitions: options.partitions ?? 1,
    config,
    schema: read.schema,
    ...(options.key === undefined ? {} : { key: options.key }),
    ...(options.eventTime === undefined ? {} : { eventTime: options.eventTime }),
    validate: options.validate ?? "reader",
    external: options.external ?? false,
    ...(options.compatibility === undefined ? {} : { compatibility: options.compatibility }),
  }
  return { definition, fields: fields ?? new Map() }
}

function checkField(
  name: unknown,
  kinds: readonly JsonKind[],
  expected: string,
  fields: RecordFields,
  path: string,
  site: string | undefined,
  faults: Faults,
): void {
  if (typeof name !== "string") return
  const field = fields.get(name)
  if (field === undefined) faults.add(path, notAField(name, fields), site)
  else if (![...field].every(kind => kinds.includes(kind))) {
    faults.add(path, `the field ${shown(name)} is ${[...field].join(" or ")}; ${expected}`, site)
  }
}

/** `the schema has no field "dely"; it has date, delay`. */
export function notAField(name: string, fields: RecordFields): string {
  const known = [...fields.keys()]
  const list = known.length === 0 ? "no fields" : known.slice(0, FIELDS_SHOWN_MAX).join(", ")
  return `the schema has no field ${shown(name)}; it has ${list}${known.length > FIELDS_SHOWN_MAX ? " …" : ""}`
}

const FIELDS_SHOWN_MAX = 20

function configOf(
  options: Readonly<Record<string, unknown>>,
  path: string,
  site: string | undefined,
  faults: Faults,
): Readonly<Record<string, string>> {
  const config: Record<string, string> = {}
  const given = options.config ?? {}
  if (typeof given !== "object" || Array.isArray(given)) {
    faults.add(`${path}.config`, `expected an object, found ${shown(given)}`, site)
    return config
  }
  for (const [name, value] of Object.entries(given)) {
    const known = CONFIG[name]
    const where = at(`${path}.config`, name)
    if (known === undefined)
      faults.add(where, `is not a setting; expected one of ${Object.keys(CONFIG).join(", ")}`, site)
    else if (typeof value === "object" || !known.pattern.test(String(value))) {
      faults.add(where, `expected ${known.expected}, found ${shown(value)}`, site)
    } else config[name] = String(value)
  }
  const retention = durationMs(options.retention)
  if (retention === undefined) return config
  if (config["retention.ms"] !== undefined) {
    faults.add(`${path}.retention`, "is given twice: here and as config retention.ms", site)
  }
  config["retention.ms"] = String(retention)
  return config
}

/** An external topic's quantities are its owner's: accepting them here would promise what nobody does. */
function checkExternal(
  options: Readonly<Record<string, unknown>>,
  path: string,
  site: string | undefined,
  faults: Faults,
): void {
  if (options.external !== true) return
  for (const name of ["partitions", "retention", "config", "validate", "compatibility"]) {
    if (options[name] === undefined) continue
    faults.add(`${path}.${name}`, "belongs to the topic's owner: leave it out of an external topic", site)
  }
}
