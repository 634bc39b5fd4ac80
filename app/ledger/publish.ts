import type { GitHub } from "../../collect/github/request.ts";
import type { Ourselves } from "../../core/effects.ts";
import { SallyportError } from "../../core/errors.ts";
import { branchFiles, branchReadme, evidenceBranch, segmentEntries } from "../../core/ledger/branch.ts";
import { type LedgerHead, readEntry } from "../../core/ledger/entry.ts";
import { type BodyChanges, type BodySource, bodyChanges } from "./bodies.ts";
import { type Line, type Published, publishedCount, type ReadLines, readTip, type Tip } from "./published.ts";

/** One repository's chain as the store holds it, and the bodies that its entries name. */
export type ChainSource = BodySource & {
  repository: number;
  head(): Promise<LedgerHead>;
  lines: ReadLines;
  /** The last commit at which the branch matched our chain. Losing it only costs a full comparison. */
  published: { get(): Promise<Published | null>; set(published: Published): Promise<void> };
  ourselves: Ourselves;
};

/** How often a branch that moves meanwhile is read again, and the most bytes of text inside one tree request. */
const maxTries = 3;
const inlineBytes = 4 * 1024 * 1024;

/**
 * Makes the evidence branch equal the chain: missing entries are added in one commit on top of the tip that was read.
 * Null if nothing was missing. Fails with `evidence-rewritten`, and writes nothing, when the branch's content is not a
 * beginning of our chain. Only missing entries are read from our chain, unless somebody else moved the branch since the
 * last time.
 */
export async function publishLedger(
  github: GitHub,
  chain: ChainSource,
): Promise<{ commit: string; seq: number } | null> {
  const head = await chain.head();
  if (head === null) return null;
  let refused: { tip: Tip; why: string } | null = null;
  for (let tries = 0; tries < maxTries; tries++) {
    const { tip, published } = await compare(github, chain, head.seq);
    if (published >= head.seq) return null;
    // Nobody moved it, so a rule of the repository keeps us from it.
    if (refused !== null && refused.tip?.commit === tip?.commit)
      throw new SallyportError(
        "github",
        `GitHub does not let us write ${evidenceBranch}: ${refused.why}; let this App past the rule that covers the branch`,
        { retry: true },
      );
    const fresh = await chain.lines(published + 1, head.seq);
    const isOpen = published % segmentEntries !== 0;
    const open = isOpen ? await chain.lines(published - (published % segmentEntries) + 1, published) : [];
    const lines = branchFiles(
      open.map(({ line }) => line),
      fresh,
    );
    const { files, removed } = await bodyChanges(fresh, tip, github, chain);
    const readme = tip === null ? [{ path: "README.md", content: branchReadme }] : [];
    const written = await writeCommit(
      github,
      tip,
      { files: [...lines, ...files, ...readme], removed },
      fresh,
      chain.ourselves,
    );
    const why = await moveBranch(github, tip, written.commit);
    if (why === null) {
      await chain.published.set({ ...written, seq: head.seq });
      return { commit: written.commit, seq: head.seq };
    }
    refused = { tip, why };
  }
  throw new SallyportError("github", `${evidenceBranch} moved each time it was written; this is tried again`, {
    retry: true,
  });
}

/** How far the branch holds our chain. A commit that was compared before is not compared again. */
async function compare(github: GitHub, chain: ChainSource, last: number): Promise<{ tip: Tip; published: number }> {
  const before = await chain.published.get();
  // A store restored from a backup may be shorter than it was when this was recorded.
  const known = before !== null && before.seq <= last ? before : null;
  const tip = await readTip(github, known);
  if (tip !== null && tip.commit === known?.commit) return { tip, published: known.seq };
  const published = await publishedCount(github, tip, chain.lines);
  if (published === null) {
    throw new SallyportError(
      "evidence-rewritten",
      `${evidenceBranch} at ${tip?.commit} is not what was recorded; nothing was written. Find out who pushed there, and put the branch back`,
    );
  }
  if (tip !== null) await chain.published.set({ ...tip, seq: published });
  return { tip, published };
}

async function writeCommit(
  github: GitHub,
  tip: Tip,
  { files, removed }: BodyChanges,
  fresh: readonly Line[],
  { bot }: Ourselves,
): Promise<{ commit: string; tree: string }> {
  const { request, owner, repo } = github;
  const isBig = files.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0) > inlineBytes;
  const tree = [];
  for (const { path, content } of files) {
    const entry = { path, mode: "100644", type: "blob" } as const;
    if (isBig || typeof content !== "string") tree.push({ ...entry, sha: await writeBlob(github, content) });
    else tree.push({ ...entry, content });
  }
  for (const path of removed) tree.push({ path, mode: "100644", type: "blob", sha: null } as const);
  const { data: written } = await request("POST /repos/{owner}/{repo}/git/trees", {
    owner,
    repo,
    tree,
    ...(tip === null ? {} : { base_tree: tip.tree }),
  });
  const [first, last] = [fresh[0], fresh.at(-1)];
  const newest = readEntry(last?.line ?? "");
  if (!newest.ok)
    throw new SallyportError("ledger-broken", `entry ${last?.seq} cannot be read: ${newest.problem.message}`);
  const person = {
    name: bot.login,
    email: `${bot.id}+${bot.login}@users.noreply.github.com`,
    date: newest.entry.at,
  };
  const { data: commit } = await request("POST /repos/{owner}/{repo}/git/commits", {
    owner,
    repo,
    message: `Ledger entries ${first?.seq} to ${last?.seq}\n`,
    tree: written.sha,
    parents: tip === null ? [] : [tip.commit],
    author: person,
    committer: person,
  });
  return { commit: commit.sha, tree: written.sha };
}

async function writeBlob({ request, owner, repo }: GitHub, content: string | Uint8Array): Promise<string> {
  const { data } = await request("POST /repos/{owner}/{repo}/git/blobs", {
    owner,
    repo,
    content: Buffer.from(content).toString("base64"),
    encoding: "base64",
  });
  return data.sha;
}

/**
 * Null, or why GitHub refuses: mostly because somebody else moved the branch meanwhile. Not forced, so an entry can be
 * added but none removed.
 */
async function moveBranch({ request, owner, repo }: GitHub, tip: Tip, commit: string): Promise<string | null> {
  try {
    if (tip === null)
      await request("POST /repos/{owner}/{repo}/git/refs", {
        owner,
        repo,
        ref: `refs/heads/${evidenceBranch}`,
        sha: commit,
      });
    else
      await request("PATCH /repos/{owner}/{repo}/git/refs/{ref}", {
        owner,
        repo,
        ref: `heads/${evidenceBranch}`,
        sha: commit,
        force: false,
      });
    return null;
  } catch (error) {
    if (error instanceof Error && "status" in error && error.status === 422) return error.message;
    throw error;
  }
}
