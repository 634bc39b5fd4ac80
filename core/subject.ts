import { parseQueueRef } from "./queue-ref.ts";

/**
 * An object on GitHub to observe and decide. `number` is that of the issue or pull request; a merge group is identified
 * by its full ref, and its number is that of its last pull request. A repository itself, as what it needs to begin with,
 * has its own id for a number.
 */
export type Subject =
  | { kind: "issue"; repository: number; number: number }
  | { kind: "pull"; repository: number; number: number }
  | { kind: "group"; repository: number; number: number; ref: string }
  | { kind: "repository"; repository: number; number: number };

/** A subject's stable name: the key of its lease and of its job in the queue. */
export function subjectKey(subject: Subject): string {
  return `${subject.kind}/${subject.repository}/${subject.kind === "group" ? subject.ref : subject.number}`;
}

/** The merge group of a full ref; null when the ref does not have the merge queue's form. */
export function groupSubject(repository: number, ref: string): Subject | null {
  const parsed = parseQueueRef(ref);
  return parsed === null ? null : { kind: "group", repository, number: parsed.pull, ref };
}

/** A repository as what it needs to begin with. */
export function repositorySubject(repository: number): Subject {
  return { kind: "repository", repository, number: repository };
}

/** The subject of a key that `subjectKey` made; null for any other text. */
export function subjectOf(key: string): Subject | null {
  const [, kind, digits, rest = ""] = /^(issue|pull|group|repository)\/([0-9]+)\/(.+)$/.exec(key) ?? [];
  const repository = Number(digits);
  if (kind === "group") return groupSubject(repository, rest);
  if (kind === "repository") return rest === digits ? repositorySubject(repository) : null;
  if ((kind === "issue" || kind === "pull") && /^[0-9]+$/.test(rest)) return { kind, repository, number: Number(rest) };
  return null;
}
