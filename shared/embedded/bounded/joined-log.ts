import type { Log } from "../../log/types.ts"

/**
 * Reads topics of a data folder, and keeps everything else apart: what a run makes and writes is in `own`, what it only
 * reads in `data`. A topic's id tells where it is; by name those of `own` come first.
 */
export function joinedLog(own: Log, data: Log | undefined): Log {
  if (data === undefined) return own
  const owned = new Set<string>()
  const logOf = async (topicId: string): Promise<Log> => {
    if (!owned.has(topicId)) for (const { id } of await own.listTopics()) owned.add(id)
    return owned.has(topicId) ? own : data
  }
  return {
    groups: own.groups,
    transactions: own.transactions,
    createTopic: spec => own.createTopic(spec),
    async listTopics() {
      const [made, read] = await Promise.all([own.listTopics(), data.listTopics()])
      const names = new Set(made.map(({ name }) => name))
      return [...made, ...read.filter(({ name }) => !names.has(name))]
    },
    topic: (name, anew) => own.topic(name, anew).catch(() => data.topic(name, anew)),
    topicById: async (id, anew) => (await logOf(id)).topicById(id, anew),
    alterTopic: (name, by, change) => own.alterTopic(name, by, change),
    deleteTopic: (name, by) => own.deleteTopic(name, by),
    createProducer: () => own.createProducer(),
    pinnedPartitions: (topic, producer) => own.pinnedPartitions(topic, producer),
    append: request => own.append(request),
    appendJournalled: request => own.appendJournalled(request),
    publish: request => own.publish(request),
    producerPosition: (id, partition, producer) => own.producerPosition(id, partition, producer),
    retireProducer: (id, partition, producer) => own.retireProducer(id, partition, producer),
    assign: topic => own.assign(topic),
    fetch: async (id, partition, request) => (await logOf(id)).fetch(id, partition, request),
    offsets: async (id, partition) => (await logOf(id)).offsets(id, partition),
    lastStableOffset: async (id, partition) => (await logOf(id)).lastStableOffset(id, partition),
    deleteRecords: async (id, partition, before) => (await logOf(id)).deleteRecords(id, partition, before),
    offsetForTimestamp: async (id, partition, timestamp) =>
      (await logOf(id)).offsetForTimestamp(id, partition, timestamp),
    figures: () => own.figures(),
    recover: () => own.recover(),
    idle: () => own.idle(),
    close: () => own.close(),
  }
}
