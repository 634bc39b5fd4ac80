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
  "needs-approval": "d4c5f9",
  "needs-answer": "d4c5f9",
  "needs-sign-off": "d4c5f9",
};

/** Leaves exactly the wanted `sallyport:` labels on an issue: its state, and who it waits for. */
export async function ensureState(effect: EffectOf<"ensure-state">, context: PerformContext): Promise<EffectResult> {
  const { request } = context;
  const { issue } = effect;
  const labels = await listAllOrThrow(`the labels of #${issue}`, (page) =>
    request("GET /repos/{owner}/{repo}/issues/{issue_number}/labels", { issue_number: issue, ...page }),
  );
  const wanted = [effect.state, effect.needs].flatMap((word) =>
    typeof word === "string" ? [`sallyport:${word}`] : [],
  );
  for (const { name } of labels)
    if (name.startsWith("sallyport:") && !wanted.includes(name)) await takeOff(context, issue, name);
  const missing = wanted.filter((one) => !labels.some(({ name }) => name === one));
  for (const name of missing) {
    const color = colours[name.slice("sallyport:".length)] ?? "ededed";
    const description = "Set by Sallyport; changing it by hand changes nothing.";
    // 422: the repository has the label.
    await ignoreStatus(request("POST /repos/{owner}/{repo}/labels", { name, color, description }), 422);
  }
  if (missing.length > 0)
    await request("POST /repos/{owner}/{repo}/issues/{issue_number}/labels", { issue_number: issue, labels: missing });
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
