import { Duration } from "aws-cdk-lib"
import type { ITable } from "aws-cdk-lib/aws-dynamodb"
import { EventSourceMapping, FilterCriteria, FilterRule, StartingPosition } from "aws-cdk-lib/aws-lambda"
import { Construct } from "constructs"
import { acknowledgeWildcards } from "./acknowledge.ts"
import { allow } from "./permissions.ts"
import type { PlatformFunction } from "./platform-function.ts"

/** Keys are small: this many are 0.2 MB, and one invocation a second handles as many slots a second. */
const BATCH_RECORDS = 1_000
/** A wake may be so late: reads do not wait for it. */
const WINDOW = Duration.seconds(1)
/** What is older the tick has found, or finds soon. */
const RECORD_AGE_MAX = Duration.minutes(1)

export interface LogDispatchProps {
  /** The table of slots, with its stream. */
  readonly logTable: ITable
  readonly dispatch: PlatformFunction
}

/** Tells `dispatch` of new slots: the log table's stream, of which only insertions of slots pass. */
export class LogDispatch extends Construct {
  readonly mapping: EventSourceMapping

  constructor(scope: Construct, id: string, props: LogDispatchProps) {
    super(scope, id)
    const { dispatch, logTable } = props
    const streamArn = logTable.tableStreamArn!
    const role = dispatch.ownRole
    allow(role, ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"], [streamArn])
    // Lambda asks for it when it makes the mapping, and the action knows no resource.
    allow(role, ["dynamodb:ListStreams"], ["*"])
    acknowledgeWildcards(role, ["*"], "The action dynamodb:ListStreams cannot be limited to a table.")
    this.mapping = new EventSourceMapping(this, "Mapping", {
      target: dispatch,
      eventSourceArn: streamArn,
      // From the oldest on, and never older than a minute: nothing is missed while the mapping is made.
      startingPosition: StartingPosition.TRIM_HORIZON,
      maxRecordAge: RECORD_AGE_MAX,
      batchSize: BATCH_RECORDS,
      maxBatchingWindow: WINDOW,
      retryAttempts: 0,
      filters: [
        FilterCriteria.filter({
          eventName: FilterRule.isEqual("INSERT"),
          dynamodb: { Keys: { sk: { S: FilterRule.beginsWith("s#") } } },
        }),
      ],
    })
    // The rights must stand before Lambda asks for them.
    this.mapping.node.addDependency(role)
  }
}
