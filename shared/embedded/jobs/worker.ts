// The thread in which one job's functions run: started by its path, with a `WorkerTask`.
import { pathToFileURL } from "node:url"
import { parentPort, workerData } from "node:worker_threads"
import type { App } from "../../definition/app.ts"
import { resolveApp } from "../../definition/resolve.ts"
import { failureOf } from "../../evaluation/failure.ts"
import { hookModules } from "../../evaluation/module-hooks.ts"
import type { EngineBatch, LoadedRun, WorkResult } from "../../processing/engine/engine.ts"
import type { EngineHandle, JobCode } from "../../processing/task/job-code.ts"
import { localJobCode } from "../../processing/task/local-job-code.ts"
import { boundedCode } from "./bounded-code.ts"
import { ownSecret } from "./own-secret.ts"
import {
  alone,
  told,
  unpack,
  type WorkerCall,
  type WorkerReply,
  type WorkerRequest,
  type WorkerTask,
} from "./worker-protocol.ts"

const task = workerData as WorkerTask
const port = parentPort
if (port === null) throw new Error("worker.ts: expected to be started as a thread")
const engines = new Map<number, EngineHandle>()

function reply(message: WorkerReply, transferred: readonly Uint8Array<ArrayBuffer>[] = []): void {
  const buffers = new Set(transferred.filter(bytes => bytes.length > 0).map(({ buffer }) => buffer))
  port?.postMessage(message, [...buffers])
}

async function loadCode(): Promise<JobCode> {
  hookModules(() => undefined)
  const module = (await import(pathToFileURL(task.file).href)) as { default?: App }
  const { definition, faults } = resolveApp(module.default, task.stage)
  const found = definition?.jobs.find(({ name }) => name === task.job)
  const jobs = (module.default?.options.jobs ?? []) as readonly Parameters<typeof localJobCode>[0][]
  const job = jobs.find(({ name }) => name === task.job)
  if (found === undefined || job === undefined) {
    const [fault] = faults
    throw new Error(
      fault === undefined ? `${task.file} has no job ${task.job}` : `${fault.path}: ${fault.message}`,
    )
  }
  // Told at once, not when the first results are there.
  for (const name of found.secrets ?? []) await ownSecret(name)
  return task.bounded === true ? boundedCode(job, found) : localJobCode(job, found, ownSecret)
}

function engineOf({ engine }: { readonly engine: number }): EngineHandle {
  const found = engines.get(engine)
  if (found === undefined) throw new Error(`engine ${engine} is closed`)
  return found
}

async function answer(
  code: JobCode,
  call: WorkerCall,
): Promise<[value: unknown, moved?: Uint8Array<ArrayBuffer>[]]> {
  switch (call.kind) {
    case "open":
      engines.set(call.engine, await code.openEngine(call.request))
      return [undefined]
    case "load": {
      const bytes = unpack(call.bytes)
      const runs = call.runs.map((run, index): LoadedRun => ({ ...run, run: bytes[index] as Uint8Array }))
      await engineOf(call).load(runs, call.from)
      return [undefined]
    }
    case "addInputs":
      await engineOf(call).addInputs(call.inputs)
      return [undefined]
    case "work": {
      const batches = call.batches.map((batch): EngineBatch => ({ ...batch, batches: unpack(batch.batches) }))
      return moved(await engineOf(call).work(batches, call.now, call.skip))
    }
    case "writeGroups": {
      const bytes = alone(await engineOf(call).writeGroups(call.from, call.to))
      return [bytes, [bytes]]
    }
    case "close":
      await engines.get(call.engine)?.close?.()
      engines.delete(call.engine)
      return [undefined]
    case "sink":
      await code.callSink(call.sink, call.records, call.id)
      return [undefined]
  }
}

/** A result with its byte arrays ready to change threads. */
function moved(result: WorkResult): [WorkResult, Uint8Array<ArrayBuffer>[]] {
  if (!result.ok) return [result, []]
  const { draft } = result
  const outputs = draft.outputs.map(output => ({ ...output, bytes: alone(output.bytes) }))
  const sinks = draft.sinks.map(batch => ({ ...batch, records: alone(batch.records) }))
  const change = draft.change && { ...draft.change, run: alone(draft.change.run) }
  const arrays = [...outputs.map(({ bytes }) => bytes), ...sinks.map(({ records }) => records)]
  if (change !== undefined) arrays.push(change.run)
  return [{ ok: true, draft: { ...draft, outputs, sinks, change } }, arrays]
}

async function serve(code: JobCode, { id, call }: WorkerRequest): Promise<void> {
  try {
    const [value, arrays] = await answer(code, call)
    const stateBytes = "engine" in call ? (engines.get(call.engine)?.stateBytes ?? 0) : 0
    reply({ kind: "answer", id, value, stateBytes }, arrays)
  } catch (error) {
    reply({ kind: "failed", id, error: told(error) })
  }
}

try {
  const code = await loadCode()
  port.on("message", (request: WorkerRequest) => void serve(code, request))
  reply({ kind: "ready", facts: code.facts })
} catch (error) {
  const { message, at } = failureOf(error)
  reply({
    kind: "refused",
    error: { name: "Error", message: at === undefined ? message : `${at}: ${message}` },
  })
}
