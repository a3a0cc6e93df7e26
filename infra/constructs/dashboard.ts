import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IAlarm,
  type IMetric,
} from "aws-cdk-lib/aws-cloudwatch"
import { Construct } from "constructs"
import type { MillraceMetrics } from "./metrics.ts"

export interface MillraceDashboardProps {
  readonly metrics: MillraceMetrics
  /** @default - none are shown */
  readonly alarms?: IAlarm[]
}

/** Of the 24 columns that a dashboard has. */
const WIDTH = 8

/** What there is to see of a deployment, on one page. */
export class MillraceDashboard extends Construct {
  readonly dashboard: Dashboard

  constructor(scope: Construct, id: string, props: MillraceDashboardProps) {
    super(scope, id)
    const { metrics, alarms = [] } = props
    this.dashboard = new Dashboard(this, "Dashboard")
    if (alarms.length > 0) {
      this.dashboard.addWidgets(new AlarmStatusWidget({ title: "Alarms", alarms, width: 3 * WIDTH }))
    }
    this.dashboard.addWidgets(
      graph("Requests", [metrics.requests(), metrics.clientErrors(), metrics.serverErrors()]),
      graph("Latency p99, ms", [metrics.latency(), metrics.ingestLatency(), metrics.queryLatency()]),
      graph("Errors", [metrics.ingestErrors(), metrics.queryErrors(), metrics.maintainErrors()]),
    )
    this.dashboard.addWidgets(
      graph("Segments", [metrics.rowsBuilt(), metrics.buildErrors(), metrics.wakesLost()]),
      graph("Age of wakes, ms", [metrics.dispatchAge()]),
      graph("Dead letters", [metrics.deadLetters()]),
    )
    const processed = metrics.recordsProcessed()
    const stuck = metrics.tasksStuck()
    if (processed !== undefined && stuck !== undefined) {
      this.dashboard.addWidgets(
        graph("Jobs: records", [processed]),
        graph("Jobs: stuck tasks", [stuck]),
        graph("Jobs: records behind", metrics.eachJob("Lag")),
      )
    }
    const faults = [metrics.journalErrors(), metrics.journalThrottles()].filter(it => it !== undefined)
    const age = metrics.journalAge()
    if (age === undefined) return
    this.dashboard.addWidgets(
      graph("Journal", [metrics.journalAppended(), ...faults]),
      graph("Age of the journal, ms", [age]),
    )
  }
}

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, left, width: WIDTH })
}
