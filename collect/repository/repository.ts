import { untrustedCheckout } from "../../core/analysis/workflow/untrusted.ts";
import { workflowOf } from "../../core/analysis/workflow/workflow.ts";
import type { PolicyReading } from "../../core/facts.ts";
import type { NamedAccount } from "../../core/health/people.ts";
import type { RepositoryFacts } from "../../core/health/repository.ts";
import type { LooseAction, PrivilegedFetch } from "../../core/health/workflows.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import { evidenceBranch } from "../../core/ledger/branch.ts";
import type { JobCheck } from "../../core/policy/job-checks.ts";
import { type Located, nodeAt, stringOf } from "../../core/yaml.ts";
import { duties } from "../../schemas/policy-values.ts";
import { createObjectsCache } from "../github/cache.ts";
import { apiObjects } from "../github/objects.ts";
import { readNumber } from "../github/people.ts";
import { type GitHub, mapKnown, readBranch, requestKnown, requestResult } from "../github/request.ts";
import { apiTrees } from "../github/trees.ts";
import type { Objects, TreeEntry } from "../objects.ts";
import { readPolicy } from "../policy/file.ts";
import { readBranchRules } from "./branch-rules.ts";
import { jobChecks, parseWorkflow, workflowPattern } from "./workflows.ts";

/** The size of the cache for one repository, and the largest workflow that is read, in bytes. */
const sizes = { cache: 64 * 1024 * 1024, workflow: 512 * 1024 } as const;

/** Reads the setup of one repository at the tip of its default branch; a read-only token is enough. */
export async function readRepositoryFacts(github: GitHub): Promise<Known<RepositoryFacts>> {
  const { request, owner, repo } = github;
  const repository = await requestKnown(
    `the repository ${owner}/${repo}`,
    request("GET /repos/{owner}/{repo}", { owner, repo }),
  );
  if (!repository.known) return repository;
  const { default_branch: branch } = repository.value;
  const tip = await readBranch(github, branch);
  if (!tip.known) return tip;
  const cache = createObjectsCache(sizes.cache);
  const objects = apiObjects(github, cache);
  const listing = await apiTrees(github, cache).list(tip.value, true);
  const entries = !listing.known
    ? listing
    : listing.value.truncated
      ? unknown("GitHub lists the files only in part: there are too many")
      : known(listing.value.entries.filter(({ type }) => type !== "tree"));
  const [policy, workflows, rules, evidence] = await Promise.all([
    readPolicy(objects, tip.value),
    readWorkflows(objects, entries),
    readBranchRules(github, branch),
    readEvidence(github),
  ]);
  const pinned = policy.known && policy.value.state === "loaded" ? policy.value.policy.agents.actions : undefined;
  return known({
    policy,
    agentWorkflow: entries.known
      ? known(entries.value.find(({ path }) => path === pinned?.workflow)?.sha ?? null)
      : entries,
    files: entries.known ? known(entries.value.map(({ path }) => path)) : entries,
    checks: workflows.known ? allChecks(workflows.value) : workflows,
    fetches: workflows.known ? known(workflows.value.flatMap(privilegedFetch)) : workflows,
    actions: workflows.known ? known(workflows.value.flatMap(looseActions)) : workflows,
    named: await readNamedAccounts(github, policy),
    rules,
    evidence,
  });
}

type WorkflowFile = { path: string; workflow: Located };

/** All workflows; unknown when one cannot be read, because its checks would be reported as missing. */
async function readWorkflows(objects: Objects, entries: Known<TreeEntry[]>): Promise<Known<WorkflowFile[]>> {
  if (!entries.known) return entries;
  const workflows = entries.value.filter(({ type, path }) => type === "blob" && workflowPattern.test(path));
  const blobs = await objects.blobs(
    workflows.map(({ sha }) => sha),
    sizes.workflow,
  );
  if (!blobs.known) return blobs;
  const files: WorkflowFile[] = [];
  for (const { path, sha } of workflows) {
    const content = blobs.value.get(sha)?.content ?? null;
    if (content === null) return unknown(`${path} is too large to be read`);
    const workflow = parseWorkflow(path, Buffer.from(content).toString("utf8"));
    if (!workflow.known) return workflow;
    files.push({ path, workflow: workflow.value });
  }
  return known(files);
}

/** The checks of all workflows; unknown when one of them has no jobs. */
function allChecks(workflows: readonly WorkflowFile[]): Known<JobCheck[]> {
  const checks: JobCheck[] = [];
  for (const { path, workflow } of workflows) {
    const found = jobChecks(path, known(workflow));
    if (!found.known) return found;
    checks.push(...found.value);
  }
  return known(checks);
}

function privilegedFetch({ path, workflow }: WorkflowFile): PrivilegedFetch[] {
  const read = workflowOf(workflow);
  const line = read === null ? null : untrustedCheckout(read);
  return line === null ? [] : [{ path, line }];
}

/** The steps that run our Action, a fork's copy too, by anything but a full commit id. */
function looseActions({ path, workflow }: WorkflowFile): LooseAction[] {
  const jobs = nodeAt(workflow, "jobs");
  const steps = jobs?.kind !== "map" ? [] : [...jobs.entries.values()].map(({ value }) => nodeAt(value, "steps"));
  return steps
    .flatMap((one) => (one?.kind === "list" ? one.items : []))
    .flatMap((step) => {
      const node = nodeAt(step, "uses");
      const uses = stringOf(node) ?? "";
      if (node === undefined || !/\/sallyport\/action@(?![0-9a-f]{40}$)/i.test(uses)) return [];
      return [{ path, line: node.at.line, uses }];
    });
}

/** The accounts and teams that have the names to which the policy gives duties. */
async function readNamedAccounts(github: GitHub, policy: Known<PolicyReading>): Promise<Known<NamedAccount[]>> {
  if (!policy.known) return policy;
  if (policy.value.state !== "loaded") return known([]);
  const { people } = policy.value.policy;
  const names = new Set(duties.flatMap((duty) => people[duty]));
  return mapKnown([...names], async (name) => {
    const number = await readNumber(github, name);
    return number.known ? known({ name, number: number.value }) : number;
  });
}

async function readEvidence(github: GitHub): Promise<RepositoryFacts["evidence"]> {
  const { request, owner, repo } = github;
  const [answer, rules] = await Promise.all([
    requestResult(
      `the branch ${evidenceBranch}`,
      request("GET /repos/{owner}/{repo}/git/ref/{ref}", { owner, repo, ref: `heads/${evidenceBranch}` }),
    ),
    readBranchRules(github, evidenceBranch),
  ]);
  const isThere = answer.ok ? known(true) : answer.status === 404 ? known(false) : unknown(answer.why);
  return { isThere, rules };
}
