import { existsSync } from "node:fs";
import { lstat, mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { Command } from "commander";
import { readPlainFile, readWorkTree, type WorkTree } from "../../../collect/git/work-tree.ts";
import { jobChecks, parseWorkflow, workflowPattern } from "../../../collect/repository/workflows.ts";
import { oneLine } from "../../../core/escape.ts";
import { policyPath } from "../../../schemas/policy-place.ts";
import { packageHome } from "../../settings/package-home.ts";
import type { Io } from "../../terminal/io.ts";
import { draftPolicy } from "./draft.ts";
import { installHook } from "./hook.ts";

type Options = { hook?: boolean; force?: boolean; localSchema?: boolean; repo?: string };

/** The address of the published package's schema. */
const schemaAddress = "https://unpkg.com/sallyport/schemas/json/policy.json";

/** The wrong file extension; a policy there is not read. */
const misspelledPath = policyPath.replace(/\.yml$/, ".yaml");

/**
 * `sallyport init`: writes a first policy, and with `--hook` a hook that judges before a push. It overwrites nothing
 * unless told to. Exit status 1 when an existing file prevents it, 2 when there is no work tree.
 */
export function initCommand(io: Io): Command {
  return new Command("init")
    .description("write a first policy for this repository, and a hook that judges before a push")
    .option("--hook", "install a pre-push hook that runs `sallyport check` for every pushed branch")
    .option("--force", "replace a policy that is there; a hook of others is never replaced")
    .option("--local-schema", "name the schema of this installation to editors, in place of the published one")
    .option("--repo <dir>", "the work tree (default: .)")
    .action(async (options: Options) => {
      const tree = await readWorkTree(resolve(io.cwd, options.repo ?? "."));
      if (!tree.known) {
        io.err(`sallyport init: ${oneLine(tree.why)}; run this inside a clone, or after \`git init\`\n`);
        io.exit(2);
        return;
      }
      const policy = await writePolicy(tree.value, options, io);
      const isHooked = options.hook !== true || (await writeHook(tree.value.top, io));
      // With `--hook` in a repository that has a policy, installing the hook is enough.
      const isDone = policy === "written" || (policy === "kept" && options.hook === true);
      io.exit(isDone && isHooked ? 0 : 1);
    });
}

async function writePolicy(tree: WorkTree, options: Options, io: Io): Promise<"written" | "kept" | "refused"> {
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
    io.err(`sallyport init: ${policyPath} is there and is kept; --force replaces it\n`);
    return "kept";
  }
  const local = relative(dirname(path), join(packageHome(), "schemas/json/policy.json"));
  const checks = await readChecks(tree);
  const text = draftPolicy(
    { files: tree.files, checks },
    options.localSchema === true ? local.replaceAll("\\", "/") : schemaAddress,
  );
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text, { flag: options.force === true ? "w" : "wx" });
  io.out(`Wrote ${policyPath}.
Next: name people in it, run \`npx sallyport policy lint\`, commit it to the default branch, and require the check \`sallyport\`.
\`npx sallyport backtest --policy ${policyPath}\` shows what it would have meant for changes that are merged.
`);
  return "written";
}

/** Checks are only an example in the draft: an unreadable workflow adds none. */
async function readChecks({ top, files }: WorkTree) {
  const found = await Promise.all(
    files
      .filter((path) => workflowPattern.test(path))
      .map(async (file) => {
        const content = await readPlainFile(join(top, file));
        const checks = jobChecks(file, parseWorkflow(file, content?.toString("utf8") ?? ""));
        return checks.known ? checks.value : [];
      }),
  );
  return found.flat();
}

async function writeHook(top: string, io: Io): Promise<boolean> {
  const installed = await installHook(top, io.env);
  if (!installed.known) {
    io.err(`sallyport init: ${installed.why}\n`);
    return false;
  }
  const { state, path } = installed.value;
  if (state === "kept") {
    io.err(
      `sallyport init: ${path} is there and is kept; add this line to it: npx --no-install sallyport check </dev/null || exit 1\n`,
    );
    return false;
  }
  io.out(state === "there" ? `The hook ${path} is there already.\n` : `Wrote the hook ${path}.\n`);
  return true;
}
