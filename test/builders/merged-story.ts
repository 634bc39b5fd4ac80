import type { TypedEntry } from "../../core/entries.ts";
import { summariseMerge } from "../../core/evidence/vsa.ts";
import { appendEntry, type EntryDraft, readEntry, type Sign } from "../../core/ledger/entry.ts";
import { typedEntry } from "../../core/ledger/typed-entry.ts";
import { begin, playStory } from "./story.ts";

/** The commits of a story's first pull request: what was judged, and what it became. */
export type StoryCommits = {
  base: string;
  head: string;
  tree: string;
  merged: string;
  mergedTree: string;
};

/** How far the pull request got, and how its head was judged. */
export type Reached = { upTo: "captured" | "sealed" | "merged"; conclusion?: "success" | "failure" };

const app = { type: "app" as const, id: 9, login: "sallyport[bot]" };
const lena = { id: 1, login: "lena", type: "User" as const };

/** The entries of a story whose first prompt became #11 in its second attempt. */
export function mergedStory(commits: StoryCommits, { upTo, conclusion = "success" }: Reached): TypedEntry[] {
  const { base, head, tree, merged, mergedTree } = commits;
  const story = playStory();
  story.state.base = base;
  begin(story);
  story.answer({ files: [{ path: "governance/a", content: "no" }] });
  story.answer();
  const result = { type: "commit" as const, commit: head, tree, parent: base };
  story.finish("write-change", { status: "done", result });
  story.finish("open-pull", { status: "done", result: { type: "pull", number: 11 } });
  const captured = story.entries.find((entry) => entry.kind === "evidence.captured");
  if (upTo === "captured" || captured?.kind !== "evidence.captured") return story.entries;

  const subject = [{ digest: { gitCommit: head } }];
  const verdictSha256 = "7".repeat(64);
  const gates = { "diff-size": "pass", scope: "pass" } as const;
  const verdict = { pull: 11, head, base, conclusion, gates, verdictSha256 };
  story.append({ kind: "verdict.given", actor: app, subject, body: verdict });
  const { run, prompt, attempt } = captured.body;
  story.append({
    kind: "evidence.sealed",
    actor: app,
    subject,
    body: {
      run,
      prompt,
      attempt,
      story: captured.body.story,
      pull: 11,
      commit: head,
      tree,
      verdictSha256,
      ci: "pass",
      checks: [{ name: "test", app: "github-actions", conclusion: "success" }],
      validator: "pass",
      captured: captured.hash,
    },
  });
  if (upTo === "sealed") return story.entries;
  story.append({
    kind: "merge.observed",
    actor: app,
    subject: [...subject, { digest: { gitCommit: merged } }],
    body: { pull: 11, head, merged, tree: mergedTree, judged: conclusion === "success", by: lena },
  });
  return story.entries;
}

/** Signs a story's entries as a chain, the merge summed up as the App does it; entries name each other by their real hashes. */
export async function signStory(sign: Sign, story: readonly TypedEntry[]): Promise<string[]> {
  const lines: string[] = [];
  const entries: TypedEntry[] = [];
  let head: { seq: number; hash: string } | null = null;
  const append = async (entry: Omit<EntryDraft, "repository" | "subject">, commits: string[]) => {
    const subject = [
      ...commits.map((gitCommit) => ({ digest: { gitCommit } })),
      { name: entry.kind, digest: { sha256: "a".repeat(64) } },
    ];
    const draft = { ...entry, repository: { id: 7, name: "acme/web" }, subject };
    const appended: Awaited<ReturnType<typeof appendEntry>> = await appendEntry(head, draft, sign);
    head = appended.head;
    lines.push(appended.line);
    const read = readEntry(appended.line);
    const typed = read.ok ? typedEntry(read.entry) : null;
    if (typed === null) throw new Error(`${entry.kind} cannot be read back`);
    entries.push(typed);
  };
  for (const { kind, body, actor, at } of story) {
    const named = ["commit", "head", "merged"].flatMap((field) => {
      const value = Object.entries(body).find(([name]) => name === field)?.[1];
      return typeof value === "string" ? [value] : [];
    });
    const captured = entries.findLast((entry) => entry.kind === "evidence.captured")?.hash ?? "";
    const real = kind === "evidence.sealed" ? { ...body, captured } : body;
    await append({ kind, body: real, actor, at }, named);
    if (kind !== "merge.observed") continue;
    const summariser = { page: "https://github.com/apps/sallyport", repository: "acme/web", now: at };
    const merge = { pull: body.pull, head: body.head, merged: body.merged };
    const summed = {
      ...merge,
      ref: "refs/heads/main",
      summary: summariseMerge(entries, { ...merge, branch: "main" }, summariser),
    };
    await append({ kind: "source.verified", body: summed, actor, at }, named);
  }
  return lines;
}
