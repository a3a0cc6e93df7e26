import { readdirSync, readFileSync } from "node:fs"
import { InvokeCommand, LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda"
import { afterAll } from "vitest"
import type { FunctionName } from "../../../functions/environment.ts"
import {
  type Deployment,
  type DeployOptions,
  deployApp,
  removeAssemblies,
} from "../../../localstack/deploy.ts"
import { EMULATOR_CREDENTIALS, EMULATOR_REGION, openEndpoint } from "../../../localstack/endpoint.ts"
import { Client } from "../client.ts"

const endpoint = await openEndpoint(process.env, { deploys: true })
afterAll(async () => {
  removeAssemblies()
  if (!("skipped" in endpoint)) await endpoint.stop()
})

/** For the titles of tests: empty where there is an emulator, else why there is none. */
export const skipped = "skipped" in endpoint ? ` [skipped: ${endpoint.skipped.replace(/[[\]]/g, "'")}]` : ""

export const endpointUrl = "skipped" in endpoint ? "" : endpoint.url

/** How a client of AWS's SDK reaches the emulator. */
export const sdk = { endpoint: endpointUrl, region: EMULATOR_REGION, credentials: EMULATOR_CREDENTIALS }

/** What an invocation came to. */
export interface Invoked {
  readonly payload: unknown
  /** The function failed, or was killed. */
  readonly failed: boolean
}

/** An app that is deployed, and its functions. */
export class Deployed extends Client {
  #deployment: Deployment
  readonly #lambda = new LambdaClient(sdk)
  #names = new Map<FunctionName, string>()

  private constructor(deployment: Deployment) {
    super()
    this.#deployment = deployment
    this.url = deployment.apiUrl
    this.key = deployment.key
  }

  static async open(options: Omit<DeployOptions, "endpoint">): Promise<Deployed> {
    const deployed = new Deployed(await deployApp({ ...options, endpoint: endpointUrl }))
    await deployed.#findFunctions()
    return deployed
  }

  get outputs(): Deployment["outputs"] {
    return this.#deployment.outputs
  }

  async update(options: Parameters<Deployment["update"]>[0]): Promise<void> {
    this.#deployment = await this.#deployment.update(options)
  }

  destroy(): Promise<void> {
    return this.#deployment.destroy()
  }

  async #findFunctions(): Promise<void> {
    const { Functions = [] } = await this.#lambda.send(new ListFunctionsCommand({}))
    for (const { FunctionName: physical = "" } of Functions) {
      const name = /-Functions([A-Z][a-z]+)[0-9A-F]{8}-/.exec(physical)?.[1]?.toLowerCase()
      if (name !== undefined) this.#names.set(name as FunctionName, physical)
    }
    const jobs = JSON.parse(this.outputs.JobFunctionNames ?? "{}") as Record<string, string>
    for (const physical of Object.values(jobs)) this.#names.set("process", physical)
  }

  /** A function's name; `process` is the one of the app's last job. */
  physicalName(name: FunctionName): string {
    const physical = this.#names.get(name)
    if (physical === undefined)
      throw new Error(`there is no function ${name}, only ${[...this.#names.keys()]}`)
    return physical
  }

  /** Invokes a function and waits for its end. */
  async invoke(name: FunctionName, event: unknown): Promise<Invoked> {
    const { Payload, FunctionError } = await this.#lambda.send(
      new InvokeCommand({ FunctionName: this.physicalName(name), Payload: JSON.stringify(event) }),
    )
    const text = Payload === undefined ? "" : Buffer.from(Payload).toString()
    return { payload: text === "" ? undefined : JSON.parse(text), failed: FunctionError !== undefined }
  }

  /** The processes that run a function now, and those that they started. */
  processes(name: FunctionName): number[] {
    const mark = `AWS_LAMBDA_FUNCTION_NAME=${this.physicalName(name)}\0`
    return readdirSync("/proc")
      .filter(entry => /^\d+$/.test(entry) && environmentOf(entry).includes(mark))
      .map(Number)
  }

  /** Ends a function's processes without warning, whatever they are at. */
  kill(name: FunctionName): number {
    const pids = this.processes(name)
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL")
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error
      }
    }
    return pids.length
  }
}

function environmentOf(pid: string): string {
  try {
    return `${readFileSync(`/proc/${pid}/environ`, "latin1")}\0`
  } catch {
    // It has ended, or is somebody else's.
    return ""
  }
}

/** A call of AWS's JSON protocols, for services without a client here. */
export async function callAws<T>(service: string, target: string, body: object): Promise<T> {
  const credential = `${EMULATOR_CREDENTIALS.accessKeyId}/20260101/${EMULATOR_REGION}/${service}/aws4_request`
  const response = await fetch(endpointUrl, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": target,
      // Emulators look only at whose the request is, and for which service.
      authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${target}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}
