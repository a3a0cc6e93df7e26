import type { App } from "./app.ts"
import { type AppDefinition, DEFINITION_VERSION, type TopicDefinition } from "./app-definition.ts"
import { siteOf } from "./call-site.ts"
import { deepFreeze } from "./canonical.ts"
import { type CheckExpression, checkExpressions, type Expression } from "./expression.ts"
import { at, DefinitionError, type Fault, Faults, shown } from "./faults.ts"
import type { Job } from "./job/job.ts"
import type { JobDefinition } from "./job/job-definition.ts"
import { nameFault } from "./names.ts"
import type { RecordFields } from "./record-fields.ts"
import { isSink, TABLE_TOPIC_PREFIX } from "./records.ts"
import { isJob, resolveJob, topicsOfJob } from "./resolve-job.ts"
import { resolveStages, stagedJob, stagedTable, stagedTopic } from "./resolve-stages.ts"
import { isTopic, resolveTable } from "./resolve-table.ts"
import { type ResolvedTopic, resolveTopic } from "./resolve-topic.ts"
import { appShape, fits } from "./shapes.ts"
import type { Table } from "./table.ts"
import type { TableSpec } from "./table-spec.ts"
import type { Topic } from "./topic.ts"

/** What an app comes down to. */
export interface Resolution {
  /** Absent when there are faults. */
  readonly definition?: AppDefinition
  readonly faults: readonly Fault[]
  /** The SQL that somebody who knows SQL has still to check. */
  readonly expressions: readonly Expression[]
}

/** The stage of whoever names none. */
export const DEFAULT_STAGE = "dev"

/**
 * Turns an app into its stored form, collecting every mistake.
 * @param app what an app file exports by default
 * @param stage whose quantities count
 */
export function resolveApp(app: unknown, stage: string = DEFAULT_STAGE): Resolution {
  const faults = new Faults()
  const expressions: Expression[] = []
  if (!isApp(app)) {
    faults.add("default", `expected the app file to export default defineApp(…), found ${shown(app)}`)
    return { faults: faults.list, expressions }
  }
  const site = siteOf(app)
  const wrongName = nameFault(app.name)
  if (wrongName !== undefined) faults.add("app", `the name ${shown(app.name)}: ${wrongName}`, site)
  const wrongStage = nameFault(stage)
  if (wrongStage !== undefined) faults.add("stage", `the name ${shown(stage)}: ${wrongStage}`)
  fits(appShape, app.options, "app", site, faults)
  const tables = listed(app.options.tables, isTable, "tables", site, faults)
  const jobs = listed(app.options.jobs, isJob, "jobs", site, faults)
  const topics = reachedTopics(app, tables, jobs, site, faults)
  const resolved = new Map<Topic, ResolvedTopic>()
  for (const topic of topics) resolved.set(topic, resolveTopic(topic, faults))
  reportTwins("topics", topics, faults)
  reportTwins("tables", tables, faults)
  reportTwins("jobs", jobs, faults)
  const fieldsOf = (topic: Topic): RecordFields | undefined => resolved.get(topic)?.fields
  const specs = tables.map(table => resolveTable(table, fieldsOf, faults, expressions))
  checkReserved(topics, tables, faults)
  const upserted = new Set(tables.filter(isUpsert).map(table => table.options.from as Topic))
  const jobDefinitions = jobs.map(job => resolveJob(job, faults, upserted))
  const overrides = resolveStages(app.options.stages, stage, knownNames(topics, tables, jobs), site, faults)
  if (faults.list.length > 0) return { faults: faults.list, expressions }
  const definitions = [...resolved.values()].map(topic => topic.definition).filter(isPresent)
  const definition: AppDefinition = {
    v: DEFINITION_VERSION,
    app: app.name,
    stage,
    topics: definitions.map((topic): TopicDefinition => stagedTopic(topic, overrides)).sort(byName),
    tables: specs
      .filter(isPresent)
      .map((table): TableSpec => stagedTable(table, overrides))
      .sort(byName),
    jobs: jobDefinitions
      .filter(isPresent)
      .map((job): JobDefinition => stagedJob(job, overrides))
      .sort(byName),
  }
  return { definition: deepFreeze(definition), faults: [], expressions }
}

