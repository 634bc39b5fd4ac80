import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { peoplesPart } from "../../../core/contract/casefiles.ts";
import type { Effect } from "../../../core/effects.ts";
import type { FileWrite } from "../../../schemas/step.ts";
import { change, pack, tip } from "../../builders/effect-scenes.ts";
import { type Acme, startAcme } from "../../hosts/store-and-github.ts";

let acme: Acme;
beforeAll(async () => {
  acme = await startAcme();
});
afterAll(() => acme.close());

const [plan, log] = [
  { name: "plan", path: "tasks/1/PLAN.md" },
  { name: "log", path: "tasks/1/EXEC_LOG.md" },
] as const;
const texts = [
  { ...plan, text: "# The plan\n" },
  { ...log, text: "# The log é\n" },
];
const whole = (text: string, below = "") => `${text}\n${peoplesPart}\n${below}`;
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const page: FileWrite = { path: "web/page.html", content: "<p>with casefiles</p>\n" };

/** The files of a commit by their blobs, and one of them as text. */
const blobs = async (commit: string): Promise<Map<string, string>> => {
  const { tree } = await acme.as("lena", "GET", `git/trees/${commit}?recursive=1`);
  return new Map(tree.map((one: { path: string; sha: string }) => [one.path, one.sha]));
};
const text = async (commit: string, path: string) => {
  const { content } = await acme.as("lena", "GET", `contents/${path}?ref=${commit}`);
  return Buffer.from(content, "base64").toString("utf8");
};

type Write = Extract<Effect, { type: "write-change" }>;

/** A change under a pack that names casefiles, on top of the default branch or another parent. */
async function withCasefiles(more: Partial<Write> = {}, files: FileWrite[] = [page], parent?: string): Promise<Write> {
  const at = parent ?? (await tip(acme));
  const packSha256 = await acme.store(pack(at, { casefiles: [plan, log] }));
  return change(acme, files, { parent: at, packSha256, casefiles: texts, ...more });
}

async function committed(effect: Write) {
  const result = await acme.perform(effect);
  if (result.type !== "commit") throw new Error("no commit");
  return result;
}

/** The default branch with other things at some paths: text, bytes or a symbolic link. */
async function parentWith(files: Record<string, string | Buffer | { link: string }>): Promise<string> {
  const { request, owner, repo } = acme.world.github;
  const parent = await tip(acme);
  const tree = [];
  for (const [path, given] of Object.entries(files)) {
    const isLink = typeof given === "object" && "link" in given;
    const content = Buffer.from(isLink ? given.link : given).toString("base64");
    const { data } = await request("POST /repos/{owner}/{repo}/git/blobs", {
      ...{ owner, repo, content },
      encoding: "base64",
    });
    tree.push({
      path,
      mode: isLink ? ("120000" as const) : ("100644" as const),
      type: "blob" as const,
      sha: data.sha,
    });
  }
  const base = (await acme.as("lena", "GET", `git/commits/${parent}`)).tree.sha;
  const made = await request("POST /repos/{owner}/{repo}/git/trees", { owner, repo, base_tree: base, tree });
  const { data } = await request("POST /repos/{owner}/{repo}/git/commits", {
    ...{ owner, repo, message: "Prepare", tree: made.data.sha, parents: [parent] },
  });
  return data.sha;
}

test("the commit holds the answer's files and the casefiles, and what is recorded of them is what git has", async () => {
  const effect = await withCasefiles();
  const result = await committed(effect);
  const [before, after] = [await blobs(effect.parent), await blobs(result.commit)];
  const changed = [...after].flatMap(([path, sha]) => (before.get(path) === sha ? [] : [path]));
  expect(changed.filter((path) => path.endsWith(".md") || path.endsWith(".html")).sort()).toEqual([
    ...[log.path, plan.path, page.path],
  ]);
  expect(await text(result.commit, plan.path)).toBe(whole("# The plan\n"));
  expect(await text(result.commit, log.path)).toBe(whole("# The log é\n"));
  expect(result.casefiles).toEqual(
    texts.map(({ name, path, text: ours }) => ({
      ...{ name, path, sha256: sha256(whole(ours)), blob: after.get(path) },
    })),
  );
  expect((await acme.as("lena", "GET", `git/commits/${result.commit}`)).tree.sha).toBe(result.tree);
});

