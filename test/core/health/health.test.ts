import { describe, expect, test } from "@jest/globals";
import { exitStatusOf, type HealthFinding, type Status } from "../../../core/health/finding.ts";
import { judgeHealth } from "../../../core/health/health.ts";
import { type Granted, type Installation, judgeApp } from "../../../core/health/installation.ts";
import { judgeModels, type ServiceFact } from "../../../core/health/models.ts";
import { judgeRepository, type RepositoryFacts } from "../../../core/health/repository.ts";
import { judgeRequired, type RequiredCheck } from "../../../core/health/required-check.ts";
import { judgeSettings, type SettingsFacts } from "../../../core/health/settings.ts";
import { known, unknown } from "../../../core/known.ts";
import { Policy } from "../../../schemas/policy.ts";

const bot = { id: 99, login: "sallyport[bot]", type: "Bot" as const };
const ourselves = { appId: 4001, slug: "sallyport", page: "https://github.com/apps/sallyport", bot };
const publicKey = `ed25519:${"A".repeat(43)}=`;
const us = { ourselves, publicKey };
const unread = unknown("no answer");

/** Whatever is not in place says what to do about it. */
function expectNextSteps(findings: readonly HealthFinding[]): void {
  for (const { check, status, next } of findings)
    expect({ check, has: next !== undefined }).toEqual({ check, has: status !== "ok" });
}

const shown = (findings: readonly HealthFinding[], check: string) =>
  findings.filter((one) => one.check === check).map(({ status }) => status);

test.each<[string, [HealthFinding["area"], Status][], 0 | 1 | 2]>([
  [
    "all is well",
    [
      ["settings", "ok"],
      ["repository", "ok"],
    ],
    0,
  ],
  [
    "warnings are allowed",
    [
      ["settings", "warn"],
      ["github", "warn"],
    ],
    0,
  ],
  [
    "something fails",
    [
      ["settings", "ok"],
      ["github", "fail"],
    ],
    1,
  ],
  [
    "a failure says no, whatever else is not known",
    [
      ["github", "unknown"],
      ["repository", "fail"],
    ],
    1,
  ],
  [
    "something is not known",
    [
      ["github", "ok"],
      ["repository", "unknown"],
    ],
    2,
  ],
  [
    "the settings are wrong",
    [
      ["settings", "fail"],
      ["models", "fail"],
    ],
    2,
  ],
  ["nothing was looked at", [], 2],
])("%s", (_title, pairs, status) => {
  const findings = pairs.map(([area, one]) => ({ area, about: null, check: "c", status: one, message: "m" }));
  expect(exitStatusOf(findings)).toBe(status);
});

