import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js"
import { LRUCache } from "lru-cache"
import { LogError } from "../log/errors.ts"
import { createBatchBuilder, RecordCursor } from "../log/records/index.ts"
import type { AppendPart, TopicInfo } from "../log/types.ts"

/** Compiled schemas kept: as many topics as one process is likely to take records for. */
const SCHEMAS_KEPT = 200

const compiled = new LRUCache<string, ValidateFunction>({ max: SCHEMAS_KEPT })
const utf8 = new TextDecoder()

function validatorOf(schema: string): ValidateFunction {
  let validate = compiled.get(schema)
  if (validate === undefined) {
    // Formats are notes, as JSON Schema 2020-12 has it by default; what a schema says beside them is no mistake of ours.
    validate = new Ajv2020({ strict: false, validateFormats: false }).compile(JSON.parse(schema))
    compiled.set(schema, validate)
  }
  return validate
}

/**
 * Refuses records that do not fit the schema of a topic that wants them checked before they are taken in
 * (`validate: "door"`), or whose key is not their key field. Other topics' records are not looked at.
 * @throws LogError `invalid_record`, naming the record, the path in its value and what was expected
 */
export function checkAtDoor(topic: TopicInfo, parts: readonly AppendPart[]): void {
  if (topic.validate !== "door" || topic.schema === undefined) return
  const validate = validatorOf(topic.schema)
  for (const [index, part] of parts.entries()) {
    const where = parts.length === 1 ? "" : ` of part ${index}`
    const cursor = new RecordCursor("batch" in part ? part.batch : encoded(part))
    for (let record = 0; cursor.next(); record++)
      checkRecord(topic, validate, cursor, `record ${record}${where}`)
  }
}

function encoded(part: Extract<AppendPart, { records: unknown }>): Uint8Array {
  const builder = createBatchBuilder({ capacityBytes: part.records.bytesMax })
  part.records.write(builder, 0, part.records.count, 0)
  return builder.finish().bytes
}

function checkRecord(
  topic: TopicInfo,
  validate: ValidateFunction,
  cursor: RecordCursor,
  where: string,
): void {
  if (cursor.valueStart < 0) return // a tombstone has no value to check
  let value: unknown
  try {
    value = JSON.parse(utf8.decode(cursor.buffer.subarray(cursor.valueStart, cursor.valueEnd)))
  } catch {
    throw refused(where, "value", "a JSON text, which the topic's schema describes")
  }
  if (!validate(value)) {
    const error = validate.errors?.[0]
    throw refused(where, pathOf(error), expectedOf(error))
  }
  const { keyField } = topic
  if (keyField === undefined) return
  const field = (value as Record<string, unknown>)[keyField]
  const text = typeof field === "string" ? field : JSON.stringify(field)
  const key =
    cursor.keyStart < 0 ? undefined : utf8.decode(cursor.buffer.subarray(cursor.keyStart, cursor.keyEnd))
  if (key !== text) throw refused(where, "key", `${JSON.stringify(text)}, the value's field ${keyField}`)
}

/** `/legs/0/delay` → `value.legs[0].delay`. */
function pathOf(error: ErrorObject | undefined): string {
  const steps = (error?.instancePath ?? "").split("/").slice(1)
  return steps.reduce((path, step) => (/^\d+$/.test(step) ? `${path}[${step}]` : `${path}.${step}`), "value")
}

function expectedOf(error: ErrorObject | undefined): string {
  if (error === undefined) return "what the topic's schema says"
  const { allowedValues } = error.params as { allowedValues?: readonly unknown[] }
  if (allowedValues !== undefined)
    return `one of ${allowedValues.map(value => JSON.stringify(value)).join(", ")}`
  return (error.message ?? "what the topic's schema says").replace(/^must be /, "").replace(/^must /, "to ")
}

function refused(where: string, path: string, expected: string): LogError {
  return new LogError("invalid_record", `${where}: ${path}: expected ${expected}`, { detail: { path } })
}
