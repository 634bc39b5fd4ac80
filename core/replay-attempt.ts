import type { EntryBody } from "../schemas/entries.ts";
import type { Pack } from "../schemas/step.ts";
import { sha256 } from "./digest.ts";
import type { EntryOf, TypedEntry } from "./entries.ts";
import { attemptName } from "./identifiers.ts";
import { type AttemptEntries, type AttemptLook, isOfAttempt } from "./replay-entries.ts";
import { promptAgain } from "./replay-prompt.ts";
import { bodilessStep, comparedStep, type Pair, type ReplayStep, type StepHead } from "./replay-step.ts";
import { outOfScope, reviewResult } from "./review.ts";

/** Derives again one attempt: its number, what the agent was handed, what it handed back, the review and the evidence. */
export function* attemptSteps(tried: AttemptEntries, look: AttemptLook): Generator<ReplayStep> {
  const { asked, response, closed } = tried;
  const about = `#${asked.body.prompt} ${attemptName(asked.body)}`;
  yield comparedStep(
    { step: "attempt", seq: asked.seq, about },
    "its number, its story and the order of its entries, by the protocol",
    look.entries.flatMap((entry) => (isOfAttempt(entry, asked) ? protocolPairs(entry, look) : [])),
  );
  const { step, pack } = promptAgain(asked, look);
  yield step;
  if (response !== undefined) yield answerStep(response, about, look);
  if (closed === undefined) return;
  yield reviewStep(closed, tried, pack, about, look);
  if (closed.body.accepted && response !== undefined) yield evidenceStep(tried, closed.seq, about, look);
}

function protocolPairs({ seq, body }: TypedEntry, { broken, story }: AttemptLook): Pair[] {
  const problem = broken.get(seq);
  return [
    [`story of entry ${seq}`, story, "story" in body ? (body.story ?? "none") : "none"],
    ...(problem === undefined ? [] : [[`entry ${seq}`, "the attempt protocol", problem] as const]),
  ];
}

function answerStep(
  { seq, body }: EntryOf<"response.recorded">,
  about: string,
  { sources, purged }: AttemptLook,
) {
  const head: StepHead = { step: "answer", seq, about };
  const { sha256: digest } = body.result;
  const published = sources.results.get(digest);
  if (published === undefined) return bodilessStep(head, [digest], purged, "its body was not published");
  const { text, value } = published;
  const files =
    value?.files.map(({ path, content }) => ({
      path,
      sha256: content === null ? null : sha256(content),
    })) ?? [];
  const ref = { sha256: sha256(text), bytes: Buffer.byteLength(text), mediaType: "application/json" };
  return comparedStep(head, "its digest, outcome and files, from the published body", [
    ["result", ref, body.result],
    ["outcome", value?.outcome ?? "none: the body is no answer", body.outcome],
    ["code", value?.code ?? "none: the body is no answer", body.code],
    ["files", files, body.files],
  ]);
}

function reviewStep(
  { seq, body }: EntryOf<"attempt.closed">,
  { asked, response }: AttemptEntries,
  pack: Pack | null,
  about: string,
  { sources, purged }: AttemptLook,
): ReplayStep {
  const head: StepHead = { step: "review", seq, about };
  if (response === undefined)
    return comparedStep(head, "no answer came, so nothing could be accepted", [
      ["accepted", false, body.accepted],
    ]);
  const result = sources.results.get(response.body.result.sha256)?.value ?? null;
  if (pack !== null && result !== null) {
    const findings = reviewResult(pack, result);
    return comparedStep(head, "the review of the published answer", [
      ["accepted", findings.length === 0, body.accepted],
      ["reasons", findings, body.reasons],
    ]);
  }
  const refused = body.accepted ? refusedByEntry(response.body, pack) : null;
  if (refused !== null)
    return comparedStep(head, "what the recorded outcome and files alone refuse", [
      ["accepted", refused, body.accepted],
    ]);
  const needed = [response.body.result.sha256, ...(pack === null ? [asked.body.pack.sha256] : [])];
  return bodilessStep(
    head,
    needed,
    purged,
    "the review needs pack and answer; what the ledger says of them is not against it",
  );
}

/** Why an answer could not be accepted, whatever its body says; null: nothing that the entry tells is against it. */
function refusedByEntry(
  { outcome, files }: EntryBody<"response.recorded">,
  pack: Pack | null,
): string | null {
  if (outcome !== "finished") return `refused: the agent ${outcome}`;
  if (files.length === 0) return "refused: no file was changed";
  const [outside] = pack === null ? [] : outOfScope(pack, files);
  return outside === undefined ? null : `refused: ${outside.path} is ${outside.why}`;
}

/** What is bundled of an accepted answer: all of it stands in the entries before it. */
function evidenceStep(
  { asked, response, evidence }: AttemptEntries,
  closedAt: number,
  about: string,
  { prompts }: AttemptLook,
): ReplayStep {
  const head: StepHead = { step: "evidence", seq: evidence?.seq ?? closedAt, about };
  const { run, story, prompt, attempt, base, pack } = asked.body;
  return comparedStep(head, "the bundle, from the entries of the attempt", [
    [
      "bundle",
      {
        run,
        story,
        prompt,
        attempt,
        base,
        promptSha256: pack.sha256,
        responseSha256: response?.body.result.sha256 ?? "",
        files: response?.body.files ?? [],
        role: prompts.get(prompt)?.role ?? "",
        usage: response?.body.usage ?? null,
        seconds: response?.body.seconds ?? null,
      },
      evidence?.body ?? "none",
    ],
  ]);
}
