import * as v from "valibot"
import type { EmbeddedFormat } from "../consumers/instance.ts"
import { ApiError } from "../errors.ts"
import { FETCH_BYTES_DEFAULT, REPLY_BYTES_MAX, WAIT_MS_MAX } from "../limits.ts"
import { mediaTypes, negotiate } from "../media-type.ts"
import { consumersOf } from "../offered.ts"
import { type RouteContext, route } from "../route.ts"
import { consumedRecords } from "./consume.ts"
import { asGroup, instanceOf, instancePath, noInstance } from "./consumers.ts"

const expected = "expected an integer"

/** Numbers below 0 stand for none, as in Kafka REST. */
const bound = (description: string) =>
  v.optional(
    v.pipe(
      v.string(),
      v.regex(/^-?\d{1,15}$/, expected),
      v.transform(Number),
      v.number(),
      v.description(description),
    ),
  )

/** By media type, undefined: the instance's own. */
const formats: Readonly<Record<string, EmbeddedFormat | undefined>> = {
  [mediaTypes.json]: undefined,
  [mediaTypes.kafka]: undefined,
  [mediaTypes.kafkaBinary]: "binary",
  [mediaTypes.kafkaJson]: "json",
}

const typeOf = { binary: mediaTypes.kafkaBinary, json: mediaTypes.kafkaJson } as const

export const readConsumer = route({
  method: "GET",
  path: "/consumers/:group/instances/:instance/records",
  id: "readConsumer",
  summary: "Kafka REST: the next records of a consumer instance",
  description:
    "Waits while there is none, or less than fetch.min.bytes, at most for `timeout` and 25 s, and then answers what there is. Each such request keeps the instance in its group; with auto.commit.enable it commits what earlier ones gave.",
  access: asGroup,
  schemas: {
    path: instancePath,
    query: v.strictObject({
      timeout: bound(
        "How long to wait, ms, at most 25,000. Default: the instance's consumer.request.timeout.ms.",
      ),
      max_bytes: bound("Where the reply is cut, at most 4 MiB; it always holds one record. Default 1 MiB."),
    }),
    headers: v.looseObject({ accept: v.optional(v.string()) }),
  },
  answers: {
    200: {
      description: "The records; an empty list where none came.",
      content: { [mediaTypes.kafkaBinary]: consumedRecords, [mediaTypes.kafkaJson]: consumedRecords },
    },
    404: noInstance,
    406: {
      description:
        "40601: the instance gives records of another format; 40602: the next record cannot be shown in it.",
    },
    409: { description: "40903: the instance reads nothing." },
  },
  async handle({ request, access, path, query, headers }, context) {
    const type = negotiate(headers.accept, Object.keys(formats))
    if (type === undefined) {
      const offers = Object.keys(formats).join(" or ")
      const got = JSON.stringify(headers.accept)
      throw new ApiError("not_acceptable", `headers.accept: expected ${offers}, got ${got}`)
    }
    const { timeout = -1, max_bytes: maxBytes = 0 } = query
    const { format, text } = await consumersOf(context).read(instanceOf(path), formats[type], {
      ...(timeout < 0 ? {} : { timeoutMs: timeout }),
      timeoutMsMax: WAIT_MS_MAX,
      bytesMax: maxBytes <= 0 ? FETCH_BYTES_DEFAULT : Math.min(maxBytes, REPLY_BYTES_MAX),
      access,
      meter: context.quotas?.request("consume", access.caller),
      signal: stopSignal(request, context),
    })
    const contentType = formats[type] === undefined ? typeOf[format] : type
    return { status: 200, headers: { "content-type": contentType, "cache-control": "no-store" }, body: text }
  },
})

function stopSignal(request: { signal?: AbortSignal }, { closing }: RouteContext): AbortSignal {
  return request.signal === undefined ? closing : AbortSignal.any([request.signal, closing])
}
