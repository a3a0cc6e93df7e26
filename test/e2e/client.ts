/** A reply, whole. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Buffer
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: a test knows the shape that it asked for
  readonly json: any
}

export interface Call {
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON. */
  readonly body?: string | Uint8Array | object
}

/** One request, `"GET /topics"`, below a URL. Rejects when no whole answer comes. */
export async function callAt(
  url: string,
  target: string,
  { headers = {}, body }: Call = {},
): Promise<Answer> {
  const [method = "", path = ""] = target.split(" ", 2)
  const plain = body === undefined || typeof body === "string" || body instanceof Uint8Array
  const response = await fetch(url + path, {
    method,
    headers: plain ? headers : { "content-type": "application/json", ...headers },
    ...(body === undefined
      ? {}
      : { body: (plain ? body : JSON.stringify(body)) as string | Uint8Array<ArrayBuffer> }),
  })
  const bytes = Buffer.from(await response.arrayBuffer())
  const text = bytes.toString()
  return {
    status: response.status,
    headers: response.headers,
    bytes,
    text,
    get json() {
      return JSON.parse(text)
    },
  }
}

/** The same, asked with a key. */
export function withKey({ headers, body }: Call, key: string | undefined): Call {
  return { headers: { ...(key !== undefined && { authorization: `Bearer ${key}` }), ...headers }, body }
}

export interface Reply {
  readonly rows: readonly (readonly unknown[])[]
  readonly columns: readonly string[]
  readonly types: readonly string[]
  readonly exceptions: readonly { readonly errorCode: number; readonly message: string }[]
  /** The whole reply of the broker. */
  // biome-ignore lint/suspicious/noExplicitAny: a test knows the shape that it asked for
  readonly whole: any
}

/** A client of an API, wherever it is. */
export class Client {
  url = ""
  /** Sent with every request, if there is one. */
  key: string | undefined

  /** One request, `"GET /topics"`. Rejects when no whole answer comes. */
  call(target: string, call: Call = {}): Promise<Answer> {
    return callAt(this.url, target, withKey(call, this.key))
  }

  /** Lines of NDJSON to a topic or partition. */
  produce(path: string, values: readonly unknown[], headers: Call["headers"] = {}): Promise<Answer> {
    return this.call(`POST ${path}`, {
      headers: { "content-type": "application/x-ndjson", ...headers },
      body: values.map(value => `${JSON.stringify(value)}\n`).join(""),
    })
  }

  async query(sql: string): Promise<Reply> {
    const { status, text, json } = await this.call("POST /query/sql", { body: { sql } })
    if (status !== 200) throw new Error(`${status} ${text}`)
    const { resultTable, exceptions } = json
    return {
      rows: resultTable?.rows ?? [],
      columns: resultTable?.dataSchema.columnNames ?? [],
      types: resultTable?.dataSchema.columnDataTypes ?? [],
      exceptions,
      whole: json,
    }
  }

  /** The rows of a query that must succeed. */
  async rows(sql: string): Promise<readonly (readonly unknown[])[]> {
    const { rows, exceptions } = await this.query(sql)
    if (exceptions.length > 0) throw new Error(`${sql}: ${exceptions[0]?.message}`)
    return rows
  }

  /** The one number that a query answers. */
  async number(sql: string): Promise<number> {
    return Number((await this.rows(sql))[0]?.[0])
  }
}

/** A client that asks with a key. */
export function clientOf({ url, key }: { readonly url: string; readonly key: string }): Client {
  return Object.assign(new Client(), { url, key })
}
