import { InvokeCommand, LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda"
import type { FunctionName } from "../functions/environment.ts"
import { type Deployment, deployApp } from "../localstack/deploy.ts"
import { EMULATOR_CREDENTIALS, EMULATOR_REGION } from "../localstack/endpoint.ts"
import { addLedgers, emptyLedger, type Ledger } from "../shared/storage/aws/ledger.ts"

/** What some invocations of a function came to. */
export interface Asked {
  readonly invocations: number
  readonly ledger: Ledger
  /** Of each, in the order in which they ended. */
  readonly each: readonly Ledger[]
  /** Bytes of their logs as the bill counts them, the ledgers' own lines left out. */
  readonly logBytes: number
}

/** CloudWatch counts this much for each log event beside its text. */
const LOG_EVENT_BYTES = 26
/** Logs are written when an invocation ends, which is after its answer. */
const POLL_MS = 250
/** Every group's functions by CloudFormation's names. */
const FUNCTION_OF_GROUP = /Functions([A-Z][a-z]+)Logs/

/** A deployment whose functions tell what they ask of AWS, on an emulator. */
export class Deployed {
  readonly #url: string
  readonly #deployment: Deployment
  readonly #lambda: LambdaClient
  readonly #groups = new Map<string, string>()
  readonly #names = new Map<string, string>()
  /** Log events read so far, by group. */
  readonly #read = new Map<string, number>()

  private constructor(url: string, deployment: Deployment) {
    this.#url = url
    this.#deployment = deployment
    this.#lambda = new LambdaClient({
      endpoint: url,
      region: EMULATOR_REGION,
      credentials: EMULATOR_CREDENTIALS,
    })
  }

  static async open(url: string, app: string, context: Readonly<Record<string, string>>): Promise<Deployed> {
    const deployment = await deployApp({ endpoint: url, app, context: { ...context, ledger: "true" } })
    const deployed = new Deployed(url, deployment)
    const { Functions = [] } = await deployed.#lambda.send(new ListFunctionsCommand({}))
    for (const { FunctionName: name = "", LoggingConfig: logging } of Functions) {
      const kind = FUNCTION_OF_GROUP.exec(logging?.LogGroup ?? "")?.[1]?.toLowerCase()
      if (kind === undefined || logging?.LogGroup === undefined) continue
      deployed.#groups.set(kind, logging.LogGroup)
      deployed.#names.set(kind, name)
    }
    return deployed
  }

  /** Sends a request with the first key; returns the answer's text. */
  async send(method: string, path: string, body: string): Promise<string> {
    const response = await fetch(this.#deployment.apiUrl + path, {
      method,
      headers: { authorization: `Bearer ${this.#deployment.key}`, "content-type": "application/json" },
      body,
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`)
    return text
  }

  async invoke(name: FunctionName, event: object): Promise<void> {
    const FunctionName = this.#names.get(name)
    const { FunctionError } = await this.#lambda.send(
      new InvokeCommand({ FunctionName, Payload: JSON.stringify(event) }),
    )
    if (FunctionError !== undefined) throw new Error(`${name}: ${FunctionError}`)
  }

  /** What a function has asked for since the last call. */
  async asked(name: FunctionName): Promise<Asked> {
    const group = this.#groups.get(name)
    if (group === undefined) throw new Error(`the stack has no function ${name}`)
    const all = await this.#events(group)
    const events = all.slice(this.#read.get(group) ?? 0)
    this.#read.set(group, all.length)
    const each: Ledger[] = []
    let logBytes = 0
    for (const { message } of events) {
      const told = /"message":"ledger"/.test(message)
        ? (JSON.parse(message) as { ledger: object })
        : undefined
      if (told !== undefined) each.push(ledgerOf(told.ledger))
      // What Node itself warns of on the emulator is not part of it.
      else if (/^(?:START|END|REPORT|\{)/.test(message))
        logBytes += Buffer.byteLength(message) + LOG_EVENT_BYTES
    }
    return { invocations: each.length, ledger: each.reduce(addLedgers, emptyLedger()), each, logBytes }
  }

  /** Like `asked`, once as many invocations as expected have ended. */
  async askedBy(name: FunctionName, invocations: number): Promise<Asked> {
    let sum: Asked = await this.asked(name)
    while (sum.invocations < invocations) {
      await new Promise(resolve => setTimeout(resolve, POLL_MS))
      sum = joined(sum, await this.asked(name))
    }
    return sum
  }

  /** Like `asked`, once the function has been still for `quietMs`. */
  async askedUntilStill(name: FunctionName, quietMs: number): Promise<Asked> {
    let sum = await this.asked(name)
    for (let still = 0; still < quietMs; still += POLL_MS) {
      await new Promise(resolve => setTimeout(resolve, POLL_MS))
      const more = await this.asked(name)
      if (more.invocations > 0) still = 0
      sum = joined(sum, more)
    }
    return sum
  }

  async #events(logGroupName: string): Promise<readonly { readonly message: string }[]> {
    const events: { message: string }[] = []
    let nextToken: string | undefined
    do {
      const page = await this.#logs({ logGroupName, nextToken })
      events.push(...page.events)
      nextToken = page.nextToken
    } while (nextToken !== undefined)
    return events
  }

  /** One call does not make another client of the SDK worth its weight. */
  async #logs(input: object): Promise<{ events: { message: string }[]; nextToken?: string }> {
    const scope = `Credential=test/20260101/${EMULATOR_REGION}/logs/aws4_request`
    const response = await fetch(this.#url, {
      method: "POST",
      headers: {
        "x-amz-target": "Logs_20140328.FilterLogEvents",
        "content-type": "application/x-amz-json-1.1",
        authorization: `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=none`,
      },
      body: JSON.stringify(input),
    })
    return (await response.json()) as { events: { message: string }[]; nextToken?: string }
  }

  close(): void {
    this.#lambda.destroy()
  }
}

function joined(left: Asked, right: Asked): Asked {
  return {
    invocations: left.invocations + right.invocations,
    ledger: addLedgers(left.ledger, right.ledger),
    each: [...left.each, ...right.each],
    logBytes: left.logBytes + right.logBytes,
  }
}

/** A ledger as logs tell it, its zeros put back. */
function ledgerOf(told: object): Ledger {
  const ledger = emptyLedger()
  for (const [service, counts] of Object.entries(told)) {
    Object.assign((ledger as unknown as Record<string, object>)[service] ?? {}, counts)
  }
  return ledger
}
