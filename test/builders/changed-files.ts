import { createHash } from "node:crypto";
import type { Content } from "../../core/facts.ts";
import { known } from "../../core/known.ts";
import { change, facts, text } from "./pull-facts.ts";

/** One file of a change: its path, what it was and what it is; null where it is not there. */
export type File = [path: string, before: string | null, after: string | null];

function side(content: string | null) {
  return content === null ? null : { mode: "100644", sha: createHash("sha1").update(content).digest("hex") };
}

/** The facts of a change of these files, with their texts as read and their blobs told apart. */
export function changeOf(policy: string, ...files: File[]) {
  return facts({
    policy,
    changes: files.map(([path, before, after]) => change(path, { before: side(before), after: side(after) })),
    texts: known(files.map(([path, before, after]) => text(path, after, before))),
  });
}

/** The same under a policy that only extends the default. */
export function byDefault(...files: File[]) {
  return changeOf("version: 1\nextends: default\n", ...files);
}

/** The same facts with a file that the change leaves as it is. */
export function beside(given: ReturnType<typeof changeOf>, path: string, content: string) {
  if (!given.texts.known) throw new Error("these texts are known");
  return { ...given, texts: known([...given.texts.value, text(path, content, content)]) };
}

/** The facts of a change of one file that cannot be read as text at its head. */
export function unreadable(path: string, before: Content, why: "binary" | "too-large" | "link") {
  return {
    ...byDefault([path, "", ""]),
    texts: known([{ path, before, after: { state: "opaque" as const, why } }]),
  };
}
