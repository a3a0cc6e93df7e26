import { SpanStatusCode, trace } from "@opentelemetry/api"
import type { Context } from "aws-lambda"
import { asError } from "./report.ts"

const tracer = trace.getTracer("millrace")

/**
 * Spans every invocation. Without an SDK that is registered, as a layer does it, this comes to nothing. Attribute names are
 * OpenTelemetry's semantic conventions for functions.
 */
export function traced<Event, Result>(
  name: string,
  handle: (event: Event, context: Context) => Promise<Result>,
): (event: Event, context: Context) => Promise<Result> {
  return (event, context) =>
    tracer.startActiveSpan(
      name,
      { attributes: { "faas.name": context.functionName, "faas.invocation_id": context.awsRequestId } },
      async span => {
        try {
          return await handle(event, context)
        } catch (error) {
          span.recordException(asError(error))
          span.setStatus({ code: SpanStatusCode.ERROR })
          throw error
        } finally {
          span.end()
        }
      },
    )
}
