import { sha256 } from "../../core/digest.ts";
import { type Known, known } from "../../core/known.ts";
import type { InstructionReading, TaskReading } from "../../core/story/facts.ts";
import { bareValue } from "../../core/yaml.ts";
import type { Instruction } from "../../schemas/step.ts";
import { Task } from "../../schemas/task.ts";
import type { Objects } from "../objects.ts";
import { readYaml } from "../yaml/yaml.ts";

/** The largest file that goes into a ticket or a prompt as text, in bytes. */
const textBytes = 16_384;

type FileReader = Pick<Objects, "entry" | "blob">;

/**
 * A text file at a commit of the default branch; null: there is none at this path, it is a link, larger than
 * `textBytes`, or no text. Whoever may push there wrote it.
 */
export async function readBaseText(
  objects: FileReader,
  commit: string,
  path: string,
): Promise<Known<Instruction | null>> {
  const entry = await objects.entry(commit, path);
  if (!entry.known) return entry;
  if (entry.value?.type !== "blob" || entry.value.mode === "120000") return known(null);
  const blob = await objects.blob(entry.value.sha, textBytes);
  if (!blob.known) return blob;
  if (blob.value.content === null) return known(null);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(blob.value.content);
    return known(text.includes("\0") ? null : { path, sha256: sha256(text), text });
  } catch {
    return known(null);
  }
}

/** Reads the files that the policy names as instructions, in its order, at a commit of the default branch. */
export async function readInstructions(
  objects: FileReader,
  commit: string,
  paths: readonly string[],
): Promise<Known<InstructionReading[]>> {
  const read: InstructionReading[] = [];
  for (const path of paths) {
    const file = await readBaseText(objects, commit, path);
    if (!file.known) return file;
    read.push({ path, file: file.value });
  }
  return known(read);
}

/** Reads the record of a task, `tasks/<id>/meta.yml`, at a commit of the default branch. */
export async function readTask(objects: FileReader, commit: string, id: string): Promise<Known<TaskReading>> {
  const path = `tasks/${id}/meta.yml`;
  const found = await readBaseText(objects, commit, path);
  if (!found.known) return found;
  if (found.value === null) return known({ path, state: "absent" });
  const { value, problems } = readYaml(found.value.text, "strict");
  const [first] = problems;
  if (value === null || first !== undefined)
    return known({ path, state: "malformed", why: `line ${first?.line ?? 1}: ${first?.message ?? "it is empty"}` });
  const parsed = Task.safeParse(bareValue(value));
  if (parsed.success) return known({ path, state: "read", file: found.value, task: parsed.data });
  const why = parsed.error.issues.map((issue) => `${issue.path.join(".") || "the file"}: ${issue.message}`)[0];
  return known({ path, state: "malformed", why: why ?? "it does not fit" });
}
