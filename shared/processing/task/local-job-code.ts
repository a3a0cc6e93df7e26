import { type Job, uidOf } from "../../definition/job/job.ts"
import type { JobDefinition } from "../../definition/job/job-definition.ts"
import type { Skip } from "../engine/engine.ts"
import { JobEngine } from "../engine/job-engine.ts"
import { jobDigest } from "../jobs/job-digest.ts"
import { unpackState } from "../state/packing.ts"
import type { EngineHandle, JobCode, JobFacts, ReadSecret, SourceFacts } from "./job-code.ts"

const noSecrets: ReadSecret = async name => {
  throw new Error(`secret ${name} is missing: nothing here has secrets`)
}

/**
 * A job's code in this thread: its functions are called by whoever calls this.
 * @param readSecret asked before each call of a sink that names secrets
 */
export function localJobCode(
  job: Job,
  definition: JobDefinition,
  readSecret: ReadSecret = noSecrets,
): JobCode {
  return {
    facts: jobFacts(job, definition),
    openEngine({ inputs, outputs, bounded, producerId, deadLetters }): EngineHandle {
      const engine = new JobEngine({
        job,
        inputs,
        outputs,
        bounded,
        producerId,
        ...(deadLetters === undefined ? {} : { deadLetters }),
      })
      return {
        load: (runs, from) => engine.load(runs, from),
        addInputs: added => engine.addInputs(added),
        work(batches, now, skip) {
          const left = skip.map((at): Skip => ({ kind: "record", ...at }))
          return engine.work(batches, now, left)
        },
        writeGroups: (from, to) => engine.writeGroups(from, to),
        get stateBytes() {
          return engine.stateBytes
        },
      }
    },
    async callSink(sink, records, id) {
      const operator = job.graph[sink]?.operator
      if (operator?.kind !== "functionSink") throw new Error(`step ${sink} of job ${job.name} is no sink`)
      const named = Object.entries(operator.sink.secrets)
      const values = await Promise.all(named.map(([, { name }]) => readSecret(name)))
      const secrets = Object.fromEntries(named.map(([name], index) => [name, values[index] as string]))
      await operator.sink.write(unpackState(records) as never, { id, secrets })
    },
  }
}

/** What a runner knows of a job. */
export function jobFacts(job: Job, definition: JobDefinition): JobFacts {
  const { poison } = definition
  const deadLetters = poison.startsWith("topic:") ? [poison.slice("topic:".length)] : []
  return {
    name: job.name,
    digest: jobDigest(definition),
    sources: job.graph.flatMap(({ operator }, place): SourceFacts[] => {
      if (operator.kind !== "source") return []
      const { pattern, topics, startingOffsets, bounded, idleAfterMs } = operator
      return [
        {
          place,
          uid: uidOf(job.graph[place] as (typeof job.graph)[number]) ?? "source",
          topics: topics.map(({ name }) => name),
          startingOffsets,
          bounded,
          ...(pattern === undefined ? {} : { pattern: { source: pattern.source, flags: pattern.flags } }),
          ...(idleAfterMs === undefined ? {} : { idleAfterMs }),
        },
      ]
    }),
    outputs: [...new Set([...definition.writes, ...deadLetters])],
    functionSinks: job.graph.flatMap(({ operator }, place) =>
      operator.kind === "functionSink" ? [place] : [],
    ),
    parallelism: definition.parallelism,
    poison,
    bounded: definition.bounded,
  }
}
