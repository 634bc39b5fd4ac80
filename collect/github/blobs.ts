import { type Known, known, unknown } from "../../core/known.ts";
import { BlobAnswer } from "../../schemas/graphql.ts";
import { blobId } from "../blob-id.ts";
import type { Blob } from "../objects.ts";
import { query } from "./graphql.ts";
import { type GitHub, mapKnown, readBlob } from "./request.ts";

/** The most that one query requests: GitHub aborts a query that takes longer than ten seconds. */
const batch = { blobs: 100, bytes: 4_000_000 };

/** GitHub's GraphQL API truncates longer texts, in bytes. */
const wholeText = 512 * 1024;

/** The assumed size of a blob of unknown size when batches are filled, in bytes. */
const guessedSize = 40_000;

/** The blobs to read, by id, each with its size if a listing gave it. */
export type Wanted = ReadonlyMap<string, number | undefined>;

/**
 * Reads many blobs with few requests, each checked against its id; a blob larger than `limit` bytes is returned without
 * content. GraphQL gives only text, so blobs that it cannot give byte for byte (binary, truncated, not UTF-8) are read
 * by REST, one by one.
 */
export async function readBlobs(github: GitHub, wanted: Wanted, limit: number): Promise<Known<Map<string, Blob>>> {
  const blobs = new Map<string, Blob>();
  const short = new Map<string, number>();
  const single = new Set<string>();
  for (const [sha, size] of wanted) {
    if (size !== undefined && size > limit) blobs.set(sha, { size, content: null });
    else if ((size ?? 0) > wholeText || !/^[0-9a-f]{40,64}$/.test(sha)) single.add(sha);
    else short.set(sha, size ?? guessedSize);
  }
  const batches: string[][] = [];
  for (const shas of batchesOf(short)) {
    // For a single blob a query saves no request.
    if (shas.length > 1) batches.push(shas);
    else for (const sha of shas) single.add(sha);
  }
  const queried = await mapKnown(batches, (shas) => queryBlobs(github, shas));
  if (!queried.known) return queried;
  for (const [index, shas] of batches.entries()) {
    for (const sha of shas) {
      const content = queried.value[index]?.get(sha);
      if (content === undefined) single.add(sha);
      else blobs.set(sha, { size: content.length, content: content.length > limit ? null : content });
    }
  }
  const read = await mapKnown([...single], async (sha) => {
    const blob = await readBlob(github, sha, limit);
    if (blob.known) blobs.set(sha, blob.value);
    return blob;
  });
  return read.known ? known(blobs) : read;
}

function batchesOf(sizes: ReadonlyMap<string, number>): string[][] {
  const batches: string[][] = [];
  let shas: string[] = [];
  let bytes = 0;
  for (const [sha, size] of sizes) {
    if (shas.length === batch.blobs || (shas.length > 0 && bytes + size > batch.bytes)) {
      batches.push(shas);
      shas = [];
      bytes = 0;
    }
    shas.push(sha);
    bytes += size;
  }
  return shas.length === 0 ? batches : [...batches, shas];
}

/** The contents that GraphQL gave in full. Ids are hex digits, so they are safe in the query's text. */
async function queryBlobs(github: GitHub, shas: readonly string[]): Promise<Known<Map<string, Buffer>>> {
  const { owner, repo } = github;
  const what = `${shas.length} file contents of ${owner}/${repo}`;
  const fields = shas.map((sha, index) => `b${index}: object(oid: "${sha}") { ...content }`);
  const text = `query SallyportBlobs($owner: String!, $repo: String!) {
  repository(owner: $owner, name: $repo) {
    ${fields.join("\n    ")}
  }
}
fragment content on Blob { byteSize isTruncated text }`;
  const answer = await query(github, what, { text, variables: { owner, repo } });
  if (!answer.known) return answer;
  const objects = objectsOf(answer.value.data);
  if (objects === null) return unknown(`GitHub's answer about ${what} is not what was asked for`);
  const contents = new Map<string, Buffer>();
  for (const [index, sha] of shas.entries()) {
    const blob = BlobAnswer.safeParse(objects.get(`b${index}`));
    if (!blob.success || blob.data.text === null || blob.data.isTruncated) continue;
    const content = Buffer.from(blob.data.text, "utf8");
    if (blobId(content, sha.length === 64 ? "sha256" : "sha1") === sha) contents.set(sha, content);
  }
  return known(contents);
}

function objectsOf(data: unknown): Map<string, unknown> | null {
  const repository: unknown =
    typeof data === "object" && data !== null && "repository" in data ? data.repository : null;
  return typeof repository === "object" && repository !== null ? new Map(Object.entries(repository)) : null;
}
