import type { ColumnType } from "../../../definition/table-spec.ts"
import type { QueryLimits, SqlAnswer } from "../../types.ts"
import { isCoded } from "../columns/encode.ts"
import type { DirectPlan, Output } from "../plan.ts"
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

/** Values that are put in order to compare groups by their ranks: beyond, groups may be fewer than values. */
const RANKED_MAX = 4_096

/** What groups are ordered by: text by its rank. */
function orderKey(by: Output, grouping: Grouping): (row: GroupRow) => Cell {
  if (by.kind !== "group" || !isCoded(by.type as ColumnType)) return evaluator(by)
  const { index } = by
  const dictionary = grouping.dictionary(index)
  if (dictionary.size > RANKED_MAX) return evaluator(by)
  const { ranks } = dictionary.ranking()
  return row => {
    const code = grouping.code(row.current, index)
    return code === 0 ? null : ranks[code]!
  }
}

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
  pause: () => Promise<void> | undefined,
  rowsOf?: Accumulator,
): Promise<Pick<SqlAnswer, "columns" | "rows">> {
  const row = new GroupRow(grouping, aggregates)
  const having = plan.having === undefined ? undefined : evaluator(plan.having)
  const keys = plan.order.map(({ by }) => orderKey(by, grouping))
  const wanted = wantedOf(plan, limits)
  const top = new Top<number>(plan.order, wanted)
  for (let group = 1, kept = 0; group <= grouping.count; group++) {
    const waited = group % GROUPS_AT_ONCE === 0 ? pause() : undefined
    if (waited !== undefined) await waited
    row.current = group
    if (rowsOf?.result(group) === 0) continue
    if (having !== undefined && having(row) !== true) continue
    if (keys.length === 0 && kept++ >= wanted) break
    top.add({ keys: keys.map(key => key(row)), item: group })
  }
  const answer = new Answer(plan, limits)
  const outputs = plan.outputs.map(({ value }) => evaluator(value))
  const cell = (at: number): Cell => outputs[at]!(row)
  for (const { item } of top.entries().slice(plan.skip, wanted)) {
    row.current = item
    answer.add(cell)
  }
  return answer.finish()
}
