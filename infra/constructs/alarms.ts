import { Duration } from "aws-cdk-lib"
import type { HttpStage } from "aws-cdk-lib/aws-apigatewayv2"
import { Alarm, ComparisonOperator, type Metric, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch"
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions"
import type { ITopic } from "aws-cdk-lib/aws-sns"
import { Construct } from "constructs"
import type { MillraceMetrics } from "./metrics.ts"

export interface MillraceAlarmsProps {
  readonly metrics: MillraceMetrics
  /**
   * Who is told.
   * @default - nobody: alarms only show their state
   */
  readonly topic?: ITopic
}

/** What is an alarm. */
export interface AlarmRule {
  readonly id: string
  readonly description: string
  /** Undefined where there is nothing to measure. */
  readonly metric: Metric | undefined
  readonly threshold: number
  /** How many periods of five minutes in a row. */
  readonly periods: number
}

/** A few failed requests are the network's; this many in five minutes are not. */
const SERVER_ERRORS = 5
/** Deliveries are seconds old; what is older by this much will not mend itself, and the stream keeps it for a day. */
const JOURNAL_AGE = Duration.minutes(10)

/** The alarms: each on one metric, at $0.10 a month each. What each means, and what to do, is in docs/operating.md. */
function rulesOf(metrics: MillraceMetrics): AlarmRule[] {
  return [
    {
      id: "ServerErrors",
      description: "Requests are answered with a status of 500 and above",
      metric: metrics.serverErrors(),
      threshold: SERVER_ERRORS,
      periods: 1,
    },
    {
      id: "Throttles",
      description: "Requests are refused for want of Lambda's concurrency",
      metric: metrics.throttles("api"),
      threshold: 1,
      periods: 1,
    },
    {
      id: "DispatchErrors",
      description: "Wakes are lost again and again: segments are built by the tick alone",
      metric: metrics.dispatchErrors(),
      threshold: 1,
      periods: 3,
    },
    {
      id: "MaintainErrors",
      description: "The tick fails: what is left undone stays so",
      metric: metrics.maintainErrors(),
      threshold: 1,
      periods: 3,
    },
    {
      id: "DeadLetters",
      description: "Dead letters wait to be looked at and redriven",
      metric: metrics.deadLetters(),
      threshold: 1,
      periods: 1,
    },
    {
      id: "TasksStuck",
      description: "A job has failed, or a task of one does not get on although there are records",
      metric: metrics.tasksStuck(),
      threshold: 1,
      periods: 1,
    },
    {
      id: "JournalAge",
      description: "Journalled records do not come into the log, and will be lost when the stream drops them",
      metric: metrics.journalAge(),
      threshold: JOURNAL_AGE.toMilliseconds(),
      periods: 1,
    },
    {
      id: "JournalErrors",
      description: "Journalled records are delivered again and again",
      metric: metrics.journalErrors(),
      threshold: 1,
      periods: 3,
    },
    {
      id: "JournalThrottles",
      description: "The journal has no room for more records: it wants more shards",
      metric: metrics.journalThrottles(),
      threshold: 1,
      periods: 3,
    },
  ]
}

/** Five alarms, three more with a journal, one with jobs, and one with a signed API. */
export class MillraceAlarms extends Construct {
  readonly alarms: Alarm[] = []
  readonly #topic: ITopic | undefined

  constructor(scope: Construct, id: string, props: MillraceAlarmsProps) {
    super(scope, id)
    this.#topic = props.topic
    for (const rule of rulesOf(props.metrics)) {
      if (rule.metric !== undefined) this.add({ ...rule, metric: rule.metric })
    }
  }

  /** Watches one job's function. */
  addJobErrors(job: string, metric: Metric): void {
    this.add({
      id: `JobErrors-${job}`,
      description: `The function of the job ${job} fails`,
      metric,
      threshold: 1,
      periods: 1,
    })
  }

  /** Watches another API's answers. */
  addServerErrors(id: string, stage: HttpStage): void {
    this.add({
      id,
      description: "Requests with AWS's signatures are answered with a status of 500 and above",
      metric: stage.metricServerError({ period: Duration.minutes(5) }),
      threshold: SERVER_ERRORS,
      periods: 1,
    })
  }

  /** Adds an alarm: at the threshold or above it, so many periods in a row. */
  add(rule: AlarmRule & { readonly metric: Metric }): Alarm {
    const alarm = new Alarm(this, rule.id, {
      alarmDescription: `Millrace: ${rule.description}`,
      metric: rule.metric,
      threshold: rule.threshold,
      evaluationPeriods: rule.periods,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      // Nothing flows, nothing is wrong.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    })
    if (this.#topic !== undefined) alarm.addAlarmAction(new SnsAction(this.#topic))
    this.alarms.push(alarm)
    return alarm
  }
}
