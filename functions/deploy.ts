import { keyStore } from "../shared/api/auth/keys.ts"
import { type AppDefinition, DEFINITION_VERSION } from "../shared/definition/app-definition.ts"
import { planText } from "../shared/definition/plan.ts"
import { deploy } from "../shared/deployment/deploy.ts"
import { JobStore } from "../shared/processing/jobs/job-store.ts"
import type { DeployProperties } from "./environment.ts"
import type { Base } from "./runtime/base.ts"
import { answerRequest, answerText, type Outcome, type ResourceRequest } from "./runtime/custom-resource.ts"
import { type Home, openHome } from "./runtime/home.ts"
import { handOver, JobWakes, readProcessFunctions } from "./runtime/job-wakes.ts"
import { lambda, type Served } from "./runtime/lambda.ts"
import { asError } from "./runtime/report.ts"
import { stopping } from "./runtime/stopping.ts"

/** The first key may do everything: others are made with it. */
const FIRST_KEY_NAME = "first"
const FIRST_KEY_SCOPES = ["*"]
/** What is left for the answer when a deployment takes too long. */
const ANSWER_MS = 30_000
const LATE: Outcome = {
  status: "FAILED",
  reason: "the deployment takes too long and is stopped; the next one carries it through",
}

/**
 * Applies an app's definition, as a custom resource of its stack. It always answers CloudFormation. What it begins can
 * be begun again: a rollback sends the old definition, which is then applied over whatever stands. A deletion leaves
 * everything.
 */
export function createDeploy(base: Base): Served<ResourceRequest, void> {
  const { settings, report } = base
  const { clock } = base.ports
  return {
    async handle(request, invocation) {
      const stop = new AbortController()
      // Its own for each request: one that was told off must not go on when a rollback has come.
      const home = openHome({ ...base, ports: stopping(base.ports, stop.signal) })
      const deployed = outcomeOf(home, request)
      const waited = new AbortController()
      const late = clock.sleep(Math.max(0, invocation.leftMs() - ANSWER_MS), waited.signal).then(() => LATE)
      const outcome = await Promise.race([deployed, late])
      waited.abort()
      stop.abort()
      if (outcome.status === "FAILED") report.warn("the deployment is refused", { reason: outcome.reason })
      const physicalId = request.PhysicalResourceId ?? `millrace-${settings.MILLRACE_APP}`
      const text = answerText(request, physicalId, outcome)
      await answerRequest(request.ResponseURL, text, ms => clock.sleep(ms))
      await deployed
      await home.log.idle()
    },
  }
}

async function outcomeOf(home: Home, request: ResourceRequest): Promise<Outcome> {
  if (request.RequestType === "Delete") return { status: "SUCCESS" }
  try {
    await apply(home, propertiesOf(request))
    return { status: "SUCCESS" }
  } catch (error) {
    home.report.error("the deployment failed", asError(error))
    return { status: "FAILED", reason: asError(error).message }
  }
}

function propertiesOf({ ResourceProperties }: ResourceRequest): DeployProperties {
  const { DefinitionBucket, DefinitionKey } = ResourceProperties
  if (typeof DefinitionBucket === "string" && typeof DefinitionKey === "string") {
    return ResourceProperties as unknown as DeployProperties
  }
  throw new Error(
    "properties: expected DefinitionBucket and DefinitionKey, the place of the app's definition",
  )
}

async function apply(home: Home, properties: DeployProperties): Promise<void> {
  const { ports, log, tables, cloud, settings, report } = home
  const { DefinitionBucket, DefinitionKey, FirstKeySecret } = properties
  const definition = JSON.parse(
    await cloud.outside.readObject(DefinitionBucket, DefinitionKey),
  ) as AppDefinition
  if (definition.v !== DEFINITION_VERSION) {
    throw new Error(`the definition has format ${definition.v}, expected ${DEFINITION_VERSION}`)
  }
  if (definition.app !== settings.MILLRACE_APP) {
    throw new Error(`the definition is of app ${definition.app}, expected ${settings.MILLRACE_APP}`)
  }
  const plan = await deploy({ ports, log, tables }, definition)
  report.info("deployed", { plan: planText(plan) })
  await wakeJobs(home, definition)
  if (FirstKeySecret === undefined) return
  const key = await cloud.outside.readSecret(FirstKeySecret)
  const counts = await keyStore(ports).ensure(key, FIRST_KEY_NAME, FIRST_KEY_SCOPES)
  if (!counts)
    report.warn("the first key was revoked and stays so: its secret holds a key that is worth nothing")
}

/** So that a job reads from here on, and takes up its new code. What is lost the tick makes up for. */
async function wakeJobs(home: Home, { jobs }: AppDefinition): Promise<void> {
  if (jobs.length === 0) return
  const named = new Set(jobs.map(({ name }) => name))
  const wakes = new JobWakes()
  for (const { name, tasks } of await new JobStore(home.ports).list()) {
    if (named.has(name)) for (const task of tasks.keys()) wakes.add(name, task)
  }
  const [lost] = await handOver(home, readProcessFunctions(home.settings), wakes)
  if (lost !== undefined) home.report.error("a job could not be woken", asError(lost))
}

export const handler = lambda("deploy", [], createDeploy)
