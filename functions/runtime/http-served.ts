import { createApi } from "../../shared/api/api.ts"
import { createAuthenticator } from "../../shared/api/auth/authenticator.ts"
import { keyStore } from "../../shared/api/auth/keys.ts"
import { RestConsumers } from "../../shared/api/consumers/rest-consumers.ts"
import { errorReply } from "../../shared/api/error-reply.ts"
import { Quotas } from "../../shared/api/quotas.ts"
import { schemaStore } from "../../shared/api/schema-store.ts"
import { tableDirectory } from "../../shared/api/table-directory.ts"
import type { Api, ApiResponse, ApiServices } from "../../shared/api/types.ts"
import { fetchJson } from "../../shared/embedded/fetch-json.ts"
import { endings, type Home } from "./home.ts"
import { bodyOf, type HttpEvent, headOf } from "./http-event.ts"
import { type HttpResult, resultOf } from "./http-result.ts"
import type { Invocation, Served } from "./lambda.ts"
import { asError } from "./report.ts"
import { readAuthentication } from "./settings.ts"

/** What is left of an invocation for its answer when a wait or a query is ended, whatever it asked for. */
const ANSWER_MS = 1_000

/** The services that differ between the functions behind the HTTP API. */
export type OwnServices = Pick<ApiServices, "sql" | "journal" | "jobs" | "deadLetters">

/**
 * The API behind a gateway. Never throws for what a request brings: every failure is a response.
 * @throws SettingsError
 */
export function httpServed(home: Home, own: OwnServices): Served<HttpEvent, HttpResult> {
  const { ports, log, tables, report } = home
  const { apiKey, iam, jwt } = readAuthentication(home.settings)
  const keys = apiKey ? keyStore(ports) : undefined
  const onFault = (error: unknown) =>
    report.error("the tokens' issuer does not tell its keys", asError(error))
  const authenticate = createAuthenticator({
    ...(keys === undefined ? {} : { keys }),
    ...(jwt === undefined ? {} : { jwt: { ...jwt, fetchJson, onFault } }),
    iam,
    clock: ports.clock,
  })
  const api = createApi({
    log,
    quotas: new Quotas(ports.clock),
    consumers: new RestConsumers(ports, log),
    tables: tableDirectory(ports, tables, log),
    schemas: schemaStore(ports),
    ...own,
    authenticate,
    ...(keys === undefined ? {} : { keys }),
    onFailure: (error, request) => report.error(`${request.method} ${request.path}`, asError(error)),
  })
  const { idle, close } = endings(home)
  return {
    handle: async (event, invocation) => resultOf(await answer(api, event, invocation)),
    idle,
    async close() {
      api.close()
      await close()
    },
  }
}

async function answer(api: Api, event: HttpEvent, invocation: Invocation): Promise<ApiResponse> {
  const stop = new AbortController()
  const head = { ...headOf(event), signal: stop.signal }
  let body: Uint8Array
  try {
    body = bodyOf(event)
  } catch (error) {
    // A stranger is told that he is one, not what a body may be.
    return (await api.refusal(head)) ?? errorReply(error)
  }
  const timer = setTimeout(() => stop.abort(), Math.max(0, invocation.leftMs() - ANSWER_MS))
  try {
    return await api.handle({ ...head, body })
  } finally {
    clearTimeout(timer)
  }
}
