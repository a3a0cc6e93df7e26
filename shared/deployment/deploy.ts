import type { AppDefinition, TopicDefinition } from "../definition/app-definition.ts"
import { canonicalJson } from "../definition/canonical.ts"
import type { JobDefinition } from "../definition/job/job-definition.ts"
import { type Plan, plan, planText, refusals } from "../definition/plan.ts"
import type { StoredJob, StoredTopic } from "../definition/stored.ts"
import type { Log, Owner, TopicInfo } from "../log/types.ts"
import { Jobs } from "../processing/jobs/lifecycle.ts"
import type { TableRegistry } from "../serving/tables/table-registry.ts"
import { StorageError } from "../storage/errors.ts"
import type { Item } from "../storage/meta-store.ts"
import { notAfter } from "../storage/not-after.ts"
import { readAgain, settlePut } from "../storage/settle.ts"
import type { Ports } from "../storage/time.ts"
import { DeploymentError } from "./errors.ts"

const DEPLOYMENT_FORMAT = 1
const DEPLOYMENTS_PK = "deployments"

export interface DeployServices {
  readonly ports: Ports
  readonly log: Log
  readonly tables: TableRegistry
}

interface Deployed {
  readonly definition: AppDefinition | undefined
  readonly version: string | undefined
  readonly date: number
}

/** What `deploy` would do, and what it would refuse. */
export async function planDeployment(services: DeployServices, next: AppDefinition): Promise<Plan> {
  return plan((await readStanding(services, next.app)).stored, next)
}

/** What stands now. */
async function readStanding({ ports, log, tables }: DeployServices, app: string) {
  const deployed = await readDeployed(ports, app)
  const topics = await log.listTopics()
  const jobs = await new Jobs(ports, log).store.list()
  const stored = {
    topics: topics.map(topic => storedTopic(topic, deployed.definition)),
    tables: await tables.list(),
    jobs: jobs.map(({ owner, attached, definition }) => ({ owner, attached, definition })),
  }
  return { deployed, topics, stored }
}

/**
 * Brings topics, tables and jobs to what an app's definition says. Nothing is done when anything is refused: that throws
 * `DeploymentError` with the whole plan. Cut short, it is carried through by the next call.
 */
export async function deploy(services: DeployServices, next: AppDefinition): Promise<Plan> {
  const { ports, log, tables } = services
  const jobs = new Jobs(ports, log)
  const { deployed, topics, stored } = await readStanding(services, next.app)
  const planned = plan(stored, next)
  if (refusals(planned).length > 0) {
    throw new DeploymentError(
      `The app ${next.app} cannot be deployed over what stands:\n${planText(planned)}`,
    )
  }
  const owner: Owner = `app:${next.app}`
  const standing = new Map(topics.map(topic => [topic.name, topic]))
  for (const topic of next.topics) {
    if (!topic.external) await deployTopic(services, topic, standing.get(topic.name), owner)
  }
  const wanted = new Set(next.topics.filter(topic => !topic.external).map(topic => topic.name))
  for (const topic of topics) {
    if (topic.owner !== owner || topic.attached === false || wanted.has(topic.name)) continue
    await log.alterTopic(topic.name, owner, { attached: false })
  }
  const known = new Map(stored.tables.map(table => [table.spec.name, table]))
  for (const spec of next.tables) {
    if (known.has(spec.name)) await tables.alter(spec, owner)
    else await tables.create(spec, owner)
  }
  const named = new Set(next.tables.map(spec => spec.name))
  for (const table of stored.tables) {
    if (table.owner === owner && table.attached && !named.has(table.spec.name)) {
      await tables.detach(table.spec.name, owner)
    }
  }
  await deployJobs(jobs, stored.jobs, next.jobs, owner)
  await writeDeployed(ports, next, deployed)
  return planned
}

async function deployTopic(
  { log, tables }: DeployServices,
  topic: TopicDefinition,
  standing: TopicInfo | undefined,
  owner: Owner,
): Promise<void> {
  const { name, partitions, config, validate, key } = topic
  const schema = canonicalJson(topic.schema)
  if (standing === undefined) {
    await log.createTopic({ name, partitions, config, owner, schema, validate, keyField: key })
    return
  }
  const same =
    standing.partitions === partitions &&
    standing.schema === schema &&
    standing.validate === validate &&
    standing.attached !== false &&
    canonicalJson(standing.config) === canonicalJson(config)
  if (same) return
  const altered = await log.alterTopic(name, owner, { partitions, config, schema, validate, attached: true })
  if (altered.partitions > standing.partitions) await tables.followTopic(altered)
}

/** A job that is attached again goes on from where it was sealed; one that is new in its graph does so by an upgrade. */
async function deployJobs(
  jobs: Jobs,
  stored: readonly StoredJob[],
  next: readonly JobDefinition[],
  owner: Owner,
): Promise<void> {
  const known = new Map(stored.map(job => [job.definition.name, job]))
  for (const definition of next) {
    const { name } = definition
    const before = known.get(name)
    if (before === undefined) await jobs.create(definition, owner)
    else if (canonicalJson(before.definition) !== canonicalJson(definition))
      await jobs.define(name, definition)
    else await jobs.carry(name)
    if (before?.attached === false) await jobs.resume(name)
  }
  const wanted = new Set(next.map(({ name }) => name))
  for (const job of stored) {
    const { name } = job.definition
    if (job.owner === owner && job.attached && !wanted.has(name)) await jobs.detach(name)
  }
}

function storedTopic(info: TopicInfo, definition: AppDefinition | undefined): StoredTopic {
  const { name, owner, partitions, config, keyField, validate } = info
  const last = definition?.topics.find(topic => topic.name === name)
  return {
    name,
    owner,
    attached: info.attached !== false,
    partitions,
    config,
    ...(info.schema === undefined ? {} : { schema: JSON.parse(info.schema) }),
    ...(keyField === undefined ? {} : { key: keyField }),
    ...(last?.eventTime === undefined ? {} : { eventTime: last.eventTime }),
    ...(validate === undefined ? {} : { validate }),
  }
}

async function readDeployed(ports: Ports, app: string): Promise<Deployed> {
  const { item, date } = await readAgain(ports, () => ports.meta.get("meta", { pk: DEPLOYMENTS_PK, sk: app }))
  if (item === undefined) return { definition: undefined, version: undefined, date }
  const { v, definition } = item.fields
  if (v !== DEPLOYMENT_FORMAT) {
    throw new StorageError(
      "unknown_format",
      `deployment of ${app}: format ${v}, expected ${DEPLOYMENT_FORMAT}`,
    )
  }
  return { definition: JSON.parse(String(definition)) as AppDefinition, version: item.version, date }
}

async function writeDeployed(ports: Ports, next: AppDefinition, before: Deployed): Promise<void> {
  const definition = canonicalJson(next)
  if (before.definition !== undefined && canonicalJson(before.definition) === definition) return
  const item: Item = {
    pk: DEPLOYMENTS_PK,
    sk: next.app,
    version: ports.random.id(),
    fields: { v: DEPLOYMENT_FORMAT, definition },
  }
  const condition = before.version === undefined ? ({ absent: true } as const) : { version: before.version }
  const settled = await settlePut(ports, "meta", item, {
    condition,
    notAfter: notAfter(before.date),
  })
  if (settled.outcome !== "committed") {
    throw new DeploymentError(`The app ${next.app} was deployed by somebody else meanwhile; try again.`)
  }
}
