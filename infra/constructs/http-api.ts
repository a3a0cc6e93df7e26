import { RemovalPolicy } from "aws-cdk-lib"
import { AccessLogField, AccessLogFormat } from "aws-cdk-lib/aws-apigateway"
import {
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  HttpStage,
  type IHttpRouteAuthorizer,
  LogGroupLogDestination,
  type ThrottleSettings,
} from "aws-cdk-lib/aws-apigatewayv2"
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations"
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs"
import { Construct } from "constructs"
import { acknowledge } from "./acknowledge.ts"
import type { PlatformFunction } from "./platform-function.ts"

export interface MillraceApiProps {
  /** Answers everything but SQL. */
  readonly api: PlatformFunction
  /** Answers SQL. */
  readonly query: PlatformFunction
  /** For people. */
  readonly description: string
  /**
   * Who checks callers before the functions do.
   * @default - nobody: the functions alone
   */
  readonly authorizer?: IHttpRouteAuthorizer
  /**
   * Requests a second, and at once, before callers are told to wait (429).
   * @default - 1,000 a second, 2,000 at once
   */
  readonly throttle?: ThrottleSettings
  /**
   * How long access logs are kept.
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays
}

/** A mistake in a loop costs this at most: 1,000 requests a second, each a put. */
const THROTTLE: ThrottleSettings = { rateLimit: 1_000, burstLimit: 2_000 }

/** Nothing of a request's headers or body is logged: keys are in the one, users' data in the other. */
const ACCESS_LOG = JSON.stringify({
  requestId: AccessLogField.contextRequestId(),
  time: AccessLogField.contextRequestTime(),
  ip: AccessLogField.contextIdentitySourceIp(),
  method: AccessLogField.contextHttpMethod(),
  path: AccessLogField.contextPath(),
  route: "$context.routeKey",
  status: AccessLogField.contextStatus(),
  responseBytes: AccessLogField.contextResponseLength(),
  latencyMs: AccessLogField.contextResponseLatency(),
  integrationMs: AccessLogField.contextIntegrationLatency(),
  integrationError: "$context.integrationErrorMessage",
})

/** What `query` answers; all else is the api's. */
const QUERY_PATHS = ["/query/sql", "/query", "/responseStore/{proxy+}"]

/** An HTTP API in front of `api` and `query`: throttled, with access logs. */
export class MillraceApi extends Construct {
  readonly httpApi: HttpApi
  readonly stage: HttpStage
  readonly accessLogs: LogGroup

  constructor(scope: Construct, id: string, props: MillraceApiProps) {
    super(scope, id)
    const { authorizer = new HttpNoneAuthorizer() } = props
    this.accessLogs = new LogGroup(this, "AccessLogs", {
      retention: props.logRetention ?? RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    this.httpApi = new HttpApi(this, "HttpApi", {
      description: props.description,
      createDefaultStage: false,
      defaultIntegration: new HttpLambdaIntegration("Api", props.api),
      defaultAuthorizer: authorizer,
    })
    const integration = new HttpLambdaIntegration("Query", props.query)
    for (const path of QUERY_PATHS) {
      this.httpApi.addRoutes({ path, methods: [HttpMethod.ANY], integration, authorizer })
    }
    this.stage = new HttpStage(this, "Stage", {
      httpApi: this.httpApi,
      stageName: "$default",
      autoDeploy: true,
      throttle: { ...THROTTLE, ...props.throttle },
      accessLogSettings: {
        destination: new LogGroupLogDestination(this.accessLogs),
        format: AccessLogFormat.custom(ACCESS_LOG),
      },
    })
    if (props.authorizer === undefined) {
      acknowledge(
        this.httpApi,
        "APIG4",
        "The functions themselves authenticate every route but /health, by keys and tokens whose scopes the gateway " +
          "cannot judge.",
      )
    }
  }

  /** Without a slash at its end. */
  get url(): string {
    return this.httpApi.apiEndpoint
  }
}