describe("F10 the check is required", () => {
  const check = (more: Partial<RequiredCheck> = {}): RequiredCheck => ({
    context: "sallyport",
    appId: 4001,
    strict: true,
    bypass: known([]),
    ...more,
  });
  const rulesets = (checks: RequiredCheck[], kinds = ["pull_request"]) => known({ kinds, checks });
  const protection = (checks: RequiredCheck[]) => known({ isOn: checks.length > 0, checks });
  type Rules = Parameters<typeof judgeRequired>[1];
  const judge = (rules: Partial<Rules>) =>
    judgeRequired(
      "acme/web",
      { branch: "main", rulesets: rulesets([]), protection: protection([]), ...rules },
      ourselves,
    );

  test.each<[string, Partial<Rules>, Status, RegExp]>([
    ["by a ruleset", { rulesets: rulesets([check()]) }, "ok", /only from this App/],
    ["by branch protection", { protection: protection([check()]) }, "ok", /only from this App/],
    ["besides a looser rule", { rulesets: rulesets([check({ appId: null }), check()]) }, "ok", /only from/],
    ["by one kind, the other unread", { rulesets: rulesets([check()]), protection: unread }, "ok", /only/],
    ["by nothing", {}, "fail", /does not ask for the check/],
    ["under another name", { rulesets: rulesets([check({ context: "Sallyport" })]) }, "fail", /does not ask/],
    ["T063 from any source", { rulesets: rulesets([check({ appId: null })]) }, "fail", /any source/],
    ["T063 from another App", { protection: protection([check({ appId: 7 })]) }, "fail", /from App 7, and/],
    [
      "T063 from another App and from any",
      { rulesets: rulesets([check({ appId: 7 }), check({ appId: null })]) },
      "fail",
      /any source/,
    ],
    ["perhaps by what is unread", { protection: unread }, "unknown", /no answer/],
    [
      "from any source, and perhaps by what is unread",
      { rulesets: unread, protection: protection([check({ appId: null })]) },
      "unknown",
      /no answer/,
    ],
  ])("%s", (_title, rules, status, message) => {
    const [first, ...others] = judge(rules);
    expect(first).toMatchObject({
      about: "acme/web",
      check: "required-check",
      status,
      message: expect.stringMatching(message),
    });
    // What could go past a check that is not there is nobody's question.
    expect(others.length > 0).toBe(status === "ok");
    expect(first?.next === undefined).toBe(status === "ok");
  });

  test.each<[string, Partial<Rules>, Record<string, Status>]>([
    ["nothing", { rulesets: rulesets([check()]) }, { bypass: "ok", "direct-push": "ok", "up-to-date": "ok" }],
    ["administrators", { rulesets: rulesets([check({ bypass: known(["administrators"]) })]) }, { bypass: "warn" }],
    ["a bypass list that is hidden", { rulesets: rulesets([check({ bypass: unread })]) }, { bypass: "warn" }],
    [
      "a bypass of one rule, while another holds everybody",
      { rulesets: rulesets([check({ bypass: known(["Team 5"]) })]), protection: protection([check()]) },
      { bypass: "ok" },
    ],
    ["pushes", { rulesets: rulesets([check()], []) }, { "direct-push": "warn" }],
    [
      "pushes, where they cannot be seen",
      { protection: protection([check()]), rulesets: rulesets([], []) },
      { "direct-push": "warn" },
    ],
    ["age", { rulesets: rulesets([check({ strict: false })]) }, { "up-to-date": "warn" }],
    ["age, where it cannot be seen", { rulesets: rulesets([check({ strict: null })]) }, { "up-to-date": "warn" }],
    ["age, with a queue", { rulesets: rulesets([check({ strict: false })], ["merge_queue"]) }, { "up-to-date": "ok" }],
  ])("past it goes: %s", (_title, rules, statuses) => {
    const findings = judge(rules);
    for (const [one, status] of Object.entries(statuses)) expect(shown(findings, one)).toEqual([status]);
    for (const { status, next } of findings) expect(next === undefined).toBe(status === "ok");
  });
});

describe("settings", () => {
  const facts: SettingsFacts = {
    node: "v24.1.0",
    nodeNeeded: "22.12",
    problems: [],
    rest: { appKeyProblem: null, ledgerKey: { publicKey }, database: { kind: "server", problem: null } },
  };
  const rest = (more: Partial<NonNullable<SettingsFacts["rest"]>>) => ({
    rest: { appKeyProblem: null, ledgerKey: { publicKey }, database: { kind: "memory" as const }, ...more },
  });
  const folder = (state: "there" | "to-be-made" | "not-writable" | "something-else") =>
    rest({ database: { kind: "folder", folder: "data", state } });

  test.each<[string, Partial<SettingsFacts>, string, Status[]]>([
    ["Node is new enough", {}, "node", ["ok"]],
    ["Node is the oldest one", { node: "v22.12.0" }, "node", ["ok"]],
    ["Node is of a newer major version", { node: "v24.0.0" }, "node", ["ok"]],
    ["Node is too old", { node: "v20.20.1" }, "node", ["fail"]],
    ["Node is of an older minor version", { node: "v22.11.9" }, "node", ["fail"]],
    ["two problems", { problems: ["A: one", "B: two"], rest: null }, "settings", ["fail", "fail"]],
    ["no ledger key", rest({ ledgerKey: { problem: "none" } }), "ledger-key", ["fail"]],
    ["no App key", rest({ appKeyProblem: "none" }), "app-key", ["fail"]],
    ["a server that answers", {}, "database", ["ok"]],
    ["a server that does not", rest({ database: { kind: "server", problem: "refused" } }), "database", ["fail"]],
    ["memory", rest({}), "database", ["warn"]],
    ["a folder with a database", folder("there"), "database", ["ok"]],
    ["a folder to be made", folder("to-be-made"), "database", ["ok"]],
    ["a folder of somebody else", folder("not-writable"), "database", ["fail"]],
    ["a folder with something else", folder("something-else"), "database", ["fail"]],
  ])("%s", (_title, more, check, statuses) => {
    const findings = judgeSettings({ ...facts, ...more });
    expect(shown(findings, check)).toEqual(statuses);
    expectNextSteps(findings);
  });
});

