/** Violations seen outside of a test's own expectations, such as an event that does not match its schema. */
const seen: string[] = [];

/** Records a violation that cannot be thrown to a caller; the current test fails when it ends. */
export function recordViolation(sentence: string): void {
  seen.push(sentence);
}

/** Returns and clears the violations recorded so far. */
export function takeViolations(): string[] {
  return seen.splice(0);
}
