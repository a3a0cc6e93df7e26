export type QueryErrorCode =
  /** Pinot's 150: the text is not one SELECT statement. */
  | "sql_parsing"
  /** Pinot's 190. */
  | "table_does_not_exist"
  /** Pinot's 710. */
  | "unknown_column"
  /** Pinot's 700: a function that does not exist or is not allowed, a wrong type, a statement that is not allowed. */
  | "query_validation"
  /** Pinot's 200: the query failed while it ran. */
  | "query_execution"
  /** Pinot's 250. */
  | "timeout"
  /** Somebody stopped it. Pinot's 503. */
  | "cancelled"
  /** A limit of memory, rows or result bytes. Pinot's 245. */
  | "resource_limit"
  /** The unflushed tail is longer than a query may read. */
  | "tail_too_long"
  /** More queries at once than this process takes, or than its caller may ask. Pinot's 429. */
  | "too_many_requests"

/** An error of a query; the API answers it inside `exceptions`. */
export class QueryError extends Error {
  override readonly name = "QueryError"
  readonly code: QueryErrorCode
  /** Milliseconds after which the same request may succeed, where that is known. */
  readonly retryAfterMs: number | undefined

  constructor(
    code: QueryErrorCode,
    message: string,
    options?: { readonly cause?: unknown; readonly retryAfterMs?: number },
  ) {
    super(message, options)
    this.code = code
    this.retryAfterMs = options?.retryAfterMs
  }
}
