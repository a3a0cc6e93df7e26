/** Node's own methods, which its types leave out: a call less than `toString` and `write`. They return bytes written. */
export type TextBuffer = Buffer & {
  latin1Slice(start: number, end: number): string
  latin1Write(text: string, at: number): number
  utf8Write(text: string, at: number): number
}

/** A buffer of its own memory, whatever that held. */
export function textBuffer(bytes: number): TextBuffer {
  return Buffer.allocUnsafeSlow(bytes) as TextBuffer
}

/** The same bytes. */
export function asTextBuffer(bytes: Uint8Array): TextBuffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) as TextBuffer
}
