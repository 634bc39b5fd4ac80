import { type GitHub, readBranch } from "../collect/github.ts";
import { apiObjects } from "../collect/objects-api.ts";
import { readPolicy } from "../collect/policy-file.ts";
import { cutSecretsIn, type SecretSearch } from "../collect/redaction.ts";
import type { Ourselves } from "../core/effects.ts";
import { typedEntry } from "../core/entries.ts";
import { SallyportError } from "../core/errors.ts";
import {
  type BranchFile,
  bodyPath,
  branchFiles,
  branchReadme,
  evidenceBranch,
  segmentEntries,
} from "../core/evidence-branch.ts";
import { readEntry } from "../core/ledger.ts";
import { type Branch, exportedCount, type Line, readEvidence } from "./exported.ts";
import { tolerate } from "./perform/answers.ts";

/** One repository's chain as the store holds it, and the bodies that its entries name. */
export type Chain = {
  repository: number;
  lines(fromSeq: number): Promise<Line[]>;
  body(sha256: string): Promise<Uint8Array | null>;
  /** Finds what must not be published. */
  secrets: SecretSearch;
  ourselves: Ourselves;
};

/** How often a branch that moves under our hands is read again, and how much text travels inside one tree, in bytes. */
const mostTries = 3;
const inlineBytes = 4 * 1024 * 1024;

/**
 * Makes the evidence branch equal the chain: what is missing goes there in one commit on top of the tip that was read.
 * Null: nothing was missing. Fails with `evidence-rewritten`, and writes nothing, when what stands there is not how our
 * chain begins. Whoever may push to the branch wrote it, so it is compared by git's own hashes and never trusted.
 */
export async function exportLedger(
  github: GitHub,
  chain: Chain,
): Promise<{ commit: string; seq: number } | null> {
  const lines = await chain.lines(1);
  const last = lines.at(-1);
  if (last === undefined) return null;
  for (let tries = 0; tries < mostTries; tries++) {
    const branch = await readEvidence(github);
    const exported = exportedCount(branch, lines);
    if (exported === null) {
      throw new SallyportError(
        "evidence-rewritten",
        `${evidenceBranch} at ${branch?.commit} is not what was recorded; nothing was written. Find out who pushed there, and put the branch back`,
      );
    }
    const fresh = lines.slice(exported);
    if (fresh.length === 0) return null;
    const open = lines.slice(exported - (exported % segmentEntries), exported).map(({ line }) => line);
    const files = [...branchFiles(open, fresh), ...(await bodiesOf(fresh, github, chain))];
    if (branch === null) files.push({ path: "README.md", content: branchReadme });
    const commit = await writeCommit(github, branch, files, fresh, chain.ourselves);
    if (await moveBranch(github, branch, commit)) return { commit, seq: last.seq };
  }
  throw new SallyportError(
    "github",
    `${evidenceBranch} moved each time it was written; this is tried again`,
    { retry: true },
  );
}

/** The packs and answers that entries name, as far as `ledger.payload` lets them leave the database beside their digests. */
async function bodiesOf(fresh: readonly Line[], github: GitHub, chain: Chain): Promise<BranchFile[]> {
  const digests = new Set<string>();
  for (const { line } of fresh) {
    const entry = readEntry(line);
    const typed = entry.ok ? typedEntry(entry.entry) : null;
    if (typed?.kind === "prompt.recorded") digests.add(typed.body.pack.sha256);
    if (typed?.kind === "response.recorded") digests.add(typed.body.result.sha256);
  }
  if (digests.size === 0) return [];
  if (!(await mayPublish(github))) return [];
  const files: BranchFile[] = [];
  for (const sha256 of digests) {
    const content = await chain.body(sha256);
    if (content !== null && !(await holdsSecret(content, chain.secrets)))
      files.push({ path: bodyPath(sha256), content });
  }
  return files;
}

/**
 * Whether bodies are published, by the policy on the default branch as it is now; without a policy by its default. One
 * that is malformed publishes none, and one that cannot be read stops the export: what is held back once is not made up for.
 */
async function mayPublish(github: GitHub): Promise<boolean> {
  const { request, owner, repo } = github;
  const { data } = await request("GET /repos/{owner}/{repo}", { owner, repo });
  const tip = await readBranch(github, data.default_branch);
  const policy = tip.known ? await readPolicy(apiObjects(github), tip.value) : tip;
  if (!policy.known) throw new SallyportError("github", policy.why, { retry: true });
  if (policy.value.state === "malformed") return false;
  const payload = policy.value.state === "loaded" ? policy.value.policy.ledger?.payload : undefined;
  switch (payload ?? "private-repo") {
    case "full":
      return true;
    case "digest":
      return false;
    case "private-repo":
      return data.private;
  }
}

/** A pack is recorded before it is known that it must not be sent: it holds what people wrote. */
async function holdsSecret(content: Uint8Array, search: SecretSearch): Promise<boolean> {
  const { cuts } = await cutSecretsIn(JSON.parse(Buffer.from(content).toString("utf8")), search);
  return cuts.length > 0;
}

async function writeCommit(
  github: GitHub,
  branch: Branch,
  files: readonly BranchFile[],
  fresh: readonly Line[],
  { bot }: Ourselves,
): Promise<string> {
  const { request, owner, repo } = github;
  const isBig = files.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0) > inlineBytes;
  const tree = [];
  for (const { path, content } of files) {
    const entry = { path, mode: "100644", type: "blob" } as const;
    if (isBig || typeof content !== "string") tree.push({ ...entry, sha: await writeBlob(github, content) });
    else tree.push({ ...entry, content });
  }
  const { data: written } = await request("POST /repos/{owner}/{repo}/git/trees", {
    owner,
    repo,
    tree,
    ...(branch === null ? {} : { base_tree: branch.tree }),
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
    parents: branch === null ? [] : [branch.commit],
    author: person,
    committer: person,
  });
  return commit.sha;
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

/** False: somebody else moved the branch meanwhile. Nothing is forced, so an entry can be added but none taken away. */
async function moveBranch(
  { request, owner, repo }: GitHub,
  branch: Branch,
  commit: string,
): Promise<boolean> {
  const moved =
    branch === null
      ? request("POST /repos/{owner}/{repo}/git/refs", {
          owner,
          repo,
          ref: `refs/heads/${evidenceBranch}`,
          sha: commit,
        })
      : request("PATCH /repos/{owner}/{repo}/git/refs/{ref}", {
          owner,
          repo,
          ref: `heads/${evidenceBranch}`,
          sha: commit,
          force: false,
        });
  return (await tolerate<unknown>(moved, 422)) !== null;
}
