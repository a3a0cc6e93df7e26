import type { TopicSource } from "../../definition/job/graph.ts"
import { RecordReader } from "../records/record-reader.ts"
import type { RecordTexts } from "../records/record-texts.ts"
import type { InputPosition } from "../task/commit.ts"
import { type RunningGenerator, runningGenerator } from "../time/generators.ts"
import { type InputTime, type MergedTime, SplitMerge } from "../time/watermark-merge.ts"
import type { EngineInput } from "./engine.ts"

/** One partition of a source, and how far its event time has come. */
export class SourceInput implements InputTime {
  readonly input: EngineInput
  readonly generator: RunningGenerator
  next: number
  idle: boolean
  ended: boolean
  /** The clock when its last record came, epoch ms; undefined before the first look. */
  lastRecordAt: number | undefined

  constructor(source: TopicSource, input: EngineInput, position: InputPosition | undefined) {
    this.input = input
    this.generator = runningGenerator(source.watermark, position)
    this.next = position?.next ?? 0
    this.idle = position?.idle ?? false
    this.ended = position?.ended ?? false
  }

  /** At least this, epoch ms: somebody outside said so. */
  watermarkMin = Number.NEGATIVE_INFINITY

  get watermark(): number {
    return Math.max(this.generator.current(), this.watermarkMin)
  }

  /**
   * Idle without records for so long by the clock; never before it was looked at for that long. What was idle stays so
   * until records come, across restarts too.
   */
  look(now: number, idleAfterMs: number | undefined, hadRecords: boolean): void {
    if (hadRecords || this.lastRecordAt === undefined) this.lastRecordAt = now
    if (hadRecords) this.idle = false
    else if (idleAfterMs !== undefined && now - this.lastRecordAt >= idleAfterMs) this.idle = true
  }

  position(): InputPosition {
    const { source, topicId, partition } = this.input
    const { next, idle, ended } = this
    const { maxTimestamp, mark } = this.generator
    const position = { source, topicId, partition, next, maxTimestamp, idle, ended }
    return mark === undefined ? position : { ...position, mark }
  }
}

/** All partitions of one source. */
export class SourceInputs {
  readonly source: TopicSource
  readonly inputs = new Map<string, SourceInput>()
  /** One for all partitions: they hold records of the same shapes. */
  readonly reader: RecordReader
  #merge = new SplitMerge()

  /** @param texts of the record at hand, of whatever source */
  constructor(source: TopicSource, texts: RecordTexts) {
    this.source = source
    this.reader = new RecordReader(texts)
  }

  add(input: EngineInput, position: InputPosition | undefined): void {
    const id = inputId(input)
    if (!this.inputs.has(id)) this.inputs.set(id, new SourceInput(this.source, input, position))
  }

  /** Goes on from a stored watermark: it never falls. */
  restore(watermark: number): void {
    this.#merge = new SplitMerge(watermark)
  }

  /** A source that reads nothing yet has not ended: its topics may come. */
  time(): MergedTime {
    const merged = this.#merge.merge(this.inputs.values())
    return this.inputs.size === 0 ? { ...merged, ended: this.source.bounded } : merged
  }
}

export function inputId({
  source,
  topicId,
  partition,
}: Pick<EngineInput, "source" | "topicId" | "partition">): string {
  return `${source}/${topicId}#${partition}`
}
