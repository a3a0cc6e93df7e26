import { openSync, readSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

// `bare-reader.ts <file> <bytes>`: answers every request with the next `bytes` of the file, the least that a server of
// stored batches can do.

const [path, bytes] = process.argv.slice(2)
const file = openSync(path!, "r")
const size = Number(bytes)
let at = 0
const server = createServer((request, response) => {
  request.resume()
  request.on("end", () => {
    const body = Buffer.allocUnsafe(size)
    let read = readSync(file, body, 0, size, at)
    if (read < size) {
      at = 0
      read = readSync(file, body, 0, size, at)
    }
    at += read
    response.writeHead(200, { "content-length": String(read) })
    response.end(body.subarray(0, read))
  })
})
server.listen(0, "127.0.0.1", () => process.send!({ port: (server.address() as AddressInfo).port }))
