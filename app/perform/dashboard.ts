import { valueOrThrow } from "../../collect/github/request.ts";
import { readDashboard } from "../../collect/repository/dashboard.ts";
import type { EffectResult } from "../../core/effects.ts";
import { messageOf, SallyportError } from "../../core/errors.ts";
import { dashboardLabel } from "../../core/labels.ts";
import type { EffectOf, PerformContext } from "./context.ts";

/** Opens the dashboard's issue, or finds the one that was opened before. What waits stands in our comment below it. */
export async function openDashboard({ github, ourselves, request }: PerformContext): Promise<EffectResult> {
  const found = valueOrThrow(await readDashboard(github, ourselves.bot));
  if (found !== null) return { type: "issue", number: found.number };
  const { data } = await request("POST /repos/{owner}/{repo}/issues", {
    title: "What waits here (Sallyport)",
    body: "Sallyport keeps the comment below up to date, because the policy has `reports`. Close this issue to be left alone.",
    labels: [dashboardLabel.name],
  });
  return { type: "issue", number: data.number };
}

/** How long the webhook of a chat may take to answer. */
const timeoutMs = 10_000;

/**
 * Tells a chat what happened, at the address that whoever runs the service set. Slack reads `text` and Discord
 * `content`; a try that was cut off may tell it twice.
 */
export async function postDigest({ line }: EffectOf<"post-digest">, context: PerformContext): Promise<EffectResult> {
  const { digestWebhook, github, signal } = context;
  if (digestWebhook === null) return { type: "none" };
  const text = `${github.owner}/${github.repo}\n${line}`;
  const failed = (why: string) =>
    new SallyportError("bad-input", `DIGEST_WEBHOOK_URL does not take the digest: ${why}`, { retry: true });
  const answer = await fetch(digestWebhook, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text, content: text.slice(0, 2_000).toWellFormed() }),
    redirect: "error",
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  }).catch((error: unknown) => {
    throw failed(messageOf(error));
  });
  await answer.body?.cancel();
  if (!answer.ok) throw failed(`it answered ${answer.status}`);
  return { type: "none" };
}
