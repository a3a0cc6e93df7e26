import type { IncomingHttpHeaders } from "node:http"
import { ApiError } from "../api/errors.ts"

/** True for names and addresses that reach this machine alone. Other names could be rebound to it by their DNS. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase()
  return name === "localhost" || name === "::1" || name === "[::1]" || /^127(\.\d{1,3}){3}$/.test(name)
}

/** A Host header's name without its port. */
function hostName(host: string): string {
  const end = host.startsWith("[") ? host.indexOf("]") + 1 : host.indexOf(":")
  return end <= 0 ? host : host.slice(0, end)
}

const harmless: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"])

function isOwnOrigin(origin: string, host: string | undefined): boolean {
  // What ends TLS before this server makes https of it.
  return origin === `http://${host}` || origin === `https://${host}`
}

/**
 * Refuses what a web page elsewhere makes a browser send to this server: requests under a foreign name (DNS rebinding),
 * and changes from a foreign origin (cross-site request forgery). Programs send no `Origin`.
 * @param authenticated everybody must prove who he is, which a page under a foreign name cannot: any name will do
 */
export function checkCaller(
  method: string,
  headers: IncomingHttpHeaders,
  authenticated = false,
): ApiError | undefined {
  const { host, origin } = headers
  if (!authenticated && host !== undefined && !isLoopback(hostName(host))) {
    return new ApiError(
      "foreign_host",
      `headers.host: expected localhost, 127.0.0.1 or [::1], got ${JSON.stringify(host)}`,
    )
  }
  if (harmless.has(method)) return undefined
  if (origin !== undefined ? !isOwnOrigin(origin, host) : headers["sec-fetch-site"] === "cross-site") {
    const got = JSON.stringify(origin ?? "another site")
    return new ApiError("foreign_origin", `headers.origin: expected this server's own pages, got ${got}`)
  }
  return undefined
}
