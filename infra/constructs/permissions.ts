import type { ITable } from "aws-cdk-lib/aws-dynamodb"
import { type IRole, PolicyStatement } from "aws-cdk-lib/aws-iam"
import type { IKey } from "aws-cdk-lib/aws-kms"
import type { FunctionName } from "../../functions/environment.ts"
import { KEYS_PK } from "../../shared/api/auth/key-item.ts"
import { RUNNING_PK } from "../../shared/serving/query/shared-queries.ts"
import { acknowledgeWildcards } from "./acknowledge.ts"
import type { MillraceStorage } from "./storage.ts"

/** Under which prefixes the engine keeps what in the bucket. */
const WAL = "wal/*"
const SNAPSHOTS = "snap/*"
const SEGMENTS = "seg/*"
const TABLES = "tab/*"
const DEAD = "dead/*"
const JOBS = "job/*"
const RESULTS = "res/*"
/** Never written: it is asked for when the store's date is wanted. */
const DATE = "date"

const ITEMS_READ = ["dynamodb:GetItem", "dynamodb:Query"]
/** Slots, snapshots and manifests are put, and nothing else. */
const ITEMS_PUT = [...ITEMS_READ, "dynamodb:PutItem"]
/** A transaction asks for the right to each of its steps. */
const ITEMS_TRANSACTED = [...ITEMS_PUT, "dynamodb:DeleteItem", "dynamodb:ConditionCheckItem"]
/** Slots whose records lie in segments are deleted. */
const SLOTS_COLLECTED = [...ITEMS_PUT, "dynamodb:BatchWriteItem"]
/** Of dropped tables nothing is left. */
const ITEMS_COLLECTED = [...ITEMS_TRANSACTED, "dynamodb:BatchWriteItem"]

const ITEM_WRITES = new Set(["dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"])
/** Who makes and revokes keys. A key that anybody else could write would open everything. */
const KEY_WRITERS: ReadonlySet<FunctionName> = new Set(["api", "deploy"])
/** Items' partition keys are none of keys'. */
const NO_KEYS = { "ForAllValues:StringNotEquals": { "dynamodb:LeadingKeys": [KEYS_PK] } }

interface Access {
  readonly log?: readonly string[]
  readonly meta: readonly string[]
  /** The only partition key in `meta` that it writes; default: all but keys'. */
  readonly metaPk?: string
  readonly objectsRead?: readonly string[]
  readonly objectsWritten?: readonly string[]
  readonly objectsDeleted?: readonly string[]
}

/** What of the stores each function may touch. */
const ACCESS: Readonly<Record<FunctionName, Access>> = {
  api: {
    log: ITEMS_PUT,
    meta: ITEMS_TRANSACTED,
    objectsRead: [WAL, SNAPSHOTS, SEGMENTS, TABLES],
    // An index of segments that is too large for its item, when records are deleted.
    objectsWritten: [WAL, SNAPSHOTS, SEGMENTS],
  },
  query: {
    log: ITEMS_READ,
    // What it runs comes from strangers: it tells of queries that may be stopped, and writes nothing else.
    meta: [...ITEMS_PUT, "dynamodb:DeleteItem"],
    metaPk: RUNNING_PK,
    objectsRead: [WAL, SNAPSHOTS, SEGMENTS, TABLES, RESULTS],
    objectsWritten: [RESULTS],
    objectsDeleted: [RESULTS],
  },
  dispatch: { meta: ITEMS_READ },
  // Bad records that a topic takes are appended by it.
  build: {
    log: ITEMS_PUT,
    meta: ITEMS_TRANSACTED,
    objectsRead: [WAL, SNAPSHOTS, SEGMENTS, TABLES],
    objectsWritten: [WAL, SNAPSHOTS, TABLES],
  },
  process: {
    log: ITEMS_PUT,
    meta: ITEMS_PUT,
    objectsRead: [WAL, SNAPSHOTS, SEGMENTS, JOBS],
    objectsWritten: [WAL, SNAPSHOTS, JOBS],
  },
  journal: {
    log: ITEMS_PUT,
    meta: ITEMS_PUT,
    objectsRead: [WAL, SNAPSHOTS, SEGMENTS],
    objectsWritten: [WAL, SNAPSHOTS, DEAD],
  },
  maintain: {
    log: SLOTS_COLLECTED,
    meta: ITEMS_COLLECTED,
    objectsRead: [WAL, SNAPSHOTS, SEGMENTS, TABLES, DEAD],
    objectsWritten: [WAL, SNAPSHOTS, SEGMENTS],
    // Nobody else deletes: what is not named by a manifest or an index may be about to be.
    objectsDeleted: [WAL, SNAPSHOTS, SEGMENTS, TABLES, RESULTS],
  },
  deploy: { log: ITEMS_READ, meta: ITEMS_TRANSACTED, objectsRead: [SNAPSHOTS, SEGMENTS, TABLES] },
}

