import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { redactSecrets } from "../../collect/secrets/redaction.ts";
import { commandsOf, isPassed } from "../../core/contract/verification.ts";
import { sha256 } from "../../core/digest.ts";
import type { EffectResult } from "../../core/effects.ts";
import { SallyportError } from "../../core/errors.ts";
import { nameProblem } from "../../core/file-names.ts";
import { type CommandRun, type FileWrite, Pack, StepResult } from "../../schemas/step.ts";
import { githubTree, isUnread } from "../agents/trees.ts";
import { textOf } from "../agents/workspace.ts";
import { confinementProblem } from "../runner/availability.ts";
import { runCommandIn } from "../runner/command-run.ts";
import { installDependencies } from "../runner/install.ts";
import { makeRunFolder } from "../runner/run-folder.ts";
import { type LaidFile, layTree, readPlain } from "../runner/work-tree.ts";
import { type EffectOf, type PerformContext, readJson, storeJson } from "./context.ts";

/** The largest evidence file that is taken, in bytes. */
const evidenceBytes = 1_000_000;

/**
 * Runs the verification commands of a pack on the tree that an answer makes: in the sandbox, without a network and
 * without a key, after its dependencies are installed. The evidence files that they leave are read here; the agent's own
 * are taken away before.
 */
export async function runCommands(effect: EffectOf<"run-commands">, context: PerformContext): Promise<EffectResult> {
  const pack = Pack.parse(await readJson(effect.packSha256, context));
  const result = StepResult.parse(await readJson(effect.resultSha256, context));
  const problem = await confinementProblem();
  if (problem !== null) throw new SallyportError("bad-input", problem);
  const tree = await githubTree(context.reader, pack.base, context.cache);
  const files = treeOf(await tree.readAll(), result.files, pack.evidence);
  const folder = await makeRunFolder();
  try {
    const laid = await layTree(folder.work, files);
    const place = { folder, signal: context.signal };
    const install = await installDependencies(new Set(laid.keys()), place, context.packageRegistry);
    const commands: CommandRun[] = [];
    // Without its dependencies every command would fail for the same reason.
    for (const argv of install === null || isPassed(install) ? commandsOf(pack) : []) {
      context.progress(`${pack.run} #${pack.prompt}: ${argv[0]} runs in the sandbox`);
      commands.push(await runCommandIn(argv, { ...place, socket: null, seconds: pack.limits.runtime }));
    }
    const written = await readEvidence(folder.work, pack.evidence, context);
    const found = new Map(written.map(({ path, content }) => [path, sha256(content ?? "")]));
    return {
      type: "verification",
      ...(install === null ? {} : { install: await withoutSecrets(install, context) }),
      commands: await Promise.all(commands.map((run) => withoutSecrets(run, context))),
      evidence: pack.evidence.map((path) => ({ path, sha256: found.get(path) ?? null })),
      ...(written.length === 0 ? {} : { written: await storeJson(written, context) }),
    };
  } finally {
    await folder.remove();
  }
}

/** The base's files with the answer's in their place; evidence files are left to the commands. */
function treeOf(base: readonly LaidFile[], answer: readonly FileWrite[], evidence: readonly string[]): LaidFile[] {
  const files = new Map(base.map((file) => [file.path, file]));
  for (const { path, content } of answer) {
    if (content === null) files.delete(path);
    else files.set(path, { path, mode: files.get(path)?.mode ?? "100644", content: Buffer.from(content) });
  }
  for (const path of evidence) files.delete(path);
  return [...files.values()].filter(({ path }) => !isUnread(path) && nameProblem(path) === null);
}

/** The declared evidence files as the commands left them: plain files of text, without a secret. */
async function readEvidence(work: string, paths: readonly string[], { secrets }: PerformContext): Promise<FileWrite[]> {
  const files: FileWrite[] = [];
  for (const path of paths) {
    const bytes = (await isInside(work, path)) ? await readPlain(join(work, path), evidenceBytes) : null;
    const content = bytes === null ? null : textOf(bytes);
    if (content !== null && (await redactSecrets(content, secrets)).redactions.length === 0)
      files.push({ path, content });
  }
  return files;
}

/** Whether all folders of a path are folders: a link in the place of one would lead out of the tree. */
async function isInside(work: string, path: string): Promise<boolean> {
  if (nameProblem(path) !== null) return false;
  const names = path.split("/").slice(0, -1);
  for (const [depth] of names.entries()) {
    const stat = await lstat(join(work, ...names.slice(0, depth + 1))).catch(() => null);
    if (stat?.isDirectory() !== true) return false;
  }
  return true;
}

async function withoutSecrets(run: CommandRun, { secrets }: PerformContext): Promise<CommandRun> {
  const { text } = await redactSecrets(run.excerpt, secrets);
  return { ...run, excerpt: text.slice(-2_000).toWellFormed() };
}
