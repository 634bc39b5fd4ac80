/** Whether a model is the one that was asked, or a dated snapshot of it, as services answer for a name without a date. */
export function isModelAsked(answered: string, asked: string): boolean {
  const name = asked.replace(/-latest$/, "");
  return answered === asked || (answered.startsWith(name) && snapshot.test(answered.slice(name.length)));
}

/** The dates by which services name a snapshot: `-2026-04-23`, `-20260423`, and `-0613` of old. */
const snapshot = /^-(\d{4}-\d{2}-\d{2}|\d{8}|\d{4})$/;
