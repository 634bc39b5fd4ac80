import { findingsOf, type HealthFinding } from "./finding.ts";

/** Where the service keeps its state, checked without opening a database that a running service holds. */
export type DatabaseFact =
  | { kind: "server"; problem: string | null }
  | { kind: "folder"; folder: string; state: "there" | "to-be-made" | "not-writable" | "something-else" }
  | { kind: "memory" };

/** Facts about this machine and the service's settings. `nodeNeeded` is the oldest supported version of Node, such as `22.12`. */
export type SettingsFacts = {
  node: string;
  nodeNeeded: string;
  problems: string[];
  /** Null if the settings have problems, which are reported first. */
  rest: { appKeyProblem: string | null; ledgerKey: LedgerKeyFact; database: DatabaseFact } | null;
};

/** Whether a version is at least another; only the parts that `needed` has count. */
function isAtLeast(version: string, needed: string): boolean {
  const parts = version.replace(/^v/, "").split(".").map(Number);
  for (const [index, least] of needed.split(".").map(Number).entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}

/** The public half of the key that signs the ledger, or why the key cannot be used. */
export type LedgerKeyFact = { publicKey: string } | { problem: string };

/** Whether the service could start here. */
export function judgeSettings({ node, nodeNeeded, problems, rest }: SettingsFacts): HealthFinding[] {
  const { ok, fail } = findingsOf("settings", null);
  const findings = [
    isAtLeast(node, nodeNeeded)
      ? ok("node", `Node ${node}.`)
      : fail("node", `Node ${node} is too old.`, `Install Node ${nodeNeeded} or newer.`),
  ];
  const next =
    "Set it where the service runs, or let `npx sallyport setup` make all of it; .env.example says what each is for.";
  if (problems.length > 0) findings.push(...problems.map((problem) => fail("settings", problem, next)));
  else findings.push(ok("settings", "All settings that the service needs are there."));
  if (rest === null) return findings;
  const { appKeyProblem, ledgerKey, database } = rest;
  if (appKeyProblem !== null)
    findings.push(fail("app-key", appKeyProblem, "Make one in the App's settings, under Private keys."));
  return [...findings, judgeLedgerKey(ledgerKey), judgeDatabase(database)];
}

function judgeLedgerKey(key: LedgerKeyFact): HealthFinding {
  const { ok, fail } = findingsOf("settings", null);
  if ("publicKey" in key) return ok("ledger-key", `The ledger is signed by ${key.publicKey}.`);
  return fail("ledger-key", key.problem, "Make one with `npx sallyport ledger keygen`, and pin it in the policies.");
}

function judgeDatabase(database: DatabaseFact): HealthFinding {
  const { ok, warn, fail } = findingsOf("settings", null);
  const check = "database";
  if (database.kind === "memory")
    return warn(
      check,
      "The database is in memory: it is read back from GitHub at each start.",
      "Set DATABASE_FOLDER to a folder, or DATABASE_URL.",
    );
  if (database.kind === "server")
    return database.problem === null
      ? ok(check, "The database server answers.")
      : fail(check, `The database server cannot be used: ${database.problem}`, "Check DATABASE_URL.");
  const { folder, state } = database;
  switch (state) {
    case "there":
      return ok(check, `The embedded database is in ${folder}; a running service may hold it, so it was not opened.`);
    case "to-be-made":
      return ok(check, `The embedded database will be made in ${folder} at the first start.`);
    case "not-writable":
      return fail(check, `${folder} cannot be written to.`, "Let the service's user own it, or set DATABASE_FOLDER.");
    case "something-else":
      return fail(
        check,
        `${folder} holds something that is no database.`,
        "Set DATABASE_FOLDER to a folder of its own.",
      );
  }
}
