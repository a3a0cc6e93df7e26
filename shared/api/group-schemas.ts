import * as v from "valibot"
import { assignors } from "../log/groups/assignors/index.ts"
import { NAME_LENGTH_MAX, OFFSETS_MAX } from "../log/groups/limits.ts"
import type { AssignorName } from "../log/groups/types.ts"
import { integerNumber, name, partitionNumber } from "./parameters.ts"

function printable(what: string) {
  return v.pipe(
    v.string(),
    v.regex(
      new RegExp(`^[!-~](?:[ -~]{0,${NAME_LENGTH_MAX - 2}}[!-~])?$`),
      issue =>
        `expected 1 to ${NAME_LENGTH_MAX} printable ASCII characters, no blank first or last, got ${JSON.stringify(issue.input)}`,
    ),
    v.description(`The ${what}: 1 to ${NAME_LENGTH_MAX} printable ASCII characters.`),
  )
}

export const groupName = printable("group's name")
export const memberName = printable("member, as its client calls it: fresh for every start")

/** The group of a path. */
export const groupPath = v.strictObject({ group: groupName })
export const memberPath = v.strictObject({ group: groupName, member: memberName })

export const epochNumber = (description: string) => integerNumber(0, Number.MAX_SAFE_INTEGER, description)

const topicId = v.pipe(
  v.string(),
  v.description("The topic that is meant, whatever the name stands for now."),
)
const partitions = v.array(partitionNumber)

export const ownedTopic = v.strictObject({
  topic: v.optional(v.string(), ""),
  topicId: v.string(),
  partitions,
})

export const subscription = v.union(
  [
    v.strictObject({ topics: v.array(name("topic")) }),
    v.strictObject({
      pattern: v.pipe(
        v.string(),
        v.description("A regular expression over whole names, without look-around and back references."),
      ),
    }),
  ],
  "expected {topics: [names]} or {pattern: a regular expression}",
)

export const assignorName = v.picklist(Object.keys(assignors) as AssignorName[])

export const offsetCommit = v.strictObject({
  topic: name("topic"),
  topicId: v.optional(topicId),
  partition: partitionNumber,
  offset: epochNumber("The next offset to read."),
  metadata: v.optional(v.pipe(v.string(), v.description("At most 4,096 bytes."))),
})

export const offsetList = <S extends v.GenericSchema>(offset: S) =>
  v.pipe(v.array(offset), v.maxLength(OFFSETS_MAX, `expected at most ${OFFSETS_MAX} offsets`))

export const offsetReset = v.strictObject({
  topic: name("topic"),
  partition: v.optional(partitionNumber),
  to: v.union(
    [
      epochNumber("The next offset to read."),
      v.picklist(["earliest", "latest"]),
      v.strictObject({ timestamp: epochNumber("Epoch ms.") }),
    ],
    "expected an offset, earliest, latest or {timestamp: epoch ms}",
  ),
})

export const committedAnswer = v.object({
  offsets: v.array(
    v.object({
      topic: v.string(),
      topicId: v.string(),
      partition: v.number(),
      offset: v.number(),
      metadata: v.string(),
      committed: v.pipe(v.number(), v.description("Epoch ms.")),
    }),
  ),
})

export const groupState = v.picklist(["empty", "stable", "assigning"])
