import { keyStore } from "../shared/api/auth/keys.ts"
import type { AppDefinition } from "../shared/definition/app-definition.ts"
import { planText } from "../shared/definition/plan.ts"
import { deploy } from "../shared/deployment/deploy.ts"
import type { DeployProperties } from "./environment.ts"
import type { Base } from "./runtime/base.ts"
import { answerRequest, answerText, type Outcome, type ResourceRequest } from "./runtime/custom-resource.ts"
import { endings, type Home, openHome } from "./runtime/home.ts"
import { lambda, type Served } from "./runtime/lambda.ts"
import { asError } from "./runtime/report.ts"

/** The first key may do everything: others are made with it. */
const FIRST_KEY_NAME = "first"
const FIRST_KEY_SCOPES = ["*"]
/** What is left for the answer when a deployment takes too long. */
const ANSWER_MS = 30_000

/**
 * Applies an app's definition, as a custom resource of its stack. It always answers CloudFormation. What it begins can
 * be begun again: a rollback sends the old definition, which is then applied over whatever stands. A deletion leaves everything.
 */
export function createDeploy(base: Base): Served<ResourceRequest, void> {
  const home = openHome(base)
  return {
    ...endings(home),
    async handle(request, invocation) {
      const { ports, report } = home
      const limit = new AbortController()
      const late = ports.clock
        .sleep(Math.max(0, invocation.leftMs() - ANSWER_MS), limit.signal)
        .then((): Outcome => {
          const reason = "the deployment takes too long; what is left of it is done by the next one"
          return { status: "FAILED", reason }
        })
      const outcome = await Promise.race([outcomeOf(home, request), late])
      limit.abort()
      const physicalId = request.PhysicalResourceId ?? `millrace-${home.settings.MILLRACE_APP}`
      if (outcome.status === "FAILED") report.warn("the deployment is refused", { reason: outcome.reason })
      const text = answerText(request, physicalId, outcome)
      await answerRequest(request.ResponseURL, text, ms => ports.clock.sleep(ms))
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
  if (definition.app !== settings.MILLRACE_APP) {
    throw new Error(`the definition is of app ${definition.app}, expected ${settings.MILLRACE_APP}`)
  }
  const plan = await deploy({ ports, log, tables }, definition)
  report.info("deployed", { plan: planText(plan) })
  if (FirstKeySecret === undefined) return
  await keyStore(ports).ensure(
    await cloud.outside.readSecret(FirstKeySecret),
    FIRST_KEY_NAME,
    FIRST_KEY_SCOPES,
  )
}

export const handler = lambda("deploy", [], createDeploy)
