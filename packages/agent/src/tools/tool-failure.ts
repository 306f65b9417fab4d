/** A tool can't do what it was asked; `message` is for the model, which may act on it. No secret, no stack. */
export class ToolFailure extends Error {
  override readonly name = "ToolFailure";
}
