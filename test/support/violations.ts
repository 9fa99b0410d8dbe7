/** What was seen beside the point of a test and must never be: an event off its schema, a failed data check. */
const seen: string[] = [];

/** Notes a violation that has no caller to be thrown at; the test that is running fails at its end. */
export function noteViolation(sentence: string): void {
  seen.push(sentence);
}

/** Takes all violations noted so far. */
export function takeViolations(): string[] {
  return seen.splice(0);
}
