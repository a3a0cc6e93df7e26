import { Stack } from "aws-cdk-lib"
import type { HttpStage } from "aws-cdk-lib/aws-apigatewayv2"
import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam"

/** The routes of each kind of use; `{topic}` stands for each topic. */
const ROUTES = {
  produce: ["POST/producers", "POST/topics/{topic}", "POST/topics/{topic}/partitions/*"],
  consume: [
    "GET/topics/{topic}",
    "GET/topics/{topic}/partitions/*/records",
    "GET/topics/{topic}/partitions/*/offsets",
  ],
  query: [
    "GET/query/sql",
    "POST/query/sql",
    "GET/query",
    "POST/query",
    "GET/responseStore/*",
    "DELETE/responseStore/*",
    "GET/tables",
    "GET/tables/*",
  ],
} as const

/** What names its topics in the body, where no policy of AWS can see them: for those alone who may use every topic. */
const ROUTES_OF_ALL = {
  produce: ["POST/produce", "POST/transactions/*", "POST/transactions/*/commit", "POST/transactions/*/abort"],
  consume: [
    "POST/fetch",
    "POST/groups/*/members/*",
    "DELETE/groups/*/members/*",
    "POST/groups/*/offsets",
    "GET/groups/*/offsets",
  ],
} as const

/** Who may do what, by the policies of AWS: at the HTTP API that asks for signatures. */
export class MillraceGrants {
  readonly #stage: () => HttpStage

  /** @param stage the signed API's; asked for at the first grant */
  constructor(stage: () => HttpStage) {
    this.#stage = stage
  }

  /** Lets somebody produce to topics; to all of them, in transactions too, when none is named. */
  produce(grantee: IGrantable, ...topics: string[]): Grant {
    return this.#grant(grantee, [...ROUTES.produce, ...ofAll("produce", topics)], topics)
  }

  /** Lets somebody consume topics; all of them, as a member of groups too, when none is named. */
  consume(grantee: IGrantable, ...topics: string[]): Grant {
    return this.#grant(grantee, [...ROUTES.consume, ...ofAll("consume", topics)], topics)
  }

  /** Lets somebody query every table. */
  query(grantee: IGrantable): Grant {
    return this.#grant(grantee, ROUTES.query, [])
  }

  #grant(grantee: IGrantable, routes: readonly string[], topics: readonly string[]): Grant {
    const stage = this.#stage()
    const names = topics.length === 0 ? ["*"] : topics
    const paths = routes.flatMap(route => names.map(name => route.replace("{topic}", name)))
    const resourceArns = [...new Set(paths)].map(path =>
      Stack.of(stage).formatArn({
        service: "execute-api",
        resource: stage.api.apiId,
        resourceName: `${stage.stageName}/${path}`,
      }),
    )
    return Grant.addToPrincipal({ grantee, actions: ["execute-api:Invoke"], resourceArns })
  }
}

function ofAll(use: keyof typeof ROUTES_OF_ALL, topics: readonly string[]): readonly string[] {
  return topics.length === 0 ? ROUTES_OF_ALL[use] : []
}
