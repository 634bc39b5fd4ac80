import { type Known, known, type Unread } from "../../core/known.ts";
import { BlobAnswer } from "../../schemas/graphql.ts";
import { blobId } from "../blob-id.ts";
import type { Budget } from "../budget.ts";
import type { Blob } from "../objects.ts";
import { queryObjects } from "./graphql.ts";
import { type GitHub, mapKnown, readBlob } from "./request.ts";

/** The most that one query requests: GitHub aborts a query that takes longer than ten seconds. */
const batch = { blobs: 100, bytes: 4_000_000 };

/** GitHub's GraphQL API truncates longer texts, in bytes. */
const wholeText = 512 * 1024;

/** More requests than this are not spread over several tries. */
const laterRequests = 200;

const contentFields = "... on Blob { byteSize isTruncated text }";

/** The assumed size of a blob of unknown size when batches are filled, in bytes. */
const guessedSize = 40_000;

/** The blobs to read, by id, each with its size if a listing gave it. */
export type Wanted = ReadonlyMap<string, number | undefined>;

/**
 * Reads many blobs with few requests, each checked against its id; a blob larger than `limit` bytes is returned without
 * content. GraphQL gives only text, so blobs that it cannot give byte for byte (binary, truncated, not UTF-8) are read
 * by REST, one by one. `failure` says why some are missing: those that were read until then can be kept for the next
 * time, unless there is no end in sight, for then none is read.
 */
export async function readBlobs(
  github: GitHub,
  wanted: Wanted,
  limit: number,
  budget: Budget,
): Promise<{ blobs: Map<string, Blob>; failure: Unread | null }> {
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
  const hopeless = (requests: number) =>
    requests > laterRequests && !budget.affords(requests) ? budget.take({ requests }) : null;
  const refused = hopeless(batches.length + single.size);
  if (refused !== null) return { blobs, failure: refused };
  const queried = await mapKnown(batches, async (shas) => {
    const contents = await queryBlobs(github, shas);
    if (!contents.known) return contents;
    for (const sha of shas) {
      const content = contents.value.get(sha);
      if (content === undefined) single.add(sha);
      else blobs.set(sha, { size: content.length, content: content.length > limit ? null : content });
    }
    return hopeless(single.size) ?? contents;
  });
  const read = queried.known
    ? await mapKnown([...single], async (sha) => {
        const blob = await readBlob(github, sha, limit);
        if (blob.known) blobs.set(sha, blob.value);
        return blob;
      })
    : queried;
  if (read.known || hopeless(single.size) !== null) return { blobs, failure: read.known ? null : read };
  const progress = `${blobs.size} of ${wanted.size} files were read, and the next look reads on`;
  return { blobs, failure: budget.affords(1) ? read : { known: false, why: progress } };
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

/** The contents that GraphQL gave in full. */
async function queryBlobs(github: GitHub, shas: readonly string[]): Promise<Known<Map<string, Buffer>>> {
  const what = `${shas.length} file contents of ${github.owner}/${github.repo}`;
  const objects = await queryObjects(github, what, { shas, name: "SallyportBlobs", fields: contentFields });
  if (!objects.known) return objects;
  const contents = new Map<string, Buffer>();
  for (const [sha, object] of objects.value) {
    const blob = BlobAnswer.safeParse(object);
    if (!blob.success || blob.data.text === null || blob.data.isTruncated) continue;
    const content = Buffer.from(blob.data.text, "utf8");
    if (blobId(content, sha.length === 64 ? "sha256" : "sha1") === sha) contents.set(sha, content);
  }
  return known(contents);
}
