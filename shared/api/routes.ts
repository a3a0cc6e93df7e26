import type { Route } from "./route.ts"
import { abortTransaction } from "./routes/abort-transaction.ts"
import { alterTopic } from "./routes/alter-topic.ts"
import { commitOffsets } from "./routes/commit-offsets.ts"
import { commitTransaction } from "./routes/commit-transaction.ts"
import { consume } from "./routes/consume.ts"
import {
  commitConsumer,
  getConsumerOffsets,
  seekConsumer,
  seekConsumerToBeginning,
  seekConsumerToEnd,
} from "./routes/consumer-offsets.ts"
import {
  assignConsumer,
  getAssignments,
  getSubscription,
  subscribeConsumer,
  unsubscribeConsumer,
} from "./routes/consumer-reads.ts"
import { readConsumer } from "./routes/consumer-records.ts"
import { createConsumer, deleteConsumer } from "./routes/consumers.ts"
import {
  getTableMetadata,
  getVersion,
  listBrokerNames,
  listDatabases,
  listTableBrokers,
  listTenantBrokers,
  listTenantsBrokers,
} from "./routes/controller.ts"
import { countDeadLetters } from "./routes/count-dead-letters.ts"
import { createKey } from "./routes/create-key.ts"
import { createProducer } from "./routes/create-producer.ts"
import { createTopic } from "./routes/create-topic.ts"
import { alterTable, createTable, dropTable } from "./routes/define-table.ts"
import { deleteGroup } from "./routes/delete-group.ts"
import { deleteJob } from "./routes/delete-job.ts"
import { deleteRecords } from "./routes/delete-records.ts"
import { deleteTopic } from "./routes/delete-topic.ts"
import { fetchFramed } from "./routes/fetch-framed.ts"
import { getCommitted } from "./routes/get-committed.ts"
import { getGroup } from "./routes/get-group.ts"
import { getHealth } from "./routes/get-health.ts"
import { getJob } from "./routes/get-job.ts"
import { getLag } from "./routes/get-lag.ts"
import { getMetrics } from "./routes/get-metrics.ts"
import { getOffsets } from "./routes/get-offsets.ts"
import { getOpenapi } from "./routes/get-openapi.ts"
import { getTable } from "./routes/get-table.ts"
import { getTableSchema } from "./routes/get-table-schema.ts"
import { getTopic } from "./routes/get-topic.ts"
import { getTransaction, listTransactions } from "./routes/get-transaction.ts"
import { heartbeat } from "./routes/heartbeat.ts"
import { initTransaction } from "./routes/init-transaction.ts"
import { deleteResult, getResult, getResultPage } from "./routes/kept-results.ts"
import { leaveGroup } from "./routes/leave-group.ts"
import { listGroups } from "./routes/list-groups.ts"
import { listJobs } from "./routes/list-jobs.ts"
import { listKeys } from "./routes/list-keys.ts"
import { getSegment, listSegments } from "./routes/list-segments.ts"
import { listTables } from "./routes/list-tables.ts"
import { listTopics } from "./routes/list-topics.ts"
import { produceFramed } from "./routes/produce-framed.ts"
import { produceToPartition } from "./routes/produce-to-partition.ts"
import { produceToTopic } from "./routes/produce-to-topic.ts"
import { purgeTable } from "./routes/purge-table.ts"
import { getQuery, getSql, postQuery, postSql } from "./routes/query-sql.ts"
import { redriveDeadLetters } from "./routes/redrive-dead-letters.ts"
import { resetOffsets } from "./routes/reset-offsets.ts"
import { revokeKey } from "./routes/revoke-key.ts"
import { cancelClientQuery, cancelQuery, listQueries } from "./routes/running-queries.ts"
import { createSchema, deleteSchema, getSchema, listSchemas } from "./routes/schemas.ts"
import { pauseJob, resetJob, restoreJob, resumeJob, savepointJob } from "./routes/steer-job.ts"
import { getPartition, listPartitions } from "./routes/topic-partitions.ts"

/** Every route, in the order in which the documentation tells of them. */
export const routes: readonly Route[] = [
  getHealth,
  createTopic,
  listTopics,
  getTopic,
  alterTopic,
  deleteTopic,
  createProducer,
  produceToTopic,
  produceToPartition,
  consume,
  getOffsets,
  listPartitions,
  getPartition,
  deleteRecords,
  createConsumer,
  subscribeConsumer,
  getSubscription,
  unsubscribeConsumer,
  assignConsumer,
  getAssignments,
  readConsumer,
  commitConsumer,
  getConsumerOffsets,
  seekConsumer,
  seekConsumerToBeginning,
  seekConsumerToEnd,
  deleteConsumer,
  produceFramed,
  fetchFramed,
  heartbeat,
  leaveGroup,
  commitOffsets,
  getCommitted,
  resetOffsets,
  listGroups,
  getGroup,
  getLag,
  deleteGroup,
  initTransaction,
  commitTransaction,
  abortTransaction,
  listTransactions,
  getTransaction,
  postSql,
  getSql,
  postQuery,
  getQuery,
  listQueries,
  cancelQuery,
  cancelClientQuery,
  getResultPage,
  getResult,
  deleteResult,
  listTables,
  getTable,
  getTableSchema,
  getTableMetadata,
  createTable,
  alterTable,
  dropTable,
  purgeTable,
  listSegments,
  getSegment,
  createSchema,
  listSchemas,
  getSchema,
  deleteSchema,
  listDatabases,
  listTenantBrokers,
  listTenantsBrokers,
  listTableBrokers,
  listBrokerNames,
  getVersion,
  listJobs,
  getJob,
  pauseJob,
  resumeJob,
  savepointJob,
  restoreJob,
  resetJob,
  deleteJob,
  getMetrics,
  createKey,
  listKeys,
  revokeKey,
  countDeadLetters,
  redriveDeadLetters,
  getOpenapi,
]
