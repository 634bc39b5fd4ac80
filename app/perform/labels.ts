import type { EffectResult } from "../../core/effects.ts";
import { ignoreStatus, listAllOrThrow, orNull } from "../github/requests.ts";
import type { EffectOf, PerformContext } from "./context.ts";

/** The states' colours, so that a list of issues can be read at a glance. */
const colours: Record<string, string> = {
  draft: "ededed",
  ready: "bfd4f2",
  executing: "fbca04",
  active: "fbca04",
  queued: "bfd4f2",
  submitted: "fbca04",
  manual_test: "d4c5f9",
  blocked: "d93f0b",
  failed: "d93f0b",
  succeeded: "0e8a16",
  complete: "0e8a16",
  archived: "ededed",
};

/** Leaves exactly one `sallyport:` label on an issue, or none. */
export async function ensureState(effect: EffectOf<"ensure-state">, context: PerformContext): Promise<EffectResult> {
  const { request } = context;
  const { issue, state } = effect;
  const labels = await listAllOrThrow(`the labels of #${issue}`, (page) =>
    request("GET /repos/{owner}/{repo}/issues/{issue_number}/labels", { issue_number: issue, ...page }),
  );
  const wanted = state === null ? null : `sallyport:${state}`;
  for (const { name } of labels) {
    if (name.startsWith("sallyport:") && name !== wanted) await takeOff(context, issue, name);
  }
  if (wanted === null || labels.some(({ name }) => name === wanted)) return { type: "none" };
  // 422: the repository has the label.
  await ignoreStatus(
    request("POST /repos/{owner}/{repo}/labels", {
      name: wanted,
      color: colours[state ?? ""] ?? "ededed",
      description: "Set by Sallyport; changing it by hand changes nothing.",
    }),
    422,
  );
  await request("POST /repos/{owner}/{repo}/issues/{issue_number}/labels", { issue_number: issue, labels: [wanted] });
  return { type: "none" };
}

/** Removes a command label; a label that is already gone is no error. */
export async function ensureLabelGone(
  effect: EffectOf<"ensure-label-gone">,
  context: PerformContext,
): Promise<EffectResult> {
  await takeOff(context, effect.issue, effect.label);
  return { type: "none" };
}

async function takeOff({ request }: PerformContext, issue: number, name: string): Promise<void> {
  await orNull(
    request("DELETE /repos/{owner}/{repo}/issues/{issue_number}/labels/{name}", { issue_number: issue, name }),
  );
}
