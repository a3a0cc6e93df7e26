import { mediaTypes, negotiate } from "./media-type.ts"
import type { ApiRequest, ApiResponse } from "./types.ts"

/** A JSON answer of a route that is not Kafka REST's. `body` is a value, or JSON text already. */
export function jsonReply(status: number, body: object | string): ApiResponse {
  return {
    status,
    headers: { "content-type": mediaTypes.json },
    body: typeof body === "string" ? body : JSON.stringify(body),
  }
}

/** A JSON answer of one of Kafka REST's routes: under its media type for those who ask for it. */
export function kafkaReply(
  request: ApiRequest,
  status: number,
  body: object | string | Uint8Array,
): ApiResponse {
  const type = negotiate(request.headers.accept, [mediaTypes.json, mediaTypes.kafka]) ?? mediaTypes.json
  return {
    status,
    headers: { "content-type": type },
    body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body),
  }
}
