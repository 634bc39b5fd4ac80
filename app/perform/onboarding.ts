import { readMergedPulls } from "../../collect/backtest/merged-pulls.ts";
import { type Drafted, draftFrom, schemaAddress } from "../../collect/draft/draft.ts";
import { proposalBody } from "../../collect/draft/proposal.ts";
import { commitSource, type DraftSource } from "../../collect/draft/source.ts";
import { absent } from "../../collect/draft/trial.ts";
import { valueOrThrow } from "../../collect/github/request.ts";
import type { EffectResult } from "../../core/effects.ts";
import { SallyportError } from "../../core/errors.ts";
import { checkName } from "../../core/health/required-check.ts";
import { known } from "../../core/known.ts";
import { policyPath } from "../../schemas/limits.ts";
import { issueForms } from "../settings/package-home.ts";
import { botAuthor, type EffectOf, type PerformContext } from "./context.ts";
import { branchTip, pullsOf } from "./pulls.ts";
import { truncated } from "./text.ts";

/** The branch that holds the proposal; nobody forces or deletes it but people. */
const branch = "sallyport/setup";
const subject = "Set up Sallyport: a first policy";

/** How many merged pull requests the draft is tried on. */
const last = 30;

/**
 * Proposes a first policy and the issue forms by one pull request. One that was ever opened stays the only one, also
 * where a person closed it. The same inputs give the same commit, so a second try finds the first.
 */
export async function openOnboarding(
  effect: EffectOf<"open-onboarding">,
  context: PerformContext,
): Promise<EffectResult> {
  const { github, request } = context;
  const before = await findPull(context);
  if (before !== null) return before;
  const source = valueOrThrow(await commitSource(github, effect.parent));
  const drafted = await draftFor(effect, source, context);
  await placeBranch(await createCommit(effect, drafted, source, context), context);
  try {
    const { data } = await request("POST /repos/{owner}/{repo}/pulls", {
      head: branch,
      base: effect.base,
      title: subject,
      body: truncated(proposalBody(drafted, { branch: effect.base, check: checkName })),
    });
    return { type: "pull", number: data.number };
  } catch (error) {
    // The refusal may mean that the pull request exists by now.
    const after = await findPull(context);
    if (after !== null) return after;
    throw error;
  }
}

async function findPull(context: PerformContext): Promise<EffectResult | null> {
  const [pull] = await pullsOf(branch, context);
  return pull === undefined ? null : { type: "pull", number: pull.number };
}

function draftFor(
  { base, at, ledgerKey }: EffectOf<"open-onboarding">,
  source: DraftSource,
  { github, progress }: PerformContext,
): Promise<Drafted> {
  const onProgress = (done: number, all: number) => {
    if (done === all) progress(`first policy: tried on ${all} merged pull requests`);
  };
  return draftFrom(source, {
    async readPast(after) {
      const input = { before: absent, after, secrets: false, day: at.slice(0, 10) };
      const changes = await readMergedPulls(github, { last, branch: base }, input, onProgress);
      return changes.known ? known({ from: base, changes: changes.value }) : changes;
    },
    schema: schemaAddress,
    ledgerKey,
  });
}

/** The commit of the policy, and of the forms that are not there. */
async function createCommit(
  { parent, at }: EffectOf<"open-onboarding">,
  { text }: Drafted,
  { files }: DraftSource,
  { request, ourselves }: PerformContext,
): Promise<string> {
  const { data: base } = await request("GET /repos/{owner}/{repo}/git/commits/{commit_sha}", { commit_sha: parent });
  // A file in place of the forms' folder would be removed by what is written below it.
  const isFree = (path: string) => !files.some((one) => one === path || path.startsWith(`${one}/`));
  const added = [{ path: policyPath, text }, ...(await issueForms())].filter(({ path }) => isFree(path));
  const { data: tree } = await request("POST /repos/{owner}/{repo}/git/trees", {
    base_tree: base.tree.sha,
    tree: added.map((file) => ({ path: file.path, mode: "100644", type: "blob", content: file.text })),
  });
  const person = { ...botAuthor(ourselves), date: at };
  const { data: commit } = await request("POST /repos/{owner}/{repo}/git/commits", {
    message: `${subject}\n\nDrafted from this repository's files and merged changes. Edit it before it is merged.\n`,
    tree: tree.sha,
    parents: [parent],
    author: person,
    committer: person,
  });
  return commit.sha;
}

async function placeBranch(commit: string, context: PerformContext): Promise<void> {
  const at = await branchTip(branch, context);
  if (at === commit) return;
  if (at !== null)
    throw new SallyportError(
      "foreign-commit",
      `the branch ${branch} stands at ${at}, which is not the draft; delete it`,
    );
  await context.request("POST /repos/{owner}/{repo}/git/refs", { ref: `refs/heads/${branch}`, sha: commit });
}
