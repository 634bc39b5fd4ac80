import { SallyportError } from "../../core/errors.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import { textInArchive } from "./archive.ts";
import { type GitHub, requestKnown } from "./request.ts";
import { fetchStored } from "./stored.ts";

/** The largest archive that is read, in bytes, and how long that may take. */
const limits = { bytes: 20_000_000, milliseconds: 30_000 };

/** File names that reports of coverage have by default. */
const usual =
  /(?:^|\/)(?:lcov\.info|[\w.-]{0,60}\.lcov|(?:cobertura|jacoco|coverage)[\w.-]{0,60}\.xml|coverage-summary\.json|\.resultset\.json|(?:coverage|cover|c)\.(?:out|txt))$/i;

/**
 * Reads files of an artifact as texts, by their paths in it; `""` stands for the first that bears a usual name of a
 * report. Whoever could change the workflow chose the content. Source: GitHub docs, "Download an artifact": the answer
 * leads to another host for a minute.
 */
export async function readReports(
  github: GitHub,
  artifact: { id: number; name: string; size_in_bytes: number },
  files: readonly string[],
): Promise<Record<string, Known<string>>> {
  const archive = await downloadArtifact(github, artifact);
  const reports: Record<string, Known<string>> = {};
  for (const file of files) {
    const fits = (path: string) => (file === "" ? usual.test(path) : path === file);
    reports[file] = archive.known ? await textInArchive(archive.value, fits) : archive;
  }
  return reports;
}

/** An artifact's archive, whose size is looked at before and while it comes. */
export async function downloadArtifact(
  { request, owner, repo }: GitHub,
  { id, name, size_in_bytes: size }: { id: number; name: string; size_in_bytes: number },
): Promise<Known<Buffer>> {
  if (size > limits.bytes) return unknown(`the artifact ${name} has more than ${limits.bytes} bytes`);
  const answer = await requestKnown<unknown>(
    `the artifact ${name}`,
    request("GET /repos/{owner}/{repo}/actions/artifacts/{artifact_id}/{archive_format}", {
      owner,
      repo,
      artifact_id: id,
      archive_format: "zip",
      request: { fetch: fetchStored({ what: "artifact", milliseconds: limits.milliseconds, read: bytesOf }) },
    }),
  );
  if (!answer.known) return answer;
  const { value } = answer;
  const bytes = typeof value === "object" && value !== null && "base64" in value ? value.base64 : null;
  return typeof bytes === "string"
    ? known(Buffer.from(bytes, "base64"))
    : unknown(`GitHub's answer about the artifact ${name} is not what was asked for`);
}

async function bytesOf(body: ReadableStream<Uint8Array>): Promise<{ base64: string }> {
  const chunks: Uint8Array[] = [];
  let read = 0;
  for await (const chunk of body) {
    read += chunk.length;
    if (read > limits.bytes)
      throw new SallyportError("over-budget", `the artifact has more than ${limits.bytes} bytes, which are not read`);
    chunks.push(chunk);
  }
  return { base64: Buffer.concat(chunks).toString("base64") };
}
