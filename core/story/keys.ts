import { attemptName } from "../record.ts";
import type { AttemptRecord } from "../story-record.ts";

/** The key of the effect that writes an attempt's commit. */
export function changeKey(repository: number, { run, prompt, attempt }: AttemptRecord["pack"]): string {
  return `change/${repository}/${run}/${prompt}/${attemptName({ attempt })}`;
}

/** The key of the effect that opens the pull request of a run's prompt. */
export function pullKey(repository: number, run: string, prompt: number): string {
  return `pull/${repository}/${run}/${prompt}`;
}