test("what people wrote in the parent is kept below, and a file of theirs is not written over", async () => {
  const parent = await parentWith({
    [plan.path]: whole("# An older plan\n", "A person's note.\r\n"),
    [log.path]: "# A person's own log\n",
  });
  const result = await committed(await withCasefiles({}, [page], parent));
  expect(await text(result.commit, plan.path)).toBe(whole("# The plan\n", "A person's note.\r\n"));
  expect(await text(result.commit, log.path)).toBe(whole("# The log é\n", "\n# A person's own log\n"));
});

test("T259 done twice is done once, also when the answers to its writes were lost", async () => {
  const effect = await withCasefiles();
  const first = await committed(effect);
  expect(await acme.perform(effect)).toEqual(first);
  for (const path of ["/git/trees", "/git/commits", "/git/refs"]) {
    const next = await withCasefiles();
    const fault = { kind: "status", method: "POST", path: `/repos/acme/web${path}$`, status: 502 } as const;
    acme.sandbox.fault({ ...fault, after: true });
    const { result } = await acme.settle(next);
    expect(result).toMatchObject({ type: "commit", commit: first.commit, casefiles: first.casefiles });
  }
});

test("casefiles alone are no change", async () => {
  const same = { path: "web/page.html", content: "<p>hello</p>\n" };
  for (const files of [[], [same], [{ path: "web/never-there.txt", content: null }]])
    await expect(acme.perform(await withCasefiles({}, files))).rejects.toMatchObject({
      code: "nothing-changed",
    });
});

describe("refused before anything is written", () => {
  async function refused(effect: Write, code: string): Promise<void> {
    acme.written();
    await expect(acme.perform(effect)).rejects.toMatchObject({ code, retry: false });
    expect(acme.written().filter((one) => /refs|trees|commits/.test(one))).toEqual([]);
  }

  test.each(["tasks/1/EXEC_LOG.md", "tasks/1/exec_log.md", "tasks/1", "tasks/1/PLAN.md/x"])(
    "an agent that writes %s",
    async (path) => {
      const role = { name: "web", allow: ["**"], deny: [] };
      const parent = await tip(acme);
      const packSha256 = await acme.store(pack(parent, { casefiles: [plan, log], role, paths: ["**"] }));
      await refused(await withCasefiles({ packSha256 }, [page, { path, content: "mine" }]), "out-of-scope");
    },
  );

  test.each<[string, Record<string, string | Buffer | { link: string }>, string]>([
    ["T007 a symlink in a casefile's place", { [log.path]: { link: "../../web/page.html" } }, "out-of-scope"],
    ["T007 a symlink in its folder's place", { tasks: { link: "web" } }, "out-of-scope"],
    ["a folder in its place", { [`${plan.path}/x`]: "x" }, "out-of-scope"],
    ["a file in its folder's place", { "tasks/1": "x" }, "out-of-scope"],
    ["bytes that are no text", { [log.path]: Buffer.from([0xff, 0xfe, 0x00]) }, "bad-input"],
    ["more than is carried along", { [log.path]: "x".repeat(4_000_001) }, "bad-input"],
  ])("%s", async (_, files, code) => {
    await refused(await withCasefiles({}, [page], await parentWith(files)), code);
  });

  test("an effect without the text that the pack asks for", async () => {
    await refused(await withCasefiles({ casefiles: texts.slice(1) }), "internal");
  });
});

test("a casefile that the pack does not name is not written", async () => {
  const result = await committed(await change(acme, [page], { casefiles: texts }));
  expect(result).not.toHaveProperty("casefiles");
  expect((await blobs(result.commit)).has(log.path)).toBe(false);
});
