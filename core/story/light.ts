import type { Plan } from "../../schemas/plan.ts";
import type { Policy } from "../../schemas/policy.ts";
import type { Account, Risk } from "../../schemas/text.ts";
import { accept, type CommandAnswer, refuse } from "../answer.ts";
import { approvalDigest, declaredPaths, deniedPatterns, issueDigest } from "../contract/contract.ts";
import { runRoutes } from "../contract/routes.ts";
import { digestOf } from "../digest.ts";
import { appActor, type Draft, entriesOf, type TypedEntry, userActor } from "../entries.ts";
import { code, oneLine } from "../escape.ts";
import type { CommandRequest } from "../facts.ts";
import { matcher } from "../paths/patterns.ts";
import { otherHolders } from "../people/authority.ts";
import { barredOf } from "../people/authorship.ts";
import { highestRisk } from "../record/requirements.ts";
import { hasOpenPull } from "../record/story.ts";
import { shownText } from "../redaction/shown-text.ts";
import { contractBody, noModel, runBody } from "./bodies.ts";
import type { IssueFacts, StoryContext, StoryFacts } from "./facts.ts";
import { formSections, isPlainPath, listItems } from "./form.ts";
import { askedIn, instructionsAt, lostInstructions } from "./ticket.ts";

/** The reply to a command of the full road on an issue that is not on it. */
export const storyOnly = "Give this command on an issue with the label `story`.";

/** The most characters of an issue's text on the light tier: a plan's approach holds no more. */
const maxText = 5_000;

/** Words of a task that is seldom small. */
const riskWords =
  /\b(?:auth(?:enticat\w*|ori[sz]\w*)?|credential\w*|crypto\w*|encrypt\w*|licen[cs]e\w*|migrat\w*|passwords?|payments?|permissions?|production|secrets?|security|vulnerab\w*)\b/i;

/** Whether the ledger has a contract of the light tier for this issue. */
export function hasLightContract(entries: readonly TypedEntry[], issue: number): boolean {
  return entriesOf(entries, "approval.granted").some(({ body }) => body.story === issue && body.tier !== undefined);
}

/**
 * Compiles the plan of the light tier from an issue: its text as a reader sees it is the one diff prompt, in the
 * tier's role. Anyone who can open or edit the issue wrote the text; whoever put the label on took it as it stands.
 */
function lightPlan(issue: Pick<IssueFacts, "title" | "body">, role: string, paths: string[], risk: Risk): Plan {
  const title = oneLine(shownText(issue.title).text).trim();
  const text = shownText(issue.body).text.trim();
  const asked = listItems(formSections(text).get("acceptance criteria") ?? "").map((line) =>
    line.slice(0, 2_000).trim(),
  );
  const acceptance = asked.length > 0 ? asked.slice(0, 100) : ["The change does what the issue asks for."];
  const prompt = {
    title: title.slice(0, 120).toWellFormed().trim().padEnd(3, "."),
    objective: `What the issue asks for: ${title}`.slice(0, 1_000).toWellFormed(),
    role,
    paths,
    inputs: [],
    nonGoals: ["Nothing that the issue does not ask for."],
    acceptance,
    output: ["The change, and the tests that show it."],
    evidence: [],
    dependsOn: [],
  };
  const approach = text.length < 10 ? `As the issue's title says. ${text}` : text;
  return { approach, risks: [], unknowns: [], risk, acceptance, manualTest: null, prompts: [prompt] };
}

/** The risk that an issue and its parent name, or else that its words have. */
function riskOf(facts: StoryFacts, text: string): { risk: Risk; why: string } {
  const named = askedIn(facts).risk;
  const word = riskWords.exec(text)?.[0];
  const risk = highestRisk([named, word === undefined ? null : "high"]) ?? "low";
  const why = word === undefined || risk === named ? "the issue or its epic says so" : `it speaks of ${code(word)}`;
  return { risk, why };
}

