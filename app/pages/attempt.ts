import { entriesOf } from "../../core/entries.ts";
import { attemptName, effectKey } from "../../core/identifiers.ts";
import { openRun } from "../../core/record/progress.ts";
import { foldStory, type StoryRecord } from "../../core/record/story.ts";
import { type Attempt, Pack, StepResult } from "../../schemas/step.ts";
import type { Database } from "../store/database.ts";
import { getBody } from "../store/decisions.ts";
import { type EffectState, readEffect } from "../store/effects.ts";
import { entriesAbout } from "../store/readings.ts";
import { readSteps } from "../store/steps.ts";
import { type AttemptState, attemptContent, type StopForm } from "./attempt-content.ts";
import { type Html, page, placesOf } from "./layout.ts";
import type { Reading, Shown } from "./reading.ts";

/**
 * One attempt at a prompt, live while its agent works: what it did, used and changed, by its steps and its entries;
 * null: there is none. `stopForm` makes the button that stops its run; it gives null where nobody is signed in.
 */
export async function attemptPage(
  { viewer, repository, number, attempt }: Shown & { attempt: Attempt },
  { db, web, now }: Reading,
  stopForm: (story: number, back: string) => StopForm | null,
): Promise<Html | null> {
  const own = await entriesAbout(db, repository.id, [number]);
  const isThis = ({ body }: { body: { prompt: number; attempt: Attempt } }) =>
    body.prompt === number && body.attempt.r === attempt.r && body.attempt.s === attempt.s;
  const recorded = entriesOf(own, "prompt.recorded").find(isThis);
  if (recorded === undefined) return null;
  const { story, run } = recorded.body;
  const entries = await entriesAbout(db, repository.id, [number, story]);
  const record = foldStory(story, entries);
  const prompt = record.prompts.find(({ issue }) => issue === number);
  const parts = prompt?.attempts.find((one) => isThis({ body: one.pack }));
  if (prompt === undefined || parts === undefined) return null;
  const key = effectKey.agent(repository.id, recorded.body);
  const places = placesOf(web, repository.name);
  const state = stateOf(parts, openRun(record)?.run === run, await readEffect(db, key), now());
  const content = attemptContent(
    {
      repository: repository.name,
      number,
      title: prompt.contract.title,
      story,
      began: recorded.at,
      parts,
      state,
      steps: await readSteps(db, key),
      pack: await readBody(db, parts.pack.pack.sha256, Pack),
      result: parts.response === null ? null : await readBody(db, parts.response.result.sha256, StepResult),
      entries: entries.filter((entry) => "attempt" in entry.body && isThis({ body: entry.body })),
      stop: state.isOver ? null : stopForm(story, places.attempt(number, attempt)),
      now: now(),
    },
    places,
  );
  const title = `${attemptName(parts.pack)} of #${number} ${prompt.contract.title}`;
  return page({ title, viewer, isLive: true }, content);
}

function stateOf(
  { response, closed }: Pick<StoryRecord["prompts"][number]["attempts"][number], "response" | "closed">,
  isRunOpen: boolean,
  effect: EffectState | null,
  now: Date,
): AttemptState {
  if (closed !== null) return { name: closed.accepted ? "accepted" : "refused", why: "", isOver: true };
  if (response !== null) return { name: "answered", why: "Its answer is being looked at.", isOver: false };
  if (effect?.outcome.status === "failed")
    return {
      name: effect.outcome.code === "cancelled" ? "stopped" : "failed",
      why: effect.outcome.message,
      isOver: true,
    };
  if (!isRunOpen) return { name: "stopped", why: "Its run has ended.", isOver: true };
  if (effect?.isBegun === true) return { name: "at work", why: "", isOver: false };
  if (effect !== null && effect.due > now)
    return {
      name: "waits",
      why: `It goes on by itself at ${effect.due.toISOString().slice(11, 16)} UTC.`,
      isOver: false,
    };
  return { name: "waits", why: "It begins as soon as an agent's place is free.", isOver: false };
}

/** A stored body; null: the policy's retention has taken it away. */
async function readBody<T>(db: Database, sha256: string, schema: { parse(value: unknown): T }): Promise<T | null> {
  const bytes = await getBody(db, sha256);
  return bytes === null ? null : schema.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
}
