import { open } from "node:fs/promises"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

// The yardstick of the log: an HTTP server that appends each body to one file and answers once it is on disk. Bodies
// that come while a sync is under way share the next one. It checks nothing and knows nothing.

const file = await open(process.argv[2], "a")
let waiting: { body: Buffer; done: () => void }[] = []
let writing = false

async function flush(): Promise<void> {
  writing = true
  while (waiting.length > 0) {
    const batch = waiting
    waiting = []
    await file.writev(batch.map(({ body }) => body))
    await file.datasync()
    for (const { done } of batch) done()
  }
  writing = false
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk))
  request.on("end", () => {
    const done = () => response.writeHead(200, { "content-length": 2 }).end("{}")
    waiting.push({ body: Buffer.concat(chunks), done })
    if (!writing) void flush()
  })
})
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.on("disconnect", () => process.exit())
