import type { EffectResult } from "../../core/effects.ts";
import { type Label, stateLabel } from "../../core/labels.ts";
import { ignoreStatus, listAllOrThrow, orNull } from "../github/requests.ts";
import type { EffectOf, PerformContext } from "./context.ts";

/** Makes the labels that a repository lacks; one of the same name stays as whoever made it wanted it. */
export async function ensureLabels(effect: EffectOf<"ensure-labels">, context: PerformContext): Promise<EffectResult> {
  const { request } = context;
  const there = await listAllOrThrow("the labels", (page) => request("GET /repos/{owner}/{repo}/labels", page));
  const names = new Set(there.map(({ name }) => name.toLowerCase()));
  for (const label of effect.labels) if (!names.has(label.name.toLowerCase())) await make(context, label);
  return { type: "none" };
}

/** Leaves exactly the wanted `sallyport:` labels on an issue: its state, and who it waits for. */
export async function ensureState(effect: EffectOf<"ensure-state">, context: PerformContext): Promise<EffectResult> {
  const { request } = context;
  const { issue } = effect;
  const labels = await listAllOrThrow(`the labels of #${issue}`, (page) =>
    request("GET /repos/{owner}/{repo}/issues/{issue_number}/labels", { issue_number: issue, ...page }),
  );
  const wanted = [effect.state, effect.needs].flatMap((word) => (typeof word === "string" ? [stateLabel(word)] : []));
  for (const { name } of labels)
    if (name.startsWith("sallyport:") && !wanted.some((one) => one.name === name)) await takeOff(context, issue, name);
  const missing = wanted.filter((one) => !labels.some(({ name }) => name === one.name));
  for (const label of missing) await make(context, label);
  if (missing.length > 0)
    await request("POST /repos/{owner}/{repo}/issues/{issue_number}/labels", {
      issue_number: issue,
      labels: missing.map(({ name }) => name),
    });
  return { type: "none" };
}

async function make({ request }: PerformContext, { name, color, description }: Label): Promise<void> {
  // 422: the repository has the label.
  await ignoreStatus(request("POST /repos/{owner}/{repo}/labels", { name, color, description }), 422);
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
