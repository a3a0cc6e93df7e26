import { promisify } from "node:util"
import { gunzip } from "node:zlib"
import * as v from "valibot"
import { ApiError } from "./errors.ts"
import { BODY_BYTES_MAX } from "./limits.ts"
import { essence, mediaTypes } from "./media-type.ts"
import type { ApiRequest } from "./types.ts"
import { type Schema, validate } from "./validate.ts"

const gunzipBounded = promisify(gunzip)

/** The error of a body over the bound; carriers answer it before they have read the rest. */
export function bodyTooLarge(): ApiError {
  return new ApiError(
    "body_too_large",
    `body: is larger than ${BODY_BYTES_MAX} bytes (4 MiB); send the records in several requests`,
    { max: BODY_BYTES_MAX },
  )
}

/**
 * The request with its body as it was before `Content-Encoding`.
 * @throws ApiError `body_too_large`, `malformed`, `unsupported_encoding`
 */
export async function decodedRequest(request: ApiRequest): Promise<ApiRequest> {
  if (request.body.length > BODY_BYTES_MAX) throw bodyTooLarge()
  const encoding = request.headers["content-encoding"]?.trim().toLowerCase()
  if (encoding === undefined || encoding === "" || encoding === "identity") return request
  if (encoding !== "gzip" && encoding !== "x-gzip") {
    throw new ApiError(
      "unsupported_encoding",
      `headers.content-encoding: expected gzip or identity, got ${JSON.stringify(encoding)}`,
    )
  }
  try {
    return { ...request, body: await gunzipBounded(request.body, { maxOutputLength: BODY_BYTES_MAX }) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw bodyTooLarge()
    throw new ApiError("malformed", "body: is not gzip, though headers.content-encoding says so")
  }
}

const jsonTypes: readonly string[] = [
  mediaTypes.json,
  mediaTypes.kafka,
  mediaTypes.kafkaJson,
  mediaTypes.kafkaBinary,
]

/** The error of a body whose type the route does not take. */
export function unsupportedMediaType(request: ApiRequest, expected: readonly string[]): ApiError {
  const got = request.headers["content-type"]
  return new ApiError(
    "unsupported_media_type",
    `headers.content-type: expected ${expected.join(" or ")}, got ${got === undefined ? "none" : JSON.stringify(got)}`,
  )
}

const text = new TextDecoder("utf-8", { fatal: true })

/**
 * A JSON body, checked.
 * @throws ApiError `unsupported_media_type`, `malformed`, `invalid`
 */
export function jsonBody<S extends Schema>(request: ApiRequest, schema: S): v.InferOutput<S> {
  if (!jsonTypes.includes(essence(request.headers["content-type"]))) {
    throw unsupportedMediaType(request, [mediaTypes.json])
  }
  let value: unknown
  try {
    value = JSON.parse(text.decode(request.body))
  } catch (error) {
    const why = error instanceof SyntaxError ? error.message : "it is not UTF-8"
    throw new ApiError("malformed", `body: expected JSON, but ${why}`)
  }
  return validate("body", schema, value)
}

/** The schema of a body that may be left out or be `{}`. */
export const emptyBody = v.strictObject({})