/** Why an issue takes the full road; null: the light tier has room for it. */
function tooMuch(facts: StoryFacts, { policy }: StoryContext["loaded"], allowed: readonly Risk[]): string | null {
  const text = `${shownText(facts.issue.title).text}\n${shownText(facts.issue.body).text}`;
  if (text.length > maxText) return `its text has more than ${maxText} characters`;
  const { risk, why } = riskOf(facts, text);
  if (!allowed.includes(risk))
    return `its risk is ${risk}, because ${why} (\`tiers.light.risk\`: ${allowed.join(", ")})`;
  const kept = matcher([...deniedPatterns(policy), ...(policy.gates.protected?.paths ?? [])], "deny");
  const path = text
    .split(/[\s`"'()[\]<>,;]+/)
    .map((word) => word.replace(/^\/|[.:!?/]+$/g, ""))
    .find((word) => /[./]/.test(word) && isPlainPath(word) && kept.matches(word) !== null);
  return path === undefined ? null : `it names ${code(path)}, which the policy keeps from agents`;
}

/**
 * Takes an issue onto the light tier: its text at this moment becomes plan, contract and one diff prompt, approved by
 * the request itself, and its run is submitted. An issue that was edited since the request is not what its author
 * read. Null while a needed fact cannot be read.
 */
export function takeLight(request: CommandRequest, context: StoryContext): CommandAnswer | null {
  const { record, facts, loaded } = context;
  const { issue } = facts;
  const tier = loaded.policy.tiers.light;
  const role = tier === undefined ? undefined : loaded.policy.roles[tier.role];
  if (tier === undefined || role === undefined) return refuse("wrong-place", storyOnly);
  const open = record.prompts.find(hasOpenPull);
  if (open !== undefined)
    return refuse("pull-open", `#${open.pull} is open for the text as it was. Close it, then put \`ai:run\` on again.`);
  if (!facts.base.known || !facts.text.known) return null;
  const instructions = instructionsAt(facts.base.value, context);
  if (instructions === null) return null;
  const [lost] = instructions.lost;
  if (lost !== undefined)
    return refuse("instructions", `${lostInstructions(lost)} A maintainer adds it, or takes it out of the policy.`);
  const { editedAt, secret } = facts.text.value;
  if (editedAt !== null && editedAt >= request.at)
    return refuse("edited-since", "The issue was edited after this. Read it again, then put `ai:run` on again.");
  if (secret !== null)
    return refuse(
      "secret",
      `The issue holds what looks like a secret (${secret}). Take it out, then put \`ai:run\` on again.`,
    );
  const why = tooMuch(facts, loaded, tier.risk);
  if (why !== null)
    return refuse(
      "full-road",
      `This issue takes the full road: ${why}. Put the label \`story\` on it and fill in the form; then a planner gives \`/plan\`.`,
    );

  const { command } = request;
  const named = "route" in command ? command.route : undefined;
  const chosen = runRoutes(loaded.policy, issue.labels, { route: named, reviewer: named });
  if (!chosen.ok) return refuse("no-route", chosen.why);
  const { ok: _, ...routes } = chosen;
  const taken = takenEntries(request, { tier, paths: role.allow, base: facts.base.value, routes }, context);
  const { hidden } = shownText(issue.body);
  const unread = hidden.length === 0 ? "" : ` Not read, because it is hidden: ${hidden.join(", ")}.`;
  return accept(
    "light",
    `Taken as it stands (\`${taken.digest.slice(0, 12)}…\`), in the role \`${tier.role}\`, at most ${tier.files} files and ${tier.lines} lines: ${taken.run}. ${passers(request.by, loaded.policy)}${unread}`,
    taken.drafts,
  );
}

/** What a contract of the light tier is made from beside the issue; `paths` are those of the tier's role. */
type LightBasis = {
  tier: NonNullable<Policy["tiers"]["light"]>;
  paths: string[];
  base: string;
  routes: { route?: string; reviewer?: string };
};

/** The entries that take an issue onto the light tier, from its plan to its run. Whoever can edit it wrote its text. */
function takenEntries(
  { by, source }: CommandRequest,
  { tier, paths, base, routes }: LightBasis,
  { record, facts, loaded }: StoryContext,
): { digest: string; run: string; drafts: Draft[] } {
  const { issue } = facts;
  const asked = askedIn(facts);
  const plan = lightPlan(issue, tier.role, paths, highestRisk([asked.risk]) ?? "low");
  const parts = {
    plan: digestOf(plan),
    issue: issueDigest(issue),
    base,
    paths: declaredPaths(plan),
    policy: loaded.blob,
  };
  const digest = approvalDigest(parts);
  const revision = (record.plan?.revision ?? 0) + 1;
  const size = { files: tier.files, lines: tier.lines };
  const story = issue.number;
  const contract = contractBody(
    { number: story, title: oneLine(shownText(issue.title).text) },
    { plan, revision },
    digest,
    [],
    asked,
    { size },
  );
  const run = runBody(contract, record.runs, [story], by, routes);
  const [app, person] = [appActor(facts), userActor(by)];
  const subject = [{ name: `issue #${story}`, digest: { sha256: digest } }];
  const planned = {
    ...{ story, revision, requestedBy: by, request: source, plan },
    planSha256: parts.plan,
    issueSha256: parts.issue,
    usage: noModel,
    compiled: "light" as const,
  };
  const tierBody = { name: "light" as const, request: source, size };
  return {
    digest,
    run: run.run,
    drafts: [
      {
        kind: "plan.proposed",
        actor: app,
        subject: [{ name: `issue #${story}`, digest: { sha256: parts.plan } }],
        body: planned,
      },
      {
        kind: "approval.granted",
        actor: person,
        subject,
        body: { story, revision, digest, parts, tier: tierBody, solo: false },
      },
      { kind: "contract.frozen", actor: app, subject, body: contract },
      { kind: "prompt.opened", actor: app, subject: [], body: { story, revision, index: 1, issue: story } },
      { kind: "run.submitted", actor: person, subject: [{ name: run.run, digest: { sha256: digest } }], body: run },
    ],
  };
}

/** Who passes the change of the light tier that somebody asked for, for people. */
function passers(asker: Account, { people }: Policy): string {
  const who = otherHolders(people, "approvers", barredOf([asker], people));
  return `An approver then reviews the pull request or signs it off: ${who}.`;
}
