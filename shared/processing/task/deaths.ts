/** A record that was worked alone when its worker died. */
export interface Suspect {
  readonly topicId: string
  readonly partition: number
  readonly offset: number
}

/** What is remembered of a task's workers that died: killed by what a function of the user's does, or by chance. */
export interface DeathNote {
  /** Deaths in a row, none of which the task has got past. */
  readonly deaths: number
  /** What was being worked alone when the last one died … */
  readonly suspect?: Suspect
  /** … for how manieth time in a row. */
  readonly times?: number
  /** Suspects in a row that were left out, as the job's policy says. */
  readonly leftOut: number
  /** What is known of the last death. */
  readonly error?: string
}

export const NO_DEATHS: DeathNote = { deaths: 0, leftOut: 0 }

/** Where a task's deaths are noted: somewhere that outlives its workers. */
export interface DeathNotes {
  readonly note: DeathNote
  /** Changes the note; it need not be stored before something else is. */
  take(note: DeathNote): void
  /** Resolves once the note is stored: it stands even if the worker dies right after. */
  store(note: DeathNote): Promise<void>
}

/** The notes of a task whose functions run in another thread than who notes. */
export class OwnDeaths implements DeathNotes {
  note: DeathNote = NO_DEATHS

  take(note: DeathNote): void {
    this.note = note
  }

  async store(note: DeathNote): Promise<void> {
    this.note = note
  }

  /** The thread has died while it worked for the task. */
  died(error: string): void {
    this.note = { ...this.note, deaths: this.note.deaths + 1, error }
  }
}
