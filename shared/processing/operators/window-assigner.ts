import type { WindowAssigner } from "../../definition/job/windows.ts"

type FixedAssigner = Extract<WindowAssigner, { kind: "tumbling" | "hopping" | "cumulate" }>

/** The start of the window of `size` ms that `time` lies in (Flink's `getWindowStartWithOffset`). */
export function windowStart(time: number, size: number, offset: number): number {
  const remainder = (time - offset) % size
  return remainder < 0 ? time - remainder - size : time - remainder
}

/**
 * Visits the windows that a time belongs to, in the order in which Flink's assigners give them: of hopping windows the
 * latest first, of cumulating ones the shortest first.
 */
export function eachWindow(
  assigner: FixedAssigner,
  time: number,
  visit: (start: number, end: number) => void,
): void {
  const { sizeMs, offsetMs } = assigner
  switch (assigner.kind) {
    case "tumbling": {
      const start = windowStart(time, sizeMs, offsetMs)
      visit(start, start + sizeMs)
      return
    }
    case "hopping": {
      const last = windowStart(time, assigner.slideMs, offsetMs)
      for (let start = last; start > time - sizeMs; start -= assigner.slideMs) visit(start, start + sizeMs)
      return
    }
    case "cumulate": {
      const start = windowStart(time, sizeMs, offsetMs)
      const first = windowStart(time, assigner.stepMs, offsetMs) + assigner.stepMs
      for (let end = first; end <= start + sizeMs; end += assigner.stepMs) visit(start, end)
    }
  }
}
