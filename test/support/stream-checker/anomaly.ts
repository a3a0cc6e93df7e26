/** Something that a sound log never lets its clients see. */
export interface Anomaly {
  /** As Jepsen's checker of Kafka calls it, where it has a name there. */
  readonly kind: string
  readonly text: string
}
