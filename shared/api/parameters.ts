import * as v from "valibot"
import { PRODUCER_EPOCH_MAX, PRODUCER_ID_LENGTH_MAX, PRODUCER_SEQUENCE_MAX } from "./limits.ts"

/** Names of topics, tables and the like: safe in paths, keys and file names. */
const NAME = /^[a-zA-Z0-9._-]{1,100}$/

const received = (issue: { input: unknown }) => JSON.stringify(issue.input) ?? "nothing"

/** The name of a topic or table. */
export function name(what: string) {
  return v.pipe(
    v.string(issue => `expected the name of a ${what}, got ${received(issue)}`),
    v.regex(
      NAME,
      issue => `expected a ${what}'s name, 1 to 100 of a-z A-Z 0-9 . _ -, got ${received(issue)}`,
    ),
    v.description(`The ${what}'s name: 1 to 100 of a-z A-Z 0-9 . _ -`),
  )
}

/** An integer that travels as text: in a path, a query or a header. */
export function integerText(min: number, max: number, description: string) {
  const expected = (issue: { input: unknown }) =>
    `expected an integer, ${min} to ${max}, got ${received(issue)}`
  return v.pipe(
    v.string(expected),
    v.regex(/^\d{1,16}$/, expected),
    v.transform(Number),
    v.number(),
    v.integer(expected),
    v.minValue(min, expected),
    v.maxValue(max, expected),
    v.description(description),
  )
}

/** An integer in a JSON body. */
export function integerNumber(min: number, max: number, description: string) {
  const expected = (issue: { input: unknown }) =>
    `expected an integer, ${min} to ${max}, got ${received(issue)}`
  return v.pipe(
    v.number(expected),
    v.integer(expected),
    v.minValue(min, expected),
    v.maxValue(max, expected),
    v.description(description),
  )
}

/** A query parameter that is set by its mere presence, or by `true`, and not by `false`. */
export function flag(description: string) {
  return v.pipe(
    v.picklist(["", "true", "false"], issue => `expected no value, true or false, got ${received(issue)}`),
    v.transform(value => value !== "false"),
    v.boolean(),
    v.description(description),
  )
}

export const partitionText = integerText(0, 2 ** 31 - 1, "The partition's number.")

export const partitionNumber = integerNumber(0, 2 ** 31 - 1, "The partition's number.")

export const offsetText = (description: string) => integerText(0, Number.MAX_SAFE_INTEGER, description)

/** The three headers that make an append idempotent, as they are in a request. */
export const producerHeaders = v.object({
  "producer-id": v.optional(
    v.pipe(
      v.string(),
      v.regex(
        new RegExp(`^[\\x20-\\x7e]{1,${PRODUCER_ID_LENGTH_MAX}}$`),
        `expected 1 to ${PRODUCER_ID_LENGTH_MAX} printable ASCII characters`,
      ),
      v.description("The producer's id: chosen by the client, or given by POST /producers."),
    ),
  ),
  "producer-epoch": v.optional(
    integerText(0, PRODUCER_EPOCH_MAX, "The producer's epoch: a restarted client takes a higher one."),
  ),
  "producer-seq": v.optional(
    integerText(0, PRODUCER_SEQUENCE_MAX, "The sequence number of the first record; records count it up."),
  ),
})
