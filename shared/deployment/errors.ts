/** Why a definition was not applied: what it asks for is refused, or somebody else deployed meanwhile. */
export class DeploymentError extends Error {
  override readonly name = "DeploymentError"
  readonly code = "refused"
}
