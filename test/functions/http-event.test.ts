import { gzipSync } from "node:zlib"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { bodyOf, type HttpEvent, headOf } from "../../functions/runtime/http-event.ts"
import { resultOf } from "../../functions/runtime/http-result.ts"
import { ApiError } from "../../shared/api/errors.ts"
import { BODY_BYTES_MAX } from "../../shared/api/limits.ts"
import { httpEvent, textOf } from "./support.ts"

// As API Gateway sends it, of which most is nobody's concern here.
const GOLDEN: HttpEvent & Record<string, unknown> = {
  version: "2.0",
  routeKey: "$default",
  rawPath: "/topics/ads clicks/ü%/?#",
  rawQueryString: "a=1&a=2%20%2B&b",
  cookies: ["session=1"],
  headers: {
    authorization: "Bearer mr_key",
    "content-type": "application/x-ndjson",
    "x-forwarded-for": "203.0.113.1, 203.0.113.2",
    host: "abc.execute-api.eu-west-1.amazonaws.com",
  },
  queryStringParameters: { a: "1,2 +", b: "" },
  requestContext: {
    accountId: "123456789012",
    apiId: "abc",
    domainName: "abc.execute-api.eu-west-1.amazonaws.com",
    http: { method: "POST", path: "/topics/ads clicks/ü%/?#", protocol: "HTTP/1.1", sourceIp: "203.0.113.1" },
    requestId: "id=",
    routeKey: "$default",
    stage: "$default",
    time: "12/Mar/2026:19:03:58 +0000",
    timeEpoch: 1_773_342_238_000,
  },
  body: "eyJhIjoxfQo=",
  isBase64Encoded: true,
} as HttpEvent & Record<string, unknown>

