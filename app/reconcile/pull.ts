import type { GitHub } from "../../collect/github/request.ts";
import { collectFacts } from "../../collect/pull/pull.ts";
import { pullStatus, readPullState } from "../../collect/pull/state.ts";
import type { Subject } from "../../core/effects.ts";
import type { TypedEntry } from "../../core/entries.ts";
import { type Known, known } from "../../core/known.ts";
import type { PullSnapshot } from "../../core/pull/facts.ts";
import { decidePull } from "../../core/pull/pull.ts";
import { newReviews } from "../../core/pull/reviews.ts";
import { recordOf } from "../../core/record/pull.ts";
import { outcomesOf } from "../store/effects.ts";
import { readClaims } from "./claims.ts";
import { readOpenCommands } from "./conversation.ts";
import type { Observation, ReconcileTools } from "./tools.ts";

/** Observes a pull request: the facts for its verdict, its status, and people's commands under it. */
export async function observePull(
  subject: Subject,
  github: GitHub,
  entries: TypedEntry[],
  tools: ReconcileTools,
): Promise<Known<Observation>> {
  const { number } = subject;
  const now = tools.now().toISOString();
  const state = await readPullState(github, number);
  if (!state.known) return state;
  const { repository, defaultBranch, createdAt, labels } = state.value;
  const status = pullStatus(state.value, tools.ourselves.appId);
  if (!status.known) return status;
  const judged = await collectFacts(
    { ...github, number, record: (range) => recordOf(entries, number, range), now, cache: tools.cache },
    state.value,
  );
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
        entries: await tools.entries(subject.repository),
        outcomes: await outcomesOf(tools.db, subject),
      };
      return decidePull(facts);
    },
  });
}