describe("the App", () => {
  const needs: Granted = { permissions: { checks: "write", members: "read" }, events: ["issues", "push"] };
  const granted: Granted = { permissions: { ...needs.permissions, metadata: "read" }, events: needs.events };
  const installation: Installation = {
    ...granted,
    account: "acme",
    isOrganization: true,
    isSuspended: false,
  };
  const hook = { url: "https://sally.example/", contentType: "json", isInsecure: false, hasSecret: true };
  const delivery = { isDelivered: true, at: "2026-11-21T10:00:00Z", event: "push", status: "OK" };
  const right = {
    needs,
    app: known({ ...granted, slug: "sallyport" }),
    installations: known([installation]),
    hook: known(hook),
    deliveries: known([delivery]),
  };
  type Facts = Parameters<typeof judgeApp>[0];
  const lost = { ...delivery, isDelivered: false, status: "timed out" };

  test("nothing is said against one that is right", () => {
    expect(judgeApp(right).filter(({ status }) => status !== "ok")).toEqual([]);
  });

  test.each<[string, Partial<Facts>, string, Status[]]>([
    ["GitHub does not answer", { app: unread }, "app", ["unknown"]],
    ["GitHub refuses the key", { app: known(null) }, "app", ["fail"]],
    ["installed who knows where", { installations: unread }, "installed", ["unknown"]],
    ["suspended", { installations: known([{ ...installation, isSuspended: true }]) }, "installed", ["fail"]],
    [
      "new permissions that the account has not accepted",
      { installations: known([{ ...installation, permissions: { checks: "read", members: "read" } }]) },
      "permissions",
      ["ok", "fail"],
    ],
    [
      "a person's account without members",
      {
        installations: known([{ ...installation, isOrganization: false, permissions: { checks: "write" } }]),
      },
      "permissions",
      ["ok", "ok"],
    ],
    [
      "a person's account with what the manifest asks for",
      { installations: known([{ ...installation, isOrganization: false }]) },
      "more-than-needed",
      [],
    ],
    [
      "an organisation without members",
      { installations: known([{ ...installation, permissions: { checks: "write" } }]) },
      "permissions",
      ["ok", "fail"],
    ],
    [
      "a level above",
      { app: known({ ...granted, permissions: { checks: "admin", members: "read" }, slug: "s" }) },
      "more-than-needed",
      ["warn"],
    ],
    [
      "a level nobody knows",
      { app: known({ ...granted, permissions: { checks: "some", members: "read" }, slug: "s" }) },
      "permissions",
      ["fail", "ok"],
    ],
    ["an event too few", { app: known({ ...granted, events: ["push"], slug: "s" }) }, "events", ["fail", "ok"]],
    ["a hook that cannot be seen", { hook: unread }, "webhook", ["unknown"]],
    ["a hook without an address", { hook: known({ ...hook, url: "" }) }, "webhook", ["fail"]],
    ["a hook that sends forms", { hook: known({ ...hook, contentType: "form" }) }, "webhook", ["fail"]],
    ["a hook without a secret", { hook: known({ ...hook, hasSecret: false }) }, "webhook", ["fail"]],
    ["a hook that trusts anybody", { hook: known({ ...hook, isInsecure: true }) }, "webhook", ["fail"]],
    ["a hook in the clear", { hook: known({ ...hook, url: "http://sally.example/" }) }, "webhook", ["warn"]],
    ["deliveries that cannot be seen", { deliveries: unread }, "deliveries", ["unknown"]],
    ["no delivery yet", { deliveries: known([]) }, "deliveries", ["ok"]],
    ["a delivery that was lost", { deliveries: known([delivery, lost]) }, "deliveries", ["warn"]],
  ])("%s", (_title, more, check, statuses) => {
    const findings = judgeApp({ ...right, ...more });
    expect(shown(findings, check)).toEqual(statuses);
    expectNextSteps(findings);
  });
});

