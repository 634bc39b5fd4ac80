import { readConversation } from "../collect/asks.ts";
import { askKnown, type GitHub, readBranch } from "../collect/github.ts";
import { readIssue } from "../collect/issue.ts";
import { apiObjects } from "../collect/objects-api.ts";
import type { ObjectsCache } from "../collect/objects-cache.ts";
import { readPolicy } from "../collect/policy-file.ts";
import { collectFacts } from "../collect/pull.ts";
import { pullStanding } from "../collect/pull-look.ts";
import { readPullState } from "../collect/pull-state.ts";
import type { SecretSearch } from "../collect/redaction.ts";
import { answeredSources } from "../core/answer.ts";
import { type Decision, emptyDecision, type Surroundings } from "../core/decision.ts";
import type { Ourselves, Subject } from "../core/effects.ts";
import type { TypedEntry } from "../core/entries.ts";
import { decideEpic, decideOtherIssue } from "../core/epic.ts";
import { SallyportError } from "../core/errors.ts";
import { sourceKey } from "../core/identifiers.ts";
import { type Known, known } from "../core/known.ts";
import { newReviews } from "../core/observed-reviews.ts";
import { decidePull } from "../core/pull.ts";
import type { PullLookFacts } from "../core/pull-facts.ts";
import { recordOf } from "../core/record.ts";
import { decideStory } from "../core/story.ts";
import type { StoryFacts } from "../core/story-facts.ts";
import { usablePolicy } from "../core/trouble.ts";
import type { Source } from "../schemas/entry-parts.ts";
import { Plan } from "../schemas/plan.ts";
import { Pack, StepResult } from "../schemas/step.ts";
import { readClaims } from "./claims.ts";
import type { Database } from "./database.ts";
import { seeGroup } from "./look-group.ts";
import { outcomesOf } from "./store/effects.ts";
import { getBody } from "./store.ts";

/** What a look needs: the repository's reader, the ledger, and how a decision is recorded. */
export type LookTools = {
  db: Database;
  ourselves: Ourselves;
  github(repository: number): Promise<GitHub>;
  /** Finds the secrets in what others wrote before it is stored. */
  secrets: SecretSearch;
  /** What GitHub told that can never change, kept from look to look. */
  cache: ObjectsCache;
  entries(repository: number): Promise<TypedEntry[]>;
  takeLease(subject: Subject): Promise<number>;
  record(
    where: { subject: Subject; fence: number; repository: { id: number; name: string } },
    decision: Decision,
  ): Promise<void>;
  now: () => Date;
  log(line: string): void;
};

/** The most commands that one look answers; the next comes with their replies, so that nobody fills the ledger at one go. */
const mostAsks = 50;

/**
 * More rounds than this over one reading of GitHub mean that a decision does not settle. A round decides, records
 * what was decided, and decides again, because some entries and effects name an entry before them by its place or its
 * hash, and a draft has neither until it is recorded. Inside a round `decideStory` has a loop of its own: there one
 * draft leads to the next without being recorded between, so that what belongs together is appended in one
 * transaction.
 */
const mostRounds = 50;

/**
 * Looks at one subject: its lease, its whole present state from GitHub, then decide and record until nothing more
 * follows from that state. What effects bring about comes back as another look.
 */
export async function look(subject: Subject, tools: LookTools): Promise<void> {
  const fence = await tools.takeLease(subject);
  const github = await tools.github(subject.repository);
  const entries = await tools.entries(subject.repository);
  const seen =
    subject.kind === "group"
      ? await seeGroup(subject, github, entries, tools)
      : await (subject.kind === "pull" ? seePull : seeIssue)(subject, github, entries, tools);
  if (!seen.known) {
    // Thrown, so that the queue tries again with a growing wait: nothing can be decided about what cannot be seen.
    throw new SallyportError("github", seen.why, { retry: true });
  }
  for (let round = 0; round < mostRounds; round++) {
    const decision = await seen.value.decide();
    if (isNothing(decision)) return;
    await tools.record({ subject, fence, repository: seen.value.repository }, decision);
    if (decision.drafts.length === 0) return;
  }
  tools.log(
    `${subject.kind} #${subject.number}: still deciding after ${mostRounds} rounds; left for the next look`,
  );
}

/** A subject as it was seen, and the decision that follows from it and from the ledger as it is by then. */
type Seen = { repository: { id: number; name: string }; decide(): Promise<Decision> };

function isNothing(decision: Decision): boolean {
  const { drafts, effects, enqueue: others, requeueAfter } = decision;
  return drafts.length === 0 && effects.length === 0 && others.length === 0 && requeueAfter === null;
}

/** What both kinds of subject need: the repository, the policy and the tip of the default branch. */
async function seeRepository(github: GitHub, tools: LookTools) {
  const { request, owner, repo } = github;
  const repository = await askKnown(
    `the repository ${owner}/${repo}`,
    request("GET /repos/{owner}/{repo}", { owner, repo }),
  );
  if (!repository.known) return repository;
  const { id, full_name: name, default_branch: defaultBranch } = repository.value;
  const base = await readBranch(github, defaultBranch);
  const policy = base.known ? await readPolicy(apiObjects(github, tools.cache), base.value) : base;
  return known({
    now: tools.now().toISOString(),
    ourselves: tools.ourselves,
    repository: { id: Number(id), name, defaultBranch },
    base,
    policy,
  });
}

