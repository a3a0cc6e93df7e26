/** Keys of a deployment: one a program and person; the list of them fits one reply. */
export const KEYS_MAX = 500

/** Scopes of a key: who needs more is better served by a prefix. */
export const KEY_SCOPES_MAX = 32

/** A key chosen elsewhere: fewer characters could be guessed, more are no key. */
export const KEY_LENGTH_MIN = 32
export const KEY_LENGTH_MAX = 256

/** A token longer than this does not fit the headers that gateways take. */
export const TOKEN_LENGTH_MAX = 8 * 1024

/** How long a key is taken for what it was when it was last read: so long a revoked one may still be let in. */
export const KEY_KEPT_MS = 60_000

/** How long what is nobody's key is not looked for again; it may be made meanwhile. */
export const WRONG_KEY_KEPT_MS = 10_000

/** Keys that a process remembers: all of a deployment's. */
export const KEYS_KEPT_MAX = KEYS_MAX

/** Wrong keys that a process remembers, apart from the right ones, so that they cannot push these out. */
export const WRONG_KEYS_KEPT_MAX = 1_000

/** An issuer's published keys are read again after this: rotations announce new keys for longer. */
export const ISSUER_KEYS_KEPT_MS = 10 * 60_000

/** Keys that could not be read again are trusted so long after they were read; then tokens are refused. */
export const ISSUER_KEYS_STALE_MS = 60 * 60_000

/** An issuer is asked no oftener, whatever tokens come: a token may name any key. */
export const ISSUER_PAUSE_MS = 30_000

/** … and after it failed to answer, so that it is found soon when it is back. */
export const ISSUER_RETRY_MS = 2_000

/** How far an issuer's clock and this one may differ. */
export const TOKEN_SKEW_MS = 30_000

/** Dead letters of one request to redrive; where they take long, fewer are tried, and the rest remain. */
export const REDRIVE_MAX = 100
