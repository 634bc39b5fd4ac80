import { access, lstat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as z from "zod";
import { digestOf } from "../../core/digest.ts";
import { SallyportError } from "../../core/errors.ts";
import { nameProblem } from "../../core/file-names.ts";
import { isTooDeep } from "../../core/json.ts";
import { toolIn } from "../../schemas/policy-agents.ts";
import { StepResult, type Tool, type Usage } from "../../schemas/step.ts";
import { Lines } from "../../schemas/text.ts";
import { confinementProblem } from "../runner/availability.ts";
import { resources } from "../runner/bubblewrap.ts";
import { byProductsBy } from "../runner/by-products.ts";
import { type Ended, runConfined } from "../runner/confined.ts";
import { installDependencies } from "../runner/install.ts";
import { makeRunFolder, type RunFolder } from "../runner/run-folder.ts";
import { layTree, readChanges, readPlain, type TreeChanges } from "../runner/work-tree.ts";
import { type Command, commands, type Ending, type Start } from "./commands.ts";
import type { TalkFailure } from "./driver.ts";
import { reportPath, stepPrompt } from "./prompt.ts";
import { recordable } from "./redact.ts";
import { startRelay } from "./relay.ts";
import type { AgentEvent, AgentRun } from "./run.ts";
import { isUnread, type WholeTree } from "./trees.ts";
import { textOf, type Workspace } from "./workspace.ts";

/**
 * A program's work: beside what every agent gets, its name and version, the base's tree, the operator's folder of
 * programs, and where its dependencies are.
 */
export type ProgramRun = AgentRun & { tool: string; tree: WholeTree; tools: string | null; registry: string | null };

/** The result in the form of every agent's, and the program that worked. */
export type ProgramEnd = { result: StepResult; usage: Usage; tool: Tool };

const nothing = { version: 1 as const, questions: [], files: [], claims: [] };

/** How long a program may take to say its version, in seconds. */
const versionLimits = { runtime: 60, silence: 60 };

/** The file in which a program's agent says how it ended. A model wrote it. */
const Report = z.object({
  outcome: z.enum(["finished", "asked", "stopped"]),
  summary: StepResult.shape.summary.default(""),
  questions: Lines.default([]),
  claims: StepResult.shape.claims.default([]),
});
type Report = z.infer<typeof Report>;

/**
 * Works on one pack with a program in bubblewrap, on a copy of the base without what steers agents. The change is the
 * difference of two trees, held to the workspace's rules as our own agent's writes are; the program's word is needed for
 * its end and believed for nothing else. Throws when the model's service is down for longer, so that it can go on later.
 */
export async function* runAgentProgram(run: ProgramRun): AsyncGenerator<AgentEvent, ProgramEnd> {
  const told: AgentEvent[] = [];
  let isDone = false;
  let news = Promise.withResolvers<void>();
  const tell = (event: AgentEvent) => {
    told.push(event);
    news.resolve();
  };
  const work = workOn(run, tell).finally(() => {
    isDone = true;
    news.resolve();
  });
  // It is awaited below; a failure meanwhile is none that nobody handles.
  work.catch(() => undefined);
  while (!isDone || told.length > 0) {
    const event = told.shift();
    if (event !== undefined) yield event;
    else {
      await news.promise;
      news = Promise.withResolvers<void>();
    }
  }
  return work;
}

async function workOn(run: ProgramRun, tell: (event: AgentEvent) => void): Promise<ProgramEnd> {
  const { pack, service, calls, signal, tree } = run;
  const tool: Tool = toolIn(run.tool);
  const usage: Usage = { model: service.model, calls: 0, inputTokens: 0, outputTokens: 0 };
  const failed = (code: StepResult["code"], summary: string) => ({
    result: recordable({ ...nothing, outcome: "failed", code, summary }),
    usage,
    tool,
  });
  const folder = await makeRunFolder();
  try {
    const program = await findProgram(run, folder);
    if (!program.ok) return failed("service", program.why);
    const files = (await tree.readAll()).filter(({ path }) => !isUnread(path) && nameProblem(path) === null);
    const laid = await layTree(folder.work, files);
    const installed = await install(run, folder, new Set(laid.keys()));
    if (installed !== null) return failed("service", installed);
    const stop = new AbortController();
    let failure: TalkFailure | SallyportError | null = null;
    const relay = await startRelay(folder.socket, {
      ...{ service, calls, signal, limits: pack.limits },
      about: digestOf({ pack, tool: run.tool }),
      onAnswer: tell,
      onEnd: (why) => {
        failure = why;
        stop.abort();
      },
    });
    const command = commands[toolIn(run.tool).name];
    const settings = await laySettings(command, folder);
    const start: Start = { service: service.name, model: service.model, prompt: stepPrompt(pack, "program"), pack };
    let ending: Ending | null = null;
    let ended: Ended;
    try {
      const argv = [program.path, ...command.argv(start)];
      ended = await runConfined(
        { ...folder, ...settings, tools: run.tools, env: command.env(start), argv, most: resources },
        {
          ...{ stdin: command.stdin(start), limits: pack.limits, isWaiting: relay.isWaiting },
          signal: AbortSignal.any([signal, stop.signal]),
          onLine(line) {
            const event = eventIn(line);
            ending = (event === null ? null : command.ending(event)) ?? ending;
            return ending !== null;
          },
        },
      );
    } finally {
      await relay.close();
    }
    Object.assign(usage, relay.usage);
    const result = await judge({ ...run, folder, ended, ending, failure }, () =>
      readChanges(folder.work, laid, byProductsBy(files, folder.rules), run.pack.execution !== undefined),
    );
    const cut = relay.redacted.length === 0 ? {} : { redacted: relay.redacted };
    return { result: recordable({ ...result, ...cut }), usage, tool };
  } finally {
    await folder.remove();
  }
}

/** Writes a program's settings where no run writes; nothing: it has none. */
async function laySettings({ settings }: Command, { etc }: RunFolder) {
  if (settings === undefined) return {};
  const from = join(etc, "settings.json");
  await writeFile(from, JSON.stringify(settings.value));
  return { settings: { path: settings.path, from } };
}

/** Installs the tree's dependencies at the level `tests`, in a run of their own; why that failed, or null. */
async function install(run: ProgramRun, folder: RunFolder, paths: ReadonlySet<string>): Promise<string | null> {
  if (run.pack.execution === undefined || run.registry === null) return null;
  const done = await installDependencies(paths, { folder, signal: run.signal }, run.registry);
  if (done === null || done.exit === 0) return null;
  return `its base's dependencies could not be installed: ${done.excerpt.trim().slice(-300).toWellFormed()}`;
}

/** The program's path, once it has named itself by the version that the policy asks for; or what a person has to do. */
async function findProgram(
  run: ProgramRun,
  folder: RunFolder,
): Promise<{ ok: true; path: string } | { ok: false; why: string }> {
  const { name, version } = toolIn(run.tool);
  const refuse = (why: string) => ({ ok: false as const, why });
  if (run.tools === null)
    return refuse(`the policy lets ${name} work, and the service has no folder of agents' programs: set AGENT_TOOLS`);
  const places = ["bin", "node_modules/.bin"].map((place) => join(run.tools ?? "", place, name));
  const there = await Promise.all(
    places.map((place) =>
      access(place).then(
        () => true,
        () => false,
      ),
    ),
  );
  const path = places[there.indexOf(true)];
  if (path === undefined)
    return refuse(
      `${name} is not installed in the folder that AGENT_TOOLS names: install it there, as docs/agents.md says`,
    );
  const problem = await confinementProblem();
  if (problem !== null) return refuse(problem);
  if (version === null) return { ok: true, path };
  const said: string[] = [];
  const argv = [path, "--version"];
  const { exit, complaint } = await runConfined(
    { ...folder, socket: null, tools: run.tools, env: {}, argv, most: resources },
    {
      ...{ stdin: "", limits: versionLimits, signal: run.signal, isWaiting: () => false },
      onLine(line) {
        said.push(line);
        return false;
      },
    },
  );
  const words = said.join(" ").split(/\s+/);
  if (exit === 0 && words.includes(version)) return { ok: true, path };
  const is = exit === 0 ? `is ${words.join(" ").slice(0, 100)}` : `does not start: ${complaint.trim().slice(-200)}`;
  return refuse(
    `${name} ${is}, and the policy asks for ${version}: install that one, or change \`tool\` in the policy`,
  );
}

type Work = ProgramRun & {
  folder: RunFolder;
  ended: Ended;
  ending: Ending | null;
  failure: TalkFailure | SallyportError | null;
};

/** The result of work that has ended. Our own reasons come before the program's word. */
async function judge(work: Work, readTree: () => Promise<TreeChanges>): Promise<StepResult> {
  const { ended, ending, failure, signal, workspace } = work;
  const { name } = toolIn(work.tool);
  const failed = (code: StepResult["code"], summary: string): StepResult => ({
    ...nothing,
    ...{ outcome: "failed", code, summary },
  });
  if (failure instanceof SallyportError) throw failure;
  if (failure !== null) return failed(failure.code, failure.message);
  if (signal.aborted) return failed("cancelled", "the run was stopped while the program was at work");
  if (ended.stopped !== null) return failed(ended.stopped.code, `${name} was ended: ${ended.stopped.message}`);
  const status = `${name} ended with status ${ended.exit ?? "none"}`;
  if (ending === null)
    return failed("bad-answer", `${status} and did not say that it was done: ${ended.complaint.trim()}`);
  if (!ending.finished) return failed("bad-answer", `${name} did not finish: ${ending.why}`);
  if (ended.exit !== 0 && ended.exit !== null) return failed("bad-answer", `${status} after it said that it was done`);

  const report: Report | StepResult = ending.result ?? (await readReport(work.folder));
  const { outcome, summary, questions, claims } = report;
  if (outcome === "failed") return failed("bad-answer", `${name} failed by its own word: ${summary}`);
  if (outcome === "asked") return { ...nothing, outcome, code: "agent-asked", summary, questions };
  if (outcome === "stopped") return { ...nothing, outcome, code: "agent-stopped", summary, questions };
  const changes = await readTree();
  const refused = changes.ok ? await writeInto(changes.files, workspace) : [`${changes.path} ${changes.why}`];
  if (refused.length > 0) {
    const more = refused.length > 5 ? `, and ${refused.length - 5} more` : "";
    const what = `${refused.slice(0, 5).join("; ")}${more}`;
    return failed("bad-answer", `${name} left what may not be written, so nothing of its work was used: ${what}`);
  }
  return { ...nothing, outcome, code: "finished", summary, claims, files: await workspace.changes() };
}

/** Puts a program's files into the workspace, which refuses what it refuses to our own agent; gives the refusals. */
export async function writeInto(
  files: Extract<TreeChanges, { ok: true }>["files"],
  workspace: Workspace,
): Promise<string[]> {
  const refused: string[] = [];
  // What is gone first: a file may stand where a folder was.
  for (const { path, content } of files.toSorted(
    (one, other) => Number(one.content !== null) - Number(other.content !== null),
  )) {
    const shown = JSON.stringify(path);
    const text = content === null ? null : textOf(content);
    if (isUnread(path)) refused.push(`${shown} is a file that steers agents or may hold a secret`);
    else if (content !== null && text === null) refused.push(`${shown} is not text in UTF-8`);
    else {
      const answer = text === null ? await workspace.remove(path) : await workspace.write(path, text);
      if (!answer.ok) refused.push(answer.message);
    }
  }
  return refused;
}

/** What the program's agent wrote of its end. Without it the work still counts as claimed to be done, with no claim. */
async function readReport({ work }: RunFolder): Promise<Report> {
  // A link in the folder's place would lead out.
  const isFolder = (await lstat(join(work, dirname(reportPath))).catch(() => null))?.isDirectory() === true;
  const content = isFolder ? await readPlain(join(work, reportPath), 200_000) : null;
  const without = (why: string): Report => ({ outcome: "finished", summary: why, questions: [], claims: [] });
  if (content === null) return without("The program left no report.");
  try {
    const report = Report.safeParse(JSON.parse(content.toString("utf8")));
    return report.success ? report.data : without("The program's report is not in the form that was asked for.");
  } catch {
    return without("The program's report is no JSON.");
  }
}

/** A line that is a JSON object, not nested too deep to be written out again; programs print other lines too. */
function eventIn(line: string): Record<string, unknown> | null {
  if (!line.startsWith("{") || isTooDeep(line)) return null;
  try {
    const value: unknown = JSON.parse(line);
    return z.record(z.string(), z.unknown()).safeParse(value).data ?? null;
  } catch {
    return null;
  }
}
