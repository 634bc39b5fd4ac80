import { FILE_HEADERS_ONLY, formatPatch, structuredPatch } from "diff";
import { redactSecrets, type SecretSearch } from "../../collect/secrets/redaction.ts";

/** The most edited lines of one file's diff: to find more takes long, and nobody reads them. */
const maxEdits = 2_000;

/**
 * What became of a file's text, as a unified diff without secrets; an empty text stands for no file, and an empty diff
 * for no change. Null: it is too long to be shown.
 */
export async function filePatch(
  path: string,
  [before, after]: [string, string],
  secrets: SecretSearch,
): Promise<string | null> {
  // Cut out of whole files: a diff breaks a secret of several lines apart.
  const fileName = path.split("/").at(-1);
  const [old, now] = [await redactSecrets(before, secrets, fileName), await redactSecrets(after, secrets, fileName)];
  const patch = structuredPatch(path, path, old.text, now.text, "", "", { maxEditLength: maxEdits });
  if (patch === undefined) return null;
  return patch.hunks.length === 0 ? "" : formatPatch(patch, FILE_HEADERS_ONLY);
}