/** Gives a function's role what it needs of the stores, and no more. */
export function grantStorage(role: IRole, name: FunctionName, storage: MillraceStorage): void {
  const { log, meta, objectsRead, objectsWritten, objectsDeleted } = ACCESS[name]
  const { bucket, logTable, metaTable } = storage
  if (log !== undefined) allow(role, log, [logTable.tableArn])
  allowMeta(role, name, meta, metaTable)
  allowKey(role, logTable, metaTable)
  if (objectsRead === undefined) return
  const keys = (prefixes: readonly string[]) => prefixes.map(prefix => bucket.arnForObjects(prefix))
  // Without the right to list, S3 does not tell an object that is absent from one that is forbidden.
  allow(role, ["s3:ListBucket"], [bucket.bucketArn])
  allow(role, ["s3:GetObject"], keys([...objectsRead, DATE]))
  if (objectsWritten !== undefined) allow(role, ["s3:PutObject"], keys(objectsWritten))
  if (objectsDeleted !== undefined) allow(role, ["s3:DeleteObject"], keys(objectsDeleted))
  bucket.encryptionKey?.grantEncryptDecrypt(role)
  acknowledgeWildcards(
    role,
    keys([WAL, SNAPSHOTS, SEGMENTS, TABLES, DEAD, JOBS, RESULTS]),
    "The keys under the prefix are the engine's own, and are made as records come.",
  )
}

function allowMeta(role: IRole, name: FunctionName, actions: readonly string[], { tableArn }: ITable): void {
  if (KEY_WRITERS.has(name)) {
    allow(role, actions, [tableArn])
    return
  }
  const writes = actions.filter(action => ITEM_WRITES.has(action))
  allow(
    role,
    actions.filter(action => !ITEM_WRITES.has(action)),
    [tableArn],
  )
  const { metaPk } = ACCESS[name]
  const only =
    metaPk === undefined ? NO_KEYS : { "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": [metaPk] } }
  if (writes.length > 0) allow(role, writes, [tableArn], only)
}

/** Gives a function's role what it takes to carry changes of jobs through: what their tasks left is read and published. */
export function grantJobs(role: IRole, { bucket, logTable }: MillraceStorage): void {
  const keys = (prefixes: readonly string[]) => prefixes.map(prefix => bucket.arnForObjects(prefix))
  allow(role, ITEMS_PUT, [logTable.tableArn])
  allow(role, ["s3:GetObject"], keys([WAL, SNAPSHOTS, SEGMENTS, JOBS]))
  allow(role, ["s3:PutObject"], keys([WAL, SNAPSHOTS]))
  acknowledgeWildcards(role, keys([JOBS]), "The keys under the prefix are made as jobs commit.")
}

/** Gives a function's role what it takes to delete what jobs no longer need. */
export function grantCollection(role: IRole, { bucket, metaTable }: MillraceStorage): void {
  allow(role, ["s3:DeleteObject"], [bucket.arnForObjects(JOBS)])
  allow(role, ["dynamodb:BatchWriteItem"], [metaTable.tableArn])
}

/** Tables that somebody brings may be encrypted by a key of theirs. */
function allowKey(role: IRole, ...tables: readonly ITable[]): void {
  for (const table of tables) (table as { encryptionKey?: IKey }).encryptionKey?.grantEncryptDecrypt(role)
}

/** Allows actions on resources, under conditions of IAM's if there are any. */
export function allow(
  role: IRole,
  actions: readonly string[],
  resources: readonly string[],
  conditions?: Record<string, unknown>,
): void {
  const given = { actions: [...actions], resources: [...resources] }
  role.addToPrincipalPolicy(new PolicyStatement(conditions === undefined ? given : { ...given, conditions }))
}
