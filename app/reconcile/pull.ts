import type { GitHub } from "../../collect/github/request.ts";
import { collectFacts } from "../../collect/pull/pull.ts";
import { pullStatus, readPullState } from "../../collect/pull/state.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import { type PullSnapshot, pullReads } from "../../core/pull/facts.ts";
import { decidePull } from "../../core/pull/pull.ts";
import { newReviews } from "../../core/pull/reviews.ts";
import type { Range } from "../../core/record/held-work.ts";
import { recordOf } from "../../core/record/pull.ts";
import type { Subject } from "../../core/subject.ts";
import { outcomesOf } from "../store/effects.ts";
import { readClaims } from "./claims.ts";
import { readOpenCommands } from "./conversation.ts";
import type { Observation, ReconcileTools } from "./tools.ts";

/** Observes a pull request: the facts for its verdict, its status, and people's commands under it. */
export async function observePull(
  subject: Subject,
  github: GitHub,
  tools: ReconcileTools,
): Promise<Known<Observation>> {
  const { number } = subject;
  const now = tools.now().toISOString();
  const state = await readPullState(github, number);
  if (!state.known) return state;
  const { repository, defaultBranch, createdAt, labels } = state.value;
  const status = pullStatus(state.value, tools.ourselves.appId);
  if (!status.known) return status;
  /** By the keys of the decision as far as they are known, so that it only reads on. */
  const read = (judged: Range, asked: Partial<Parameters<typeof pullReads>[0]> = {}) =>
    tools.entries(
      subject.repository,
      pullReads({ number, judged, commands: [], policy: unknown("it is read meanwhile"), ...asked }),
    );
  const record = async (range: Range) => recordOf((await read(range)).entries, number, range);
  const judged = await collectFacts({ ...github, number, record, now, cache: tools.cache }, state.value);
  const { entries } = await read(judged);
  const conversation = await readOpenCommands(
    github,
    { subject, createdAt, labels },
    { policy: judged.policy, entries, tools },
  );
  if (!conversation.known) return conversation;
  const reviews = newReviews(state.value.reviews, entries, number);
  const isAdopted = conversation.value.commands.some(({ command }) => command.name === "adopt");
  const claims = isAdopted ? await readClaims(judged, tools.secrets) : [];
  return known({
    repository: { id: subject.repository, name: repository.name },
    decide: async () => {
      const seen = await read(judged, { policy: judged.policy, commands: conversation.value.commands });
      const facts: PullSnapshot = {
        now,
        ourselves: tools.ourselves,
        repository: { ...repository, defaultBranch: defaultBranch.name },
        base: known(defaultBranch.tip),
        ...status.value,
        ...conversation.value,
        policy: judged.policy,
        claims,
        reviews,
        judged,
        number,
        entries: seen.entries,
        outcomes: await outcomesOf(tools.db, subject),
      };
      return { decision: decidePull(facts), seen: [seen] };
    },
  });
}