describe("an HTTP API's event", () => {
  test("is the request that its client sent, as far as the gateway tells", () => {
    expect(headOf(GOLDEN)).toEqual({
      method: "POST",
      path: "/topics/ads%20clicks/%C3%BC%25/%3F%23",
      query: "a=1&a=2%20%2B&b",
      headers: GOLDEN.headers,
    })
    expect(Buffer.from(bodyOf(GOLDEN)).toString()).toBe('{"a":1}\n')
  })

  test("of text is text, of nothing nothing", () => {
    expect(Buffer.from(bodyOf({ ...GOLDEN, body: '{"ü":1}', isBase64Encoded: false })).toString()).toBe(
      '{"ü":1}',
    )
    expect(bodyOf({ ...GOLDEN, body: undefined, isBase64Encoded: undefined }).length).toBe(0)
  })

  test("of compressed bytes that the gateway read as text is refused, and says what to send instead", () => {
    const zipped = gzipSync('{"id":1}')
    const asText = httpEvent("POST /x", { body: zipped.toString("utf8") })
    expect(() => bodyOf(asText)).toThrow(
      expect.objectContaining({
        code: "unsupported_encoding",
        message: expect.stringMatching(
          /^headers\.content-encoding: .* expected identity, or another content-type/,
        ),
      }),
    )
    expect(Buffer.from(bodyOf(httpEvent("POST /x", { body: zipped })))).toEqual(zipped)
  })

  test("of a named stage has its path below the stage", () => {
    const at = (stage: string, rawPath: string) =>
      headOf({ ...GOLDEN, rawPath, requestContext: { stage, http: { method: "GET" } } }).path
    expect(at("prod", "/prod/topics")).toBe("/topics")
    expect(at("prod", "/prod")).toBe("/")
    expect(at("prod", "/production")).toBe("/production")
    expect(at("$default", "/topics")).toBe("/topics")
  })

  test("has a caller only by the gateway's word", () => {
    expect(headOf(GOLDEN).caller).toBeUndefined()
    const claims = { ...GOLDEN.headers, "x-amzn-iam": "arn:aws:iam::1:user/x", caller: "me" }
    expect(headOf({ ...GOLDEN, headers: claims }).caller).toBeUndefined()
    const iam = {
      userArn: "arn:aws:iam::123456789012:user/ann",
      accessKey: "AKIA",
      accountId: "123456789012",
    }
    const signed = { ...GOLDEN, requestContext: { ...GOLDEN.requestContext, authorizer: { iam } } }
    expect(headOf(signed).caller).toEqual({ by: "iam", name: iam.userArn, scopes: ["*"] })
    const jwt = {
      ...GOLDEN,
      requestContext: { ...GOLDEN.requestContext, authorizer: { jwt: { claims: {} } } },
    }
    expect(headOf(jwt as HttpEvent).caller).toBeUndefined()
  })

  test("with too large a body is refused with the bound, and one at the bound is not", () => {
    const atBound = new Uint8Array(BODY_BYTES_MAX)
    expect(bodyOf(httpEvent("POST /x", { body: atBound })).length).toBe(BODY_BYTES_MAX)
    const above = httpEvent("POST /x", { body: new Uint8Array(BODY_BYTES_MAX + 1) })
    expect(() => bodyOf(above)).toThrow(expect.objectContaining({ code: "body_too_large" }))
    const text = httpEvent("POST /x", { body: "ü".repeat(BODY_BYTES_MAX / 2 + 1) })
    expect(() => bodyOf(text)).toThrow(ApiError)
    expect(bodyOf(httpEvent("POST /x", { body: "fine" })).length).toBe(4)
  })

  test("keeps every path and body", () => {
    const path = fc.array(
      fc.string({ unit: "grapheme" }).filter(text => !text.includes("/")),
      { maxLength: 4 },
    )
    fc.assert(
      fc.property(path, fc.uint8Array(), (parts, body) => {
        const event = httpEvent("GET /", { body })
        const head = headOf({ ...event, rawPath: `/${parts.join("/")}` })
        expect(head.path).toMatch(/^\/[\w\-.~!$&'()*+,;=:@/%]*$/)
        expect(head.path.slice(1).split("/").map(decodeURIComponent)).toEqual(parts.length ? parts : [""])
        expect([...bodyOf(event)]).toEqual([...body])
      }),
    )
  })
})

describe("an answer", () => {
  const headers = { "content-type": "application/json" }

  test("of text is text; of bytes, whole or in pieces, base64", () => {
    expect(resultOf({ status: 201, headers, body: '{"a":"ü"}' })).toEqual({
      statusCode: 201,
      headers,
      body: '{"a":"ü"}',
      isBase64Encoded: false,
    })
    const bytes = Uint8Array.from([0, 255, 128])
    expect(resultOf({ status: 200, headers, body: bytes })).toMatchObject({
      body: "AP+A",
      isBase64Encoded: true,
    })
    const pieces = [bytes.subarray(0, 1), bytes.subarray(1)]
    expect(resultOf({ status: 200, headers, body: pieces })).toMatchObject({
      body: "AP+A",
      isBase64Encoded: true,
    })
    expect(resultOf({ status: 204, headers: {}, body: "" })).toMatchObject({ statusCode: 204, body: "" })
  })

  test("whose escapes would pass Lambda's bound goes as base64, and is the same", () => {
    const quotes = '"'.repeat(4 * 1024 * 1024)
    const result = resultOf({ status: 200, headers, body: quotes })
    expect(result.isBase64Encoded).toBe(true)
    expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThan(6_291_556)
    expect(textOf(result) === quotes).toBe(true)
    const plain = "a".repeat(5.75 * 1024 * 1024)
    const long = resultOf({ status: 200, headers, body: plain })
    expect(long.isBase64Encoded).toBe(false)
    expect(Buffer.byteLength(JSON.stringify(long))).toBeLessThan(6_291_556)
  })

  test("that no form of fits is an error that says so", () => {
    const result = resultOf({ status: 200, headers, body: new Uint8Array(5 * 1024 * 1024) })
    expect(result.statusCode).toBe(406)
    expect(JSON.parse(result.body)).toMatchObject({ reason: "not_representable", max: expect.any(Number) })
    expect(resultOf({ status: 200, headers, body: new Uint8Array(4 * 1024 * 1024) }).statusCode).toBe(200)
  })
})
