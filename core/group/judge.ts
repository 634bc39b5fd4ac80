import type { GateResult, GateStatus, Reason, Verdict } from "../../schemas/verdict.ts";
import type { OnCrash } from "../errors.ts";
import { worstOf } from "../gates/gate.ts";
import { type Known, known } from "../known.ts";
import type { PullRecord } from "../pull-record.ts";
import { noRecord } from "../record/pull.ts";
import { conclude, judge } from "../verdict/judge.ts";
import type { GroupFacts, MemberFacts } from "./facts.ts";

/** One reason of the result `members`, and its status. */
type MemberFinding = { status: GateStatus; reason: Reason };

/** A member with the verdict on its own head, by the same rules as its own check. */
type Judged = { member: MemberFacts; verdict: Known<Verdict> };

/**
 * Judges a merge group from its facts alone. The content gates judge the whole change from the group's base to its
 * head, so that pull requests which each keep a limit and together exceed it do not pass. `members` passes only when
 * every member's own verdict on exactly its head is success. Sign-offs, evidence, reviews and the other gates of the
 * ledger and of people belong to a member's head and count there, not on the group. `onCrash` as in `judge`.
 */
export function judgeGroup(group: GroupFacts, onCrash?: OnCrash): Verdict {
  const tree = judge(group.tree, { settle: "content", onCrash });
  const judged = group.members.map((member) => ({
    member,
    verdict: member.facts.known ? known(judge(member.facts.value, { settle: "all", onCrash })) : member.facts,
  }));
  const gates = [...tree.gates.map((gate) => withWaivers(gate, judged)), membersResult(group, judged, onCrash)];
  return { ...tree, conclusion: conclude(gates), gates, deferred: [] };
}

/**
 * The ledger record that the content gates of a group read: declared and later paths of all its members' runs
 * together. Null run: no run made any of them.
 */
export function recordOfGroup(members: readonly MemberFacts[]): Known<PullRecord> {
  const runs = [];
  for (const { facts } of members) {
    if (!facts.known) return facts;
    if (!facts.value.record.known) return facts.value.record;
    if (facts.value.record.value.run !== null) runs.push(facts.value.record.value.run);
  }
  const [first] = runs;
  if (first === undefined) return known(noRecord);
  const run = {
    ...first,
    paths: runs.flatMap((one) => one.paths),
    laterPaths: runs.flatMap((one) => one.laterPaths),
  };
  return known({ ...noRecord, run });
}

/**
 * Applies waivers to a gate that fails; none of the content waits, and nobody waives what is unknown. A waiver names
 * one commit, never the group's; it carries over only where every member has one for this gate.
 */
function withWaivers(gate: GateResult, judged: readonly Judged[]): GateResult {
  if (gate.status !== "fail") return gate;
  const waivers = judged.flatMap(({ member, verdict }) => {
    const own = verdict.known ? verdict.value.gates.find((one) => one.gate === gate.gate) : undefined;
    const waiver = own?.reasons.find(({ code }) => code === "waived");
    return waiver === undefined ? [] : [{ code: "waived", message: `#${member.number}: ${waiver.message}` }];
  });
  if (waivers.length === 0 || waivers.length < judged.length) return gate;
  return {
    ...gate,
    status: "pass",
    reasons: [...waivers, ...gate.reasons.map(({ next: _, ...rest }) => rest)],
  };
}

const queueMaintainer = "a maintainer";

function membersResult(group: GroupFacts, judged: readonly Judged[], onCrash: OnCrash | undefined): GateResult {
  const findings: MemberFinding[] = [
    ...group.strays.map((message) => ({
      status: "fail" as const,
      reason: {
        code: "no-member",
        message,
        next: {
          step: "Put the pull requests into the queue again; it has to merge or to squash each of them.",
          who: queueMaintainer,
        },
      },
    })),
    ...(group.below === null ? [] : [findingBelow(group.below, onCrash)]),
    ...judged.map(findingOf),
  ];
  if (judged.length === 0 && group.strays.length === 0) {
    const next = { step: "Take the group's branch away; the queue makes a new one.", who: queueMaintainer };
    findings.push({
      status: "fail",
      reason: { code: "no-members", message: "The group brings in no pull request.", next },
    });
  }
  // Blocking reasons come first: people read those.
  const order: GateStatus[] = ["fail", "unknown", "pending", "pass"];
  const reasons = order.flatMap((status) => findings.filter((one) => one.status === status));
  return { gate: "members", status: worstOf(findings), reasons: reasons.map(({ reason }) => reason) };
}

function findingOf({ member, verdict }: Judged): MemberFinding {
  const { number, head, foreign } = member;
  const finding = (status: GateStatus, code: string, message: string, step?: string): MemberFinding => ({
    status,
    reason: {
      code,
      message,
      ...(step === undefined ? {} : { next: { step, who: `the author of #${number}` } }),
    },
  });
  if (foreign !== null)
    return finding(
      "fail",
      "foreign-content",
      `#${number}: ${foreign}`,
      `Bring #${number} up to date with its base, have its new head judged, and queue it again.`,
    );
  if (!verdict.known)
    return finding(
      "unknown",
      "member-unknown",
      `#${number} could not be judged: ${verdict.why}`,
      "Wait: it is read again shortly.",
    );
  if (verdict.value.head !== head)
    return finding(
      "fail",
      "member-moved",
      `#${number} was queued at ${head} and is at ${verdict.value.head} now.`,
      `Queue #${number} again once its new head is green.`,
    );
  const { conclusion, gates } = verdict.value;
  if (conclusion === "success") return finding("pass", "member-passes", `#${number} passes at ${head}.`);
  const blocking = gates.filter(({ status }) => status !== "pass" && status !== "not-applicable");
  const names = blocking.map(({ gate, status }) => `${gate} (${status})`).join(", ");
  return finding(
    conclusion === "failure" ? "fail" : blocking.some(({ status }) => status === "unknown") ? "unknown" : "pending",
    conclusion === "failure" ? "member-fails" : "member-waits",
    `#${number} is not green at ${head}: ${names}.`,
    `See to what blocks #${number}: its own check \`sallyport\` says it. Then queue it again.`,
  );
}

/** The queue may land both groups on the later one's checks alone, so the earlier one has to pass here as well. */
function findingBelow(below: GroupFacts, onCrash: OnCrash | undefined): MemberFinding {
  const { conclusion, head } = judgeGroup(below, onCrash);
  const message = `This group stands on the group at ${head}, whose verdict is ${conclusion}.`;
  if (conclusion === "success") return { status: "pass", reason: { code: "group-below-passes", message } };
  const next = { step: "Wait for the group ahead, or take it out of the queue.", who: queueMaintainer };
  return {
    status: conclusion === "failure" ? "fail" : "pending",
    reason: { code: "group-below-blocks", message, next },
  };
}