describe("a repository", () => {
  const loaded = (policy: object) =>
    known({
      state: "loaded" as const,
      ref: "a".repeat(40),
      blob: "b".repeat(40),
      policy: Policy.parse({
        version: 1,
        extends: "default",
        people: { architects: ["@wes"] },
        ledger: { keys: [{ key: publicKey }] },
        ...policy,
      }),
      lines: { version: 1, gates: 2 },
    });
  const rules = (branch: string, kinds: string[] = []) => ({
    branch,
    rulesets: known({ kinds, checks: [] }),
    protection: known({ isOn: false, checks: [] }),
  });
  const right: RepositoryFacts = {
    policy: loaded({}),
    files: known(["src/a.ts"]),
    checks: known([]),
    fetches: known([]),
    actions: known([]),
    named: known([]),
    agentWorkflow: known(null),
    rules: rules("main"),
    evidence: { isThere: known(true), rules: rules("sallyport/evidence", ["update"]) },
  };
  const pinned = (...keys: object[]) => loaded({ ledger: { keys } });
  const other = { key: `ed25519:${"B".repeat(43)}=` };
  const own = { key: publicKey };
  const evidence = (isThere: RepositoryFacts["evidence"]["isThere"], more: object) => ({
    evidence: { isThere, rules: { ...rules("sallyport/evidence"), ...more } },
  });
  const malformed = { message: "m", line: 3, column: 4 };
  const named = (...names: [string, number | null][]) => ({
    named: known(names.map(([name, number]) => ({ name, number }))),
  });

  test.each<[string, Partial<RepositoryFacts>, string, Status[]]>([
    ["a policy", {}, "policy", ["ok"]],
    ["no policy", { policy: known({ state: "absent", ref: "r", removedBy: null }) }, "policy", ["fail"]],
    [
      "a malformed one",
      { policy: known({ state: "malformed", ref: "r", blob: "b", problems: [malformed, malformed] }) },
      "policy",
      ["fail", "fail"],
    ],
    [
      "one that was removed",
      { policy: known({ state: "absent", ref: "r", removedBy: "c".repeat(40) }) },
      "policy",
      ["fail"],
    ],
    ["one that cannot be read", { policy: unread }, "policy", ["unknown"]],
    ["guarded by the built-in list", {}, "policy-guard", ["ok"]],
    [
      "guarded by itself",
      { policy: loaded({ extends: undefined, gates: { protected: { paths: [".github"] } } }) },
      "policy-guard",
      ["ok"],
    ],
    [
      "forbidden to all",
      { policy: loaded({ extends: undefined, gates: { "forbidden-paths": { deny: [".github/**"] } } }) },
      "policy-guard",
      ["ok"],
    ],
    ["guarded by nothing", { policy: loaded({ extends: undefined }) }, "policy-guard", ["warn"]],
    ["our key", { policy: pinned(other, own) }, "ledger-keys", ["ok"]],
    ["our key from an entry on", { policy: pinned({ ...other, to: 7 }, { ...own, from: 8 }) }, "ledger-keys", ["ok"]],
    ["no key", { policy: loaded({ ledger: undefined }) }, "ledger-keys", ["warn"]],
    ["another key", { policy: pinned(other) }, "ledger-keys", ["fail"]],
    ["our key until it ends", { policy: pinned({ ...own, to: 7 }) }, "ledger-keys", ["warn"]],
    ["our key for some kinds", { policy: pinned({ ...own, kinds: ["verdict"] }) }, "ledger-keys", ["warn"]],
    [
      "rules that match",
      { policy: loaded({ gates: { "forbidden-paths": { deny: ["src"] } } }) },
      "policy-rules",
      ["ok"],
    ],
    [
      "rules that match nothing",
      { policy: loaded({ gates: { "forbidden-paths": { deny: ["lib"] } } }) },
      "policy-rules",
      ["warn"],
    ],
    [
      "files that cannot be read accuse nobody",
      { policy: loaded({ gates: { "forbidden-paths": { deny: ["lib"] } } }), files: unread },
      "policy-rules",
      ["warn"],
    ],
    ["workflows that cannot be read", { checks: unread }, "policy-rules", ["warn"]],
    ["no rules for the check", {}, "required-check", ["fail"]],
    ["evidence that is kept", {}, "evidence-branch", ["ok"]],
    [
      "evidence that is not there yet",
      evidence(known(false), { rulesets: known({ kinds: ["non_fast_forward", "deletion"], checks: [] }) }),
      "evidence-branch",
      ["ok"],
    ],
    [
      "evidence under branch protection",
      evidence(known(true), { protection: known({ isOn: true, checks: [] }) }),
      "evidence-branch",
      ["ok"],
    ],
    [
      "evidence that anybody can force",
      evidence(known(true), { rulesets: known({ kinds: ["deletion"], checks: [] }) }),
      "evidence-branch",
      ["warn"],
    ],
    ["evidence that is kept who knows how", evidence(known(true), { rulesets: unread }), "evidence-branch", ["warn"]],
    ["evidence that cannot be seen", evidence(unread, {}), "evidence-branch", ["unknown"]],
    ["names that are pinned to who bears them", named(["@lena#5", 5], ["@acme/qa#12", 12]), "people", ["ok"]],
    [
      "T107 T111: names without numbers, told in one finding",
      named(["@lena", 5], ["@acme/qa", 12]),
      "people",
      ["warn"],
    ],
    ["T107: a team that was made anew under its name", named(["@lena#5", 5], ["@acme/qa#12", 44]), "people", ["fail"]],
    ["T111: a login that another account has taken", named(["@lena#5", 6]), "people", ["fail"]],
    ["names that nobody bears", named(["@gone", null], ["@gone#5", null]), "people", ["warn", "warn"]],
    ["people who cannot be seen", { named: unread }, "people", ["unknown"]],
    ["workflows without strangers' code", {}, "workflows", ["ok"]],
    [
      "T177: workflows that fetch a pull request's code beside secrets",
      { fetches: known([{ path: ".github/workflows/a.yml", line: 7 }]) },
      "workflows",
      ["warn"],
    ],
    [
      "H13: our Action by a name that moves",
      { actions: known([{ path: ".github/workflows/a.yml", line: 9, uses: "sallyport/sallyport/action@v1" }]) },
      "action",
      ["warn"],
    ],
    ["workflows that are not looked at", { fetches: unread }, "workflows", ["warn"]],
  ])("%s", (_title, more, check, statuses) => {
    const findings = judgeRepository({ name: "acme/web", facts: known({ ...right, ...more }) }, us);
    expect(shown(findings, check)).toEqual(statuses);
    expectNextSteps(findings);
  });

  test.each<[string, string | null, RegExp, RegExp]>([
    ["was never there: nothing is judged", null, /neutral and blocks nothing/, /\*Set up Sallyport: a first policy\*/],
    ["was removed: everything fails", "c".repeat(40), /removed by commit c{40}.*fails/, /puts it back/],
  ])("a policy that %s", (_title, removedBy, says, next) => {
    const policy = known({ state: "absent" as const, ref: "r", removedBy });
    const findings = judgeRepository({ name: "acme/web", facts: known({ ...right, policy }) }, us);
    expect(findings.find(({ check }) => check === "policy")).toMatchObject({
      status: "fail",
      message: expect.stringMatching(says),
      next: expect.stringMatching(next),
    });
  });

  test("one that cannot be read is not known, one without the App fails, and nothing else is said of either", () => {
    const judge = (facts: Parameters<typeof judgeRepository>[0]["facts"]) =>
      judgeRepository({ name: "acme/web", facts }, us).map(({ check, status }) => [check, status]);
    expect(judge(unread)).toEqual([["installed", "unknown"]]);
    expect(judge(known(null))).toEqual([["installed", "fail"]]);
  });

  test("an App that is installed on none fails", () => {
    const settings: SettingsFacts = { node: "v24.1.0", nodeNeeded: "22.12", problems: [], rest: null };
    const findings = judgeHealth({
      settings,
      app: null,
      identity: known(us),
      repositories: [],
      services: [],
      tools: [],
    });
    expect(shown(findings, "installed")).toEqual(["fail"]);
  });

  test("without our own account no repository is judged, and that is not known", () => {
    const settings: SettingsFacts = { node: "v24.1.0", nodeNeeded: "22.12", problems: [], rest: null };
    const repositories = [{ name: "acme/web", facts: known(right) }];
    const findings = judgeHealth({ settings, app: null, identity: unread, repositories, services: [], tools: [] });
    expect(findings.filter(({ area }) => area !== "settings")).toMatchObject([{ check: "bot", status: "unknown" }]);
  });
});

test.each<[ServiceFact["state"], Status]>([
  ["answers", "ok"],
  ["no-key", "fail"],
  ["unauthorised", "fail"],
  ["unreachable", "fail"],
  ["no-list", "warn"],
  ["other", "unknown"],
])("a model service: %s is %s", (state, status) => {
  expect(judgeModels([{ backend: "anthropic", setting: "ANTHROPIC", state, detail: "d" }])).toMatchObject([
    { about: "anthropic", status },
  ]);
});
