import { existsSync } from "node:fs";
import { lstat, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { Command } from "commander";
import { type Drafted, draftFrom, schemaAddress } from "../../../collect/draft/draft.ts";
import { workTreeSource } from "../../../collect/draft/source.ts";
import { gateNameOf, type Past, type Trial } from "../../../collect/draft/trial.ts";
import { readWorkflows } from "../../../collect/draft/workflows.ts";
import { readWorkTree, type WorkTree } from "../../../collect/git/work-tree.ts";
import { jsonText, oneLine } from "../../../core/escape.ts";
import { policyPath } from "../../../schemas/limits.ts";
import { issueForms, packageHome } from "../../settings/package-home.ts";
import { isWebAddress } from "../../terminal/address.ts";
import type { Io } from "../../terminal/io.ts";
import { exampleText, readPast } from "../backtest/trial.ts";
import { addAgentWorkflow, addForms, addWorkflows, agentWorkflowFile, workflowFiles } from "./added-files.ts";
import { installHook } from "./hook.ts";
import { openPullRequest, pullRequestByHand } from "./pull-request.ts";

type Options = {
  hook?: boolean;
  action?: boolean;
  actions?: string;
  forms?: boolean;
  pr?: boolean;
  force?: boolean;
  localSchema?: boolean;
  json?: boolean;
  repo?: string;
};

/** The wrong file extension; a policy there is not read. */
const misspelledPath = policyPath.replace(/\.yml$/, ".yaml");

/**
 * `sallyport init`: writes a first policy, and with `--hook` a hook that judges before a push. It overwrites nothing
 * unless told to. Exit status 1 when an existing file prevents it, 2 when there is no work tree.
 */
export function initCommand(io: Io): Command {
  return new Command("init")
    .description(
      "write a first policy for this repository, tried on its last merged changes; and a hook, a workflow, forms",
    )
    .option("--hook", "install a pre-push hook that runs `sallyport check` for every pushed branch")
    .option("--action", "write the workflow that judges pull requests by the Action, without an App")
    .option(
      "--actions <url>",
      "write the workflow in whose runs agents' programs work for the App at this address, and print the lines that pin it",
    )
    .option("--forms", "write the issue forms of epics, stories and diff prompts")
    .option("--pr", "open a pull request with what was written, through `gh`")
    .option("--force", "replace a policy that is there; a hook of others is never replaced")
    .option("--local-schema", "name the schema of this installation to editors, in place of the published one")
    .option("--json", "write nothing; print what was found and the files that would be written")
    .option("--repo <dir>", "the work tree (default: .)")
    .addHelpText("after", "\nExample:\n  npx sallyport init --action --pr")
    .action(async (options: Options) => {
      const tree = await readWorkTree(resolve(io.cwd, options.repo ?? "."));
      if (!tree.known) {
        io.err(`sallyport init: ${oneLine(tree.why)}; run this inside a clone, or after \`git init\`\n`);
        io.exit(2);
        return;
      }
      const { hook, action, actions, forms } = options;
      if (actions !== undefined && !isWebAddress(actions)) {
        io.err(
          `sallyport init: --actions ${oneLine(actions)}: write the address of the service in full, as in PUBLIC_URL\n`,
        );
        io.exit(2);
        return;
      }
      if (options.json === true) {
        io.out(`${await draftJson(tree.value, options, io)}\n`);
        io.exit(0);
        return;
      }
      const asksMore = hook === true || action === true || actions !== undefined || forms === true;
      const policy = await writePolicy(tree.value, { ...options, asksMore }, io);
      const isHooked = options.hook !== true || (await writeHook(tree.value, io));
      const { top } = tree.value;
      const added = policy === "refused" ? [] : await addFiles(tree.value, options, io);
      const isOpen =
        options.pr !== true || (await propose(top, [...(policy === "written" ? [policyPath] : []), ...added], io));
      if (policy === "written") io.out(nextText(action === true));
      // In a repository that has a policy, what else was asked for is enough.
      const isDone = policy === "written" || (policy === "kept" && asksMore);
      io.exit(isDone && isHooked && isOpen ? 0 : 1);
    });
}

/** How many merged changes a draft is tried on. */
const history = 100;

/** Drafts a policy from the work tree and its history. */
function draft(tree: WorkTree, options: Options, io: Io): Promise<Drafted> {
  const folder = dirname(join(tree.top, policyPath));
  const local = relative(folder, join(packageHome(), "schemas/json/policy.json")).replaceAll("\\", "/");
  return draftFrom(workTreeSource(tree), {
    readPast: (strictest) => readPast(tree.top, history, strictest, io),
    schema: options.localSchema === true ? local : schemaAddress,
  });
}

/** The draft as JSON: what was found, how the rules did on the past, and each file with whether it stands already. */
async function draftJson(tree: WorkTree, options: Options, io: Io): Promise<string> {
  const { text, layout, people, workflows, past, trial } = await draft(tree, options, io);
  const added = [
    ...(options.action === true ? await workflowFiles(workflows.onPulls, io.env) : []),
    ...(options.actions === undefined ? [] : [await agentWorkflowFile(options.actions, text, io.env)]),
    ...(options.forms === true ? await issueForms() : []),
  ];
  const rules = (trial?.rules ?? []).map(({ yaml, blocked, isKept }) => ({ yaml, kept: isKept, blocked }));
  return jsonText({
    layout,
    people,
    workflows: workflows.onPulls,
    history: past.known
      ? { from: past.value.from, changes: past.value.changes.length, builtIn: trial?.builtIn ?? [], rules }
      : { why: past.why },
    files: [{ path: policyPath, text }, ...added].map((file) => ({
      ...{ path: file.path, text: file.text },
      there: existsSync(join(tree.top, file.path)),
    })),
  });
}

async function writePolicy(
  tree: WorkTree,
  options: Options & { asksMore: boolean },
  io: Io,
): Promise<"written" | "kept" | "refused"> {
  const path = join(tree.top, policyPath);
  if (existsSync(join(tree.top, misspelledPath))) {
    io.err(`sallyport init: ${misspelledPath} is there, and the policy is read from ${policyPath} alone: rename it\n`);
    return "refused";
  }
  // The work tree may come from anybody: write nothing outside it.
  for (const one of [dirname(path), path]) {
    if ((await lstat(one).catch(() => null))?.isSymbolicLink() !== true) continue;
    io.err(
      `sallyport init: ${relative(tree.top, one)} is a link, and the policy is read from a plain file alone: delete it\n`,
    );
    return "refused";
  }
  if (existsSync(path) && options.force !== true) {
    if (!options.asksMore) io.err(`sallyport init: ${policyPath} is there and is kept; --force replaces it\n`);
    return "kept";
  }
  const { text, past, trial } = await draft(tree, options, io);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text, { flag: options.force === true ? "w" : "wx" });
  io.out(`Wrote ${policyPath}.\n`);
  io.out(
    past.known && trial !== null
      ? trialText(past.value, trial)
      : `Not tried on history: ${oneLine(past.known ? "" : past.why)}\n`,
  );
  return "written";
}

