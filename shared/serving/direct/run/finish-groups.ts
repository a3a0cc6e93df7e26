import type { QueryLimits, SqlAnswer } from "../../types.ts"
import type { DirectPlan } from "../plan.ts"
import type { Accumulator } from "./accumulator.ts"
import { Answer } from "./answer.ts"
import type { Cell } from "./cell.ts"
import { evaluator, type Row } from "./evaluate.ts"
import type { Aggregated, Grouping } from "./grouping.ts"
import { Top, wantedOf } from "./top.ts"

/** A group's values, one group at a time. */
class GroupRow implements Row {
  current = 0
  readonly #grouping: Grouping
  readonly #aggregates: readonly Aggregated[]

  constructor(grouping: Grouping, aggregates: readonly Aggregated[]) {
    this.#grouping = grouping
    this.#aggregates = aggregates
  }

  group(index: number): Cell {
    return this.#grouping.keyValue(this.current, index)
  }

  aggregate(index: number): Cell {
    return this.#aggregates[index]!.accumulator.result(this.current)
  }

  column(name: string): Cell {
    throw new RangeError(`a column beside groups: ${name}`)
  }
}

/** Groups between two looks at whether others wait: a few milliseconds. */
const GROUPS_AT_ONCE = 8_192

/**
 * HAVING, ORDER BY, OFFSET and LIMIT over groups, then the outputs of those that are left. Throws `QueryError`.
 * @param pause lets others in, where they have waited long enough
 * @param rowsOf how many rows each group has, where rows were taken back: a group without any is none
 */
export async function finishGroups(
  plan: DirectPlan,
  grouping: Grouping,
  aggregates: readonly Aggregated[],
  limits: QueryLimits,
  pause: () => Promise<void>,
  rowsOf?: Accumulator,
): Promise<Pick<SqlAnswer, "columns" | "rows">> {
  const row = new GroupRow(grouping, aggregates)
  const having = plan.having === undefined ? undefined : evaluator(plan.having)
  const keys = plan.order.map(({ by }) => evaluator(by))
  const wanted = wantedOf(plan, limits)
  const top = new Top<number>(plan.order, wanted)
  for (let group = 1, kept = 0; group <= grouping.count; group++) {
    if (group % GROUPS_AT_ONCE === 0) await pause()
    row.current = group
    if (rowsOf?.result(group) === 0) continue
    if (having !== undefined && having(row) !== true) continue
    if (keys.length === 0 && kept++ >= wanted) break
    top.add({ keys: keys.map(key => key(row)), item: group })
  }
  const answer = new Answer(plan, limits)
  const outputs = plan.outputs.map(({ value }) => evaluator(value))
  for (const { item } of top.entries().slice(plan.skip, wanted)) {
    row.current = item
    answer.add(outputs.map(output => output(row)))
  }
  return answer.finish()
}
