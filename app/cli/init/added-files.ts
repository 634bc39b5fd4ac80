import { execFile } from "node:child_process";
import { lstat, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { blobId } from "../../../collect/blob-id.ts";
import { issueForms, packageHome } from "../../settings/package-home.ts";
import type { Io } from "../../terminal/io.ts";

/** Where the Action's releases are tagged. */
const source = "https://github.com/sallyport/sallyport";
const loose = "sallyport/action@v1";
/** The workflow that judges, and the one that tells it of reviews: GitHub lets no workflow listen to itself. */
const workflows = [
  { path: ".github/workflows/sallyport.yml", template: "action/workflow.yml" },
  { path: ".github/workflows/sallyport-review.yml", template: "action/workflow-review.yml" },
];
/** What the template listens to; the repository's own workflows follow. */
const listened = "workflows: [sallyport-review]";

/** The commit of a release's tag, which does not move as the tag may; null when it cannot be asked for. */
async function releaseCommit(env: Io["env"]): Promise<string | null> {
  const argv = ["ls-remote", source, "refs/tags/v1", "refs/tags/v1^{}"];
  const options = { env: { ...env, GIT_TERMINAL_PROMPT: "0" }, timeout: 15_000 };
  const answer = await promisify(execFile)("git", argv, options).catch(() => null);
  // The second line, if there is one, is the commit that an annotated tag stands for.
  return /^[0-9a-f]{40}/.exec(answer?.stdout.trim().split("\n").at(-1) ?? "")?.[0] ?? null;
}

/** Writes a file that is not there; the work tree may come from anybody, so nothing is written through a link. */
async function add(top: string, path: string, text: string): Promise<boolean> {
  for (let folder = dirname(path); folder !== "."; folder = dirname(folder)) {
    if ((await lstat(join(top, folder)).catch(() => null))?.isSymbolicLink() === true) return false;
  }
  await mkdir(dirname(join(top, path)), { recursive: true });
  return writeFile(join(top, path), text, { flag: "wx" }).then(
    () => true,
    () => false,
  );
}

/** A file that is to be written, by its path in the work tree. */
export type NewFile = { path: string; text: string };

/**
 * The workflows that judge by the Action alone, pinned to the release's commit where it can be asked for. `others`: the
 * names of the workflows that run for pull requests, whose artifacts and checks may be asked for.
 */
export async function workflowFiles(others: readonly string[], env: Io["env"]): Promise<NewFile[]> {
  const commit = await releaseCommit(env);
  const names = others.map((name) => `, ${JSON.stringify(name)}`).join("");
  return Promise.all(
    workflows.map(async ({ path, template }) => {
      const text = (await readFile(join(packageHome(), template), "utf8"))
        .replace(listened, () => `${listened.slice(0, -1)}${names}]`)
        .replace(loose, commit === null ? loose : `${loose.replace("v1", commit)} # v1`);
      return { path, text };
    }),
  );
}

/** The packages of the agents' programs at npm. */
const packages: Readonly<Record<string, string>> = {
  claude: "@anthropic-ai/claude-code",
  codex: "@openai/codex",
  gemini: "@google/gemini-cli",
  opencode: "opencode-ai",
};

const agentWorkflow = ".github/workflows/sallyport-agent.yml";

/**
 * The workflow in whose runs agents' programs work for the App at an address, with those that the policy names, and the
 * policy's lines that pin it.
 */
export async function agentWorkflowFile(
  url: string,
  policy: string,
  env: Io["env"],
): Promise<NewFile & { pin: string }> {
  const commit = await releaseCommit(env);
  const named = Object.keys(packages).join("|");
  const asked = new Set(policy.match(new RegExp(`\\b(?:${named})@\\d[\\w.+-]*`, "g")) ?? []);
  const pinned = [...asked].map((one) => one.replace(/^\w+/, (name) => packages[name] ?? name));
  const install = pinned.length === 0 ? null : `npm install --prefix "$RUNNER_TEMP/agents" ${pinned.join(" ")}`;
  const text = (await readFile(join(packageHome(), "action/workflow-agent.yml"), "utf8"))
    .replace("https://sallyport.example.com", () => url.replace(/\/$/, ""))
    .replace(/mkdir -p .*\/bin"/, (line) => install ?? line)
    .replaceAll("/action/agent@v1", commit === null ? "/action/agent@v1" : `/action/agent@${commit} # v1`);
  const blob = blobId(Buffer.from(text), "sha1");
  return { path: agentWorkflow, text, pin: `agents:\n  actions: { workflow: ${agentWorkflow}, blob: ${blob} }\n` };
}

/** Writes it, and says how the policy pins it. */
export async function addAgentWorkflow(
  top: string,
  { path, text, pin }: Awaited<ReturnType<typeof agentWorkflowFile>>,
  io: Io,
): Promise<string[]> {
  if (!(await add(top, path, text))) {
    io.err(`sallyport init: ${path} is there, or its folder is a link, and it is kept\n`);
    return [];
  }
  io.out(
    `Wrote ${path}: none of its jobs may write. Put this into the policy, and \`backend: actions\` to a route:\n${pin}`,
  );
  return [path];
}

/** Writes them; the paths that were written. */
export async function addWorkflows(top: string, files: readonly NewFile[], io: Io): Promise<string[]> {
  const written: string[] = [];
  for (const { path, text } of files) {
    if (await add(top, path, text)) written.push(path);
    else io.err(`sallyport init: ${path} is there, or its folder is a link, and it is kept\n`);
  }
  if (written.length === 0) return [];
  io.out(`Wrote ${written.join(" and ")}: its token reads, sets commit statuses, and does nothing else.\n`);
  if (files.some(({ path, text }) => written.includes(path) && text.includes(`${loose}\n`)))
    io.out(`  Pin the Action: write the commit of \`git ls-remote ${source} v1\` in place of \`v1\`.\n`);
  return written;
}

/** Writes the issue forms of epics, stories and diff prompts that are not there; the paths that were written. */
export async function addForms(top: string, io: Io): Promise<string[]> {
  const written: string[] = [];
  for (const { path, text } of await issueForms()) {
    const isWritten = await add(top, path, text);
    if (isWritten) written.push(path);
    io.out(isWritten ? `Wrote ${path}.\n` : `Kept ${path}, which is there.\n`);
  }
  return written;
}
