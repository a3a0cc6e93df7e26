import type { ListObjectsV2CommandOutput, S3Client } from "@aws-sdk/client-s3"
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3"
import { joinBytes } from "../bytes.ts"
import { StorageError } from "../errors.ts"
import {
  bodyPieces,
  checkDeletes,
  checkList,
  checkObjectKey,
  checkObjectPut,
  checkRange,
} from "../object-checks.ts"
import type {
  ByteRange,
  ListedObject,
  ObjectListing,
  ObjectPutOptions,
  ObjectRead,
  ObjectStore,
} from "../object-store.ts"
import type { WriteOutcome } from "../outcome.ts"
import type { StoreCall } from "./dated-handler.ts"
import { codeOf } from "./sdk-errors.ts"
import type { Refusal } from "./service.ts"
import { Service } from "./service.ts"
import type { StoreDate } from "./store-date.ts"

/** Nobody writes it: asking for it costs the least, and the answer that it is not there has a date. */
const DATE_KEY = "date"

export interface S3Clients {
  /** Repeats what fails: a read may be made twice. */
  readonly reads: S3Client
  /** Sends everything once: a hidden repetition makes a success look like a loss. */
  readonly writes: S3Client
}

/** Objects in one bucket of S3. */
export class S3ObjectStore implements ObjectStore {
  readonly #clients: S3Clients
  readonly #bucket: string
  readonly #bodyMs: number
  readonly #service: Service

  /** @param bodyMs how long a read may take, its body and the SDK's own repetitions included */
  constructor(clients: S3Clients, bucket: string, bodyMs: number, date: StoreDate) {
    this.#clients = clients
    this.#bucket = bucket
    this.#bodyMs = bodyMs
    const ask = { Bucket: bucket, Key: DATE_KEY }
    this.#service = new Service(date, call => clients.reads.send(new HeadObjectCommand(ask), call))
  }

  /** The body's bytes are not copied where they come in one piece: the caller leaves them alone until it is put. */
  async put(
    key: string,
    body: Uint8Array | readonly Uint8Array[],
    options?: ObjectPutOptions,
  ): Promise<WriteOutcome> {
    checkObjectPut(key, options)
    const command = new PutObjectCommand({
      Bucket: this.#bucket,
      Key: key,
      Body: joinBytes(bodyPieces(body)),
      ...(options?.ifAbsent && { IfNoneMatch: "*" }),
    })
    return await this.#service.write<undefined>({
      notAfter: options?.notAfter,
      send: call => this.#clients.writes.send(command, call),
      refusal: lostCondition,
    })
  }

  async get(key: string, range?: ByteRange): Promise<ObjectRead | undefined> {
    checkObjectKey(key)
    checkRange(range)
    const command = new GetObjectCommand({
      Bucket: this.#bucket,
      Key: key,
      ...(range && { Range: `bytes=${range.start}-${range.end - 1}` }),
    })
    const { answer, date } = await this.#service.read(`get of ${key}`, call => this.#body(command, call))
    return answer && { body: answer, date }
  }

  async #body(command: GetObjectCommand, call: StoreCall): Promise<Uint8Array | undefined> {
    // The signal stays with the response's body, which the request's own time-out does not cover.
    const tooLate = new AbortController()
    const timer = setTimeout(() => tooLate.abort(), this.#bodyMs)
    call.abortSignal = tooLate.signal
    try {
      const { Body } = await this.#clients.reads.send(command, call)
      return (await Body?.transformToByteArray()) ?? new Uint8Array()
    } catch (error) {
      if (codeOf(error) === "NoSuchKey") return undefined
      // Only an object that stands has a range that is not satisfiable.
      if (codeOf(error) === "InvalidRange") return new Uint8Array()
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  async deleteMany(keys: readonly string[]): Promise<WriteOutcome> {
    checkDeletes(keys)
    const Objects = keys.map(Key => ({ Key }))
    const command = new DeleteObjectsCommand({ Bucket: this.#bucket, Delete: { Objects, Quiet: true } })
    return await this.#service.write<undefined>({
      notAfter: undefined,
      send: async call => {
        if (Objects.length === 0) {
          // S3 refuses an empty list.
          await this.#service.ask()
          return
        }
        const { Errors } = await this.#clients.writes.send(command, call)
        if (Errors?.length) throw partial(Errors.length, `${Errors[0]!.Key}: ${Errors[0]!.Code}`)
      },
      refusal: () => undefined,
    })
  }

  async list(prefix: string, options?: { after?: string; limit?: number }): Promise<ObjectListing> {
    const limit = checkList(prefix, options)
    const { answer, date } = await this.#service.read(`list of ${prefix}`, call =>
      this.#page(prefix, options?.after, limit, call),
    )
    const objects = (answer.Contents ?? []).map(listed)
    return answer.IsTruncated ? { objects, next: objects.at(-1)!.key, date } : { objects, date }
  }

  /** A page that is empty and yet not the last has no key to go on after: it is followed here. */
  async #page(
    prefix: string,
    after: string | undefined,
    limit: number,
    call: StoreCall,
  ): Promise<ListObjectsV2CommandOutput> {
    let token: string | undefined
    for (;;) {
      const command = new ListObjectsV2Command({
        Bucket: this.#bucket,
        Prefix: prefix,
        MaxKeys: limit,
        ...(token === undefined ? { StartAfter: after || undefined } : { ContinuationToken: token }),
      })
      const page = await this.#clients.reads.send(command, call)
      if (page.Contents?.length || !page.IsTruncated) return page
      token = page.NextContinuationToken
    }
  }
}

function lostCondition(error: unknown): Refusal<undefined> | undefined {
  return codeOf(error) === "PreconditionFailed" ? { reason: "exists" } : undefined
}

function partial(count: number, first: string): StorageError {
  return new StorageError("unavailable", `${count} objects were not deleted; the first: ${first}`)
}

/** S3 tells a listing's times, as it does its dates, in whole seconds; emulators do not. */
function listed(object: NonNullable<ListObjectsV2CommandOutput["Contents"]>[number]): ListedObject {
  const { Key, Size, LastModified } = object
  if (Key === undefined || Size === undefined || LastModified === undefined) {
    throw new StorageError("corrupt", "listing: expected key, size and time of each object")
  }
  return { key: Key, sizeBytes: Size, modified: Math.floor(LastModified.getTime() / 1000) * 1000 }
}