/**
 * Turns an app into its stored form, its SQL checked too.
 * @throws DefinitionError naming every mistake
 */
export async function loadApp(
  app: unknown,
  options: { readonly stage?: string; readonly checkExpression?: CheckExpression } = {},
): Promise<AppDefinition> {
  return settleResolution(resolveApp(app, options.stage), options.checkExpression)
}

/** Adds the faults of the SQL; throws `DefinitionError` if there is any fault at all. */
export async function settleResolution(
  resolution: Resolution,
  checkExpression: CheckExpression | undefined,
): Promise<AppDefinition> {
  const sqlFaults =
    checkExpression === undefined ? [] : await checkExpressions(resolution.expressions, checkExpression)
  const faults = [...resolution.faults, ...sqlFaults]
  if (faults.length > 0 || resolution.definition === undefined) throw new DefinitionError(faults)
  return resolution.definition
}

function isApp(value: unknown): value is App {
  return typeof value === "object" && value !== null && (value as Partial<App>).kind === "app"
}

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && (value as Partial<Table>).kind === "table"
}

function listed<T>(
  list: unknown,
  is: (value: unknown) => value is T,
  kind: "topics" | "tables" | "jobs",
  site: string | undefined,
  faults: Faults,
): readonly T[] {
  if (!Array.isArray(list)) return []
  const found: T[] = []
  for (const [index, value] of list.entries()) {
    if (!is(value))
      faults.add(at(`app.${kind}`, index), `expected a ${kind.slice(0, -1)}, found ${shown(value)}`, site)
    else if (found.includes(value)) faults.add(at(`app.${kind}`, index), "is listed twice", site)
    else found.push(value)
  }
  return found
}

/** The listed topics, then those that only tables and jobs name. */
function reachedTopics(
  app: App,
  tables: readonly Table[],
  jobs: readonly Job[],
  site: string | undefined,
  faults: Faults,
): readonly Topic[] {
  const topics = new Set(listed(app.options.topics, isTopic, "topics", site, faults))
  for (const table of tables) {
    if (isTopic(table.options.from)) topics.add(table.options.from)
    const { badRecords } = table.options as { readonly badRecords?: { readonly deadLetter?: unknown } }
    if (isTopic(badRecords?.deadLetter)) topics.add(badRecords.deadLetter)
  }
  for (const job of jobs) for (const topic of topicsOfJob(job)) topics.add(topic)
  return [...topics]
}

function isUpsert({ options }: Table): boolean {
  return isTopic(options.from) && typeof options.upsert === "object" && options.upsert !== null
}

/** Names of topics that stand behind tables are theirs alone. */
function checkReserved(topics: readonly Topic[], tables: readonly Table[], faults: Faults): void {
  const own = new Set(tables.map(table => table.sink))
  for (const topic of topics) {
    if (!topic.name.startsWith(TABLE_TOPIC_PREFIX) || own.has(topic)) continue
    const named = topic.name.slice(TABLE_TOPIC_PREFIX.length)
    const message = isSink(topic)
      ? `a job writes to the table ${named}, which is not among the app's tables: list it`
      : `names beginning with ${TABLE_TOPIC_PREFIX} are reserved`
    faults.add(at("topics", topic.name), message, siteOf(topic))
  }
}

function reportTwins(
  kind: "topics" | "tables" | "jobs",
  resources: readonly (Topic | Table | Job)[],
  faults: Faults,
): void {
  const names = new Set<string>()
  for (const resource of resources) {
    if (names.has(resource.name)) {
      faults.add(at(kind, resource.name), `two ${kind} have this name`, siteOf(resource))
    }
    names.add(resource.name)
  }
}

function knownNames(topics: readonly Topic[], tables: readonly Table[], jobs: readonly Job[]) {
  return {
    topics: new Set(topics.map(topic => topic.name)),
    externalTopics: new Set(topics.filter(topic => topic.options.external === true).map(topic => topic.name)),
    tables: new Set(tables.map(table => table.name)),
    jobs: new Set(jobs.map(job => job.name)),
  }
}

function byName(left: { readonly name: string }, right: { readonly name: string }): number {
  return left.name < right.name ? -1 : left.name > right.name ? 1 : 0
}

function isPresent<T>(value: T | undefined): value is T {
  return value !== undefined
}
