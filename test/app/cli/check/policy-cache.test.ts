import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { blobId } from "../../../../collect/blob-id.ts";

// Only a build has a name for its parser, so only a build remembers.
Object.assign(globalThis, { POLICY_PARSER: "parser" });
const { cachingParser: rememberingParser } = await import("../../../../app/cli/check/policy-cache.ts");

const cache = mkdtempSync(join(tmpdir(), "sallyport-"));
afterAll(() => rmSync(cache, { recursive: true, force: true }));

const parse = rememberingParser(cache);
const strict = Buffer.from("version: 1\ngates: { forbidden-paths: { deny: [infra/] } }\n");
const loose = Buffer.from("version: 1\n");
const commit = "1".repeat(40);

test("a policy is remembered by its blob, for whatever commit has it", async () => {
  const blob = blobId(strict, "sha1");
  const read = await parse(commit, blob, strict);
  expect(read).toMatchObject({ state: "loaded", ref: commit, blob });
  expect(readdirSync(cache)).toEqual([`policy-parser-${blob}`]);
  const other = "2".repeat(40);
  expect(await parse(other, blob, strict)).toEqual({ ...read, ref: other });
});

test.each(["sha1", "sha256"] as const)(
  "T182: a clone whose object is not what its %s name says chooses no other repository's policy",
  async (algorithm) => {
    const wanted = Buffer.concat([strict, Buffer.from(`# ${algorithm}\n`)]);
    const blob = blobId(wanted, algorithm);
    await parse(commit, blob, loose);
    const read = await parse(commit, blob, wanted);
    expect(read).toMatchObject({ policy: { gates: { "forbidden-paths": { deny: ["infra/"] } } } });
    expect(readdirSync(cache)).toContain(`policy-parser-${blob}`);
  },
);
