/** What functions ask of AWS beside the stores: small, so that tests bring their own. */

/** Starts functions by name. */
export interface Invoker {
  /** Hands an event over; what becomes of it is not waited for. Rejects when it was not taken. */
  invokeLater(functionName: string, event: object): Promise<void>
  /** The function's own answer. Rejects when it was not taken, or failed. */
  invoke(functionName: string, event: object): Promise<unknown>
}

/** A message as the queue hands it over; it comes again unless it is removed. */
export interface QueuedMessage {
  readonly body: string
  readonly receipt: string
}

/** The queue of dead letters. All reject when the queue does not answer. */
export interface DeadLetterQueue {
  send(body: string): Promise<void>
  /** Up to `max` (at most 10) messages, which nobody else is handed for a while. */
  receive(max: number): Promise<readonly QueuedMessage[]>
  remove(receipt: string): Promise<void>
  /** About how many there are. */
  count(): Promise<number>
}

/** The queue of timers: what is sent comes to `dispatch`, after a while. Rejects when the queue does not answer. */
export interface TimerQueue {
  /** @param delaySeconds 0 to `TIMER_SECONDS_MAX` */
  send(body: string, delaySeconds: number): Promise<void>
}

/** SQS's bound of a delay. */
export const TIMER_SECONDS_MAX = 900

/** Texts that lie elsewhere than in the deployment's own stores. */
export interface Outside {
  /** The text of an object of any bucket. */
  readObject(bucket: string, key: string): Promise<string>
  /** A secret's text. */
  readSecret(arn: string): Promise<string>
}

export interface Cloud {
  readonly invoker: Invoker
  readonly deadLetters: DeadLetterQueue
  readonly timers: TimerQueue
  readonly outside: Outside
}
