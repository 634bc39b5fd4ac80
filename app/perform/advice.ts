import { apiObjects } from "../../collect/github/objects.ts";
import { valueOrThrow } from "../../collect/github/request.ts";
import type { Objects } from "../../collect/objects.ts";
import { redactSecrets } from "../../collect/secrets/redaction.ts";
import { noAdvice } from "../../core/contract/advice.ts";
import type { EffectResult } from "../../core/effects.ts";
import { SallyportError } from "../../core/errors.ts";
import { attemptName } from "../../core/identifiers.ts";
import { matcher } from "../../core/paths/patterns.ts";
import { unreadPatterns } from "../../core/paths/sensitive.ts";
import { AdvicePack } from "../../schemas/advice.ts";
import { redactingCallStore } from "../agents/redact.ts";
import { askReviewer } from "../agents/reviewer.ts";
import { githubTree, withoutUnread } from "../agents/trees.ts";
import { type EffectOf, type PerformContext, readJson, secondsSince, storeJson } from "./context.ts";
import { follow, secretIn, serviceOf } from "./model.ts";
import { filePatch } from "./patch.ts";

/** The most characters and files of a change that a reviewer is shown, and of each file the most bytes. */
const limits = { characters: 120_000, files: 100, fileBytes: 500_000 } as const;

/** Lets a reviewer agent read a run's commit on a recorded pack, and stores what it says. It writes nothing to GitHub. */
export async function adviseOn(effect: EffectOf<"ask-reviewer">, context: PerformContext): Promise<EffectResult> {
  const service = serviceOf(effect, context);
  const pack = AdvicePack.parse(await readJson(effect.packSha256, context));
  const secret = await secretIn(pack, context);
  if (secret !== null) throw new SallyportError("secret-in-prompt", `The reviewer was not asked: ${secret}`);
  const { secrets, signal } = context;
  const started = context.now();
  const events = askReviewer(pack, {
    service,
    calls: redactingCallStore(context.calls, secrets),
    signal,
    tree: withoutUnread(await githubTree(context.reader, pack.head, context.cache)),
    change: await changeText(pack, context),
    redact: async (text) => (await redactSecrets(text, secrets)).text,
  });
  const name = `${pack.run} #${pack.prompt} ${attemptName(pack)} reviewer`;
  const { advice, usage } = await follow(events, { key: effect.key, name }, context);
  signal.throwIfAborted();
  const seconds = secondsSince(started, context);
  // What a model said was stored without secrets; why there is no advice may quote the service.
  const stored =
    advice.outcome === "given" ? advice : noAdvice(advice.code, (await redactSecrets(advice.summary, secrets)).text);
  return { type: "advice", advice: await storeJson(stored, context), usage, seconds };
}

/**
 * The change between a pack's two commits as a unified diff, without secrets, of the files that the run wrote. What is
 * not shown is named: the reviewer can read it in the tree.
 */
async function changeText(pack: AdvicePack, { reader, cache, secrets }: PerformContext): Promise<string> {
  const objects = apiObjects(reader, cache);
  const unread = matcher(unreadPatterns, "deny");
  const parts: string[] = [];
  const left: string[] = [];
  let room: number = limits.characters;
  for (const [index, path] of pack.files.entries()) {
    const isShown = index < limits.files && unread.matches(path) === null;
    const text = isShown ? await patchOf(path) : null;
    if (text === null || text.length > room) left.push(path);
    else {
      parts.push(text);
      room -= text.length;
    }
  }
  if (left.length > 0) parts.push(`Not shown here: ${left.join(", ")}`);
  return parts.join("\n");

  async function patchOf(path: string): Promise<string | null> {
    const [before, after] = [await textAt(pack.base, path, objects), await textAt(pack.head, path, objects)];
    return before === null || after === null ? null : filePatch(path, [before, after], secrets);
  }
}

/** The text of a file at a commit, empty where there is none; null: it is no text, or too long to be shown. */
async function textAt(commit: string, path: string, objects: Objects): Promise<string | null> {
  const entry = valueOrThrow(await objects.entry(commit, path));
  if (entry === null) return "";
  if (entry.type !== "blob") return null;
  const { content } = valueOrThrow(await objects.blob(entry.sha, limits.fileBytes));
  return content === null || content.includes(0) ? null : content.toString("utf8");
}