/** With the workflow the verdict is a commit status, as GitHub's settings call it; the App's is a check. */
function nextText(hasWorkflow: boolean): string {
  const [them, verdict] = hasWorkflow ? ["all of it", "status"] : ["it", "check"];
  return `Next: name people in ${policyPath}, run \`npx sallyport policy lint\`, commit ${them} to the default branch, and require the ${verdict} \`sallyport\`.\n`;
}

/** What the trial showed: gates that were left out first, then what the others and the built-in rules would have blocked. */
function trialText({ from, changes }: Past, { builtIn, rules }: Trial): string {
  const out = rules.filter(({ isKept }) => !isKept);
  const rows = rules.filter(({ isKept }) => isKept).flatMap(({ blocked }) => blocked);
  return [
    `Tried on the last ${changes.length} changes of ${oneLine(from)}.\n`,
    ...out.map(
      (rule) =>
        `  ${gateNameOf(rule)} is left out, in a comment: ${rule.blocked.length} of them broke it, such as\n${exampleText(rule.blocked)}`,
    ),
    `  The gates of the draft would have blocked ${rows.length === 0 ? "none" : `${rows.length}`} of them${rows.length === 0 ? ".\n" : `:\n${exampleText(rows)}`}`,
    builtIn.length === 0 ? "" : `  The built-in rules would have blocked ${builtIn.length}:\n${exampleText(builtIn)}`,
  ].join("");
}

async function addFiles(tree: WorkTree, { action, actions, forms }: Options, io: Io): Promise<string[]> {
  const files = action === true ? await workflowFiles((await readWorkflows(workTreeSource(tree))).onPulls, io.env) : [];
  return [
    ...(files.length > 0 ? await addWorkflows(tree.top, files, io) : []),
    ...(actions === undefined ? [] : await addAgents(tree.top, actions, io)),
    ...(forms === true ? await addForms(tree.top, io) : []),
  ];
}

async function addAgents(top: string, url: string, io: Io): Promise<string[]> {
  const policy = await readFile(join(top, policyPath), "utf8").catch(() => "");
  return addAgentWorkflow(top, await agentWorkflowFile(url, policy, io.env), io);
}

/** Opens the pull request, or tells how; whether it is open. */
async function propose(top: string, paths: readonly string[], io: Io): Promise<boolean> {
  if (paths.length === 0) {
    io.err("sallyport init: nothing was written, so there is no pull request to open\n");
    return false;
  }
  const opened = await openPullRequest(top, paths, io.env);
  if (opened.known) io.out(`Opened ${oneLine(opened.value)}\n`);
  else
    io.err(`sallyport init: no pull request was opened: ${oneLine(opened.why)}. By hand:\n${pullRequestByHand(paths)}`);
  return opened.known;
}

async function writeHook(tree: WorkTree, io: Io): Promise<boolean> {
  const installed = await installHook(tree, io.env);
  if (!installed.known) {
    io.err(`sallyport init: ${installed.why}\n`);
    return false;
  }
  const { path } = installed.value;
  if (installed.value.state === "kept") {
    const { add, command } = installed.value;
    const lines = add.includes("\n") ? `add this to it:\n${add}` : `add this line to it: ${add}`;
    io.err(
      `sallyport init: ${path} is there and is kept; ${lines}\n${command === null ? "" : `then run: ${command}\n`}`,
    );
    return false;
  }
  io.out(installed.value.state === "there" ? `The hook ${path} is there already.\n` : `Wrote the hook ${path}.\n`);
  return true;
}
