import { sha256 } from "../../core/digest.ts";
import { type FileWrite, SealedResult } from "../../schemas/step.ts";
import { textOf } from "../agents/workspace.ts";

/** The most bytes of `result.json`. */
const resultBytes = 1_000_000;

const resultName = "result.json";

/** Whether a file of this name belongs to a sealed result. */
export function isSealedName(path: string): boolean {
  return path === resultName || /^blobs\/[0-9a-f]{64}$/.test(path);
}

/** A result as the files of an artifact: whole contents by their digest, on a base that it names, and never a patch. */
export function sealedFiles(
  result: Omit<SealedResult, "files">,
  files: readonly FileWrite[],
): ReadonlyMap<string, Buffer> {
  const blobs = new Map<string, Buffer>();
  const listed = files.map(({ path, content }) => {
    if (content === null) return { path, blob: null };
    const bytes = Buffer.from(content, "utf8");
    const digest = sha256(bytes);
    blobs.set(`blobs/${digest}`, bytes);
    return { path, blob: { sha256: digest, bytes: bytes.length } };
  });
  const sealed: SealedResult = { ...result, files: listed };
  return new Map([[resultName, Buffer.from(JSON.stringify(sealed), "utf8")], ...blobs]);
}

/**
 * Reads a sealed result back. It is refused as a whole unless it has exactly the form that `sealedFiles` writes: whoever
 * controls a runner, or may upload an artifact, wrote it.
 */
export function readSealed(
  parts: ReadonlyMap<string, Buffer>,
): { ok: true; sealed: SealedResult; files: FileWrite[] } | { ok: false; why: string } {
  const refuse = (why: string) => ({ ok: false as const, why });
  const text = parts.get(resultName);
  if (text === undefined || text.length > resultBytes)
    return refuse(`it has no ${resultName} of at most ${resultBytes} bytes`);
  const parsed = SealedResult.safeParse(jsonOf(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refuse(`its ${resultName} is not in the form: ${issue?.path.join(".")} ${issue?.message}`);
  }
  const sealed = parsed.data;
  const wanted = new Set(sealed.files.flatMap(({ blob }) => (blob === null ? [] : [`blobs/${blob.sha256}`])));
  const foreign = [...parts.keys()].find((name) => name !== resultName && !wanted.has(name));
  if (foreign !== undefined) return refuse(`it holds ${JSON.stringify(foreign)}, which no file of the result has`);
  const files = new Map<string, FileWrite>();
  for (const { path, blob } of sealed.files) {
    const shown = JSON.stringify(path);
    if (files.has(path)) return refuse(`it names ${shown} twice`);
    const bytes = blob === null ? null : parts.get(`blobs/${blob.sha256}`);
    if (bytes === undefined) return refuse(`it lacks the content of ${shown}`);
    if (blob !== null && bytes !== null && (sha256(bytes) !== blob.sha256 || bytes.length !== blob.bytes))
      return refuse(`the content of ${shown} is not what it says`);
    const content = bytes === null ? null : textOf(bytes);
    if (bytes !== null && content === null) return refuse(`${shown} is not text in UTF-8`);
    files.set(path, { path, content });
  }
  return { ok: true, sealed, files: [...files.values()] };
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return null;
  }
}