function peopleOf(policy: Surroundings["policy"]) {
  return usablePolicy(policy)?.policy.people ?? null;
}

function answeredIn(entries: TypedEntry[]): (source: Source) => boolean {
  const keys = answeredSources(entries);
  return (source) => keys.has(sourceKey(source));
}

async function seeIssue(
  subject: Subject,
  github: GitHub,
  entries: TypedEntry[],
  tools: LookTools,
): Promise<Known<Seen>> {
  const around = await seeRepository(github, tools);
  if (!around.known) return around;
  const { base, repository } = around.value;
  const home = { id: subject.repository, name: repository.name };
  const issue = await readIssue(github, subject.number, { base, objects: apiObjects(github, tools.cache) });
  if (!issue.known) return issue;
  const reading = issue.value;
  if (reading === null) return known({ repository: home, decide: async () => emptyDecision() });
  const { labels } = reading.issue;
  // A label command is handled on its own even when it was answered: the label must still be taken off.
  const talk = await readConversation(
    github,
    { number: subject.number, createdAt: reading.createdAt, labels },
    {
      ourselves: tools.ourselves,
      people: peopleOf(around.value.policy),
      isAnswered: answeredIn(entries),
      most: mostAsks,
    },
  );
  if (!talk.known) return talk;
  return known({
    repository: home,
    decide: async () => {
      const fresh = await tools.entries(subject.repository);
      const outcomes = await outcomesOf(tools.db, subject);
      const bodies = await readBodies(subject.number, fresh, outcomes, tools.db);
      const facts: StoryFacts = {
        ...around.value,
        ...reading,
        ...talk.value,
        ...bodies,
        entries: fresh,
        outcomes,
      };
      if (labels.includes("story")) return decideStory(facts);
      return labels.includes("epic") ? decideEpic(facts) : decideOtherIssue(facts);
    },
  });
}

/** The stored plans, packs and answers of one story; each was checked when it was stored and is parsed again here. */
async function readBodies(
  story: number,
  entries: TypedEntry[],
  outcomes: StoryFacts["outcomes"],
  db: Database,
) {
  const wanted = { plans: new Set<string>(), packs: new Set<string>(), results: new Set<string>() };
  for (const outcome of outcomes.values()) {
    if (outcome.status !== "done") continue;
    if (outcome.result.type === "plan") wanted.plans.add(outcome.result.planSha256);
    if (outcome.result.type === "answer") wanted.results.add(outcome.result.resultSha256);
  }
  for (const entry of entries) {
    if (entry.kind === "prompt.recorded" && entry.body.story === story)
      wanted.packs.add(entry.body.pack.sha256);
    if (entry.kind === "response.recorded" && entry.body.story === story)
      wanted.results.add(entry.body.result.sha256);
  }
  const load = async <T>(digests: Set<string>, schema: { parse(value: unknown): T }) => {
    const loaded = new Map<string, T>();
    for (const sha256 of digests) {
      const bytes = await getBody(db, sha256);
      if (bytes !== null) loaded.set(sha256, schema.parse(JSON.parse(Buffer.from(bytes).toString("utf8"))));
    }
    return loaded;
  };
  return {
    plans: await load(wanted.plans, Plan),
    packs: await load(wanted.packs, Pack),
    results: await load(wanted.results, StepResult),
  };
}

async function seePull(
  subject: Subject,
  github: GitHub,
  entries: TypedEntry[],
  tools: LookTools,
): Promise<Known<Seen>> {
  const { number } = subject;
  const now = tools.now().toISOString();
  const state = await readPullState(github, number);
  if (!state.known) return state;
  const { repository, defaultBranch, createdAt, labels } = state.value;
  const standing = pullStanding(state.value, tools.ourselves.appId);
  if (!standing.known) return standing;
  const judged = await collectFacts(
    { ...github, number, record: recordOf(entries, number), now, cache: tools.cache },
    state.value,
  );
  const talk = await readConversation(
    github,
    { number, createdAt, labels },
    {
      ourselves: tools.ourselves,
      people: peopleOf(judged.policy),
      isAnswered: answeredIn(entries),
      most: mostAsks,
    },
  );
  if (!talk.known) return talk;
  const reviews = newReviews(state.value.reviews, entries, number);
  const isAdopted = talk.value.asks.some(({ command }) => command.name === "adopt");
  const claims = isAdopted ? await readClaims(judged, tools.secrets) : [];
  return known({
    repository: { id: subject.repository, name: repository.name },
    decide: async () => {
      const facts: PullLookFacts = {
        now,
        ourselves: tools.ourselves,
        repository: { ...repository, defaultBranch: defaultBranch.name },
        base: known(defaultBranch.tip),
        ...standing.value,
        ...talk.value,
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
