import type { Caller, RequestHead } from "../../shared/api/auth/types.ts"
import { bodyTooLarge } from "../../shared/api/body.ts"
import { ApiError } from "../../shared/api/errors.ts"
import { BODY_BYTES_MAX } from "../../shared/api/limits.ts"

/**
 * What a function reads of an HTTP API's event. Source: Amazon API Gateway Developer Guide, "Create AWS Lambda proxy
 * integrations for HTTP APIs", payload format version 2.0.
 */
export interface HttpEvent {
  readonly version: string
  /** Percent-decoded by the gateway. */
  readonly rawPath: string
  /** As sent. */
  readonly rawQueryString?: string
  /** Names in lower case; a repeated header's values joined by commas. Cookies are elsewhere, and nobody reads them. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  readonly body?: string
  readonly isBase64Encoded?: boolean
  readonly requestContext: {
    readonly stage?: string
    readonly http: { readonly method: string }
    readonly authorizer?: {
      /** Filled where the gateway has checked AWS's signature, and only there. */
      readonly iam?: { readonly userArn?: string | null } | null
    }
  }
}

const DEFAULT_STAGE = "$default"
/** What stands in a path as it is (RFC 3986 §3.3), apart from the percent sign, which is what is to be encoded. */
const NOT_IN_PATHS = /[^A-Za-z0-9\-._~!$&'()*+,;=:@/]+/g

/**
 * The path as its client may have sent it. The gateway decodes it, so that an encoded slash is told from one that was
 * not no more; all else is encoded again.
 */
function pathOf({ rawPath, requestContext }: HttpEvent): string {
  const stage = requestContext.stage ?? DEFAULT_STAGE
  const prefix = `/${stage}`
  const isBelow = stage !== DEFAULT_STAGE && (rawPath === prefix || rawPath.startsWith(`${prefix}/`))
  const path = isBelow ? rawPath.slice(prefix.length) : rawPath
  return (path === "" ? "/" : path).toWellFormed().replace(NOT_IN_PATHS, encodeURIComponent)
}

/** A caller whose signature the gateway has checked has passed its policy for this route: inside, all is allowed. */
function callerOf({ requestContext }: HttpEvent): Caller | undefined {
  const iam = requestContext.authorizer?.iam
  if (iam === undefined || iam === null) return undefined
  return { by: "iam", name: iam.userArn ?? "unknown", scopes: ["*"] }
}

/** All of an event but its body. */
export function headOf(event: HttpEvent): Omit<RequestHead, "signal"> {
  const caller = callerOf(event)
  return {
    method: event.requestContext.http.method,
    path: pathOf(event),
    query: event.rawQueryString ?? "",
    headers: event.headers ?? {},
    ...(caller === undefined ? {} : { caller }),
  }
}

/** How gzip begins (RFC 1952 §2.3.1) once its bytes were read as UTF-8, of which the second is none. */
const GZIP_AS_TEXT = "\u001f\ufffd"

/** @throws ApiError `body_too_large`, `unsupported_encoding` */
export function bodyOf({ body, isBase64Encoded }: HttpEvent): Uint8Array {
  if (body === undefined || body === "") return new Uint8Array(0)
  if (isBase64Encoded !== true && body.startsWith(GZIP_AS_TEXT)) {
    throw new ApiError(
      "unsupported_encoding",
      "headers.content-encoding: the gateway reads bodies of application/json and text/* as text, which gzip does not " +
        "survive; expected identity, or another content-type such as application/x-ndjson",
    )
  }
  const encoding = isBase64Encoded === true ? "base64" : "utf8"
  if (Buffer.byteLength(body, encoding) > BODY_BYTES_MAX) throw bodyTooLarge()
  return Buffer.from(body, encoding)
}
