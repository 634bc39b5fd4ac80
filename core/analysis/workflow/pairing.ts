import { type Check, counts } from "./checks.ts";
import { lostReach, type Place } from "./reach.ts";
import { kindsOfName } from "./runners.ts";

/** The checks of all files that are read, on both sides. */
export type Sides = {
  before: readonly Check[];
  after: readonly Check[];
  /** Files that run nothing any more. */
  gone: ReadonlySet<string>;
  /** Units that stand on the later side, as `unitOf` names them. */
  units: ReadonlySet<string>;
};

/** An earlier check with the one that stands for it now. `isSame`: both run the same program. */
export type Pair = { old: Check; young: Check; isSame: boolean };

/** Names what a check stands in, over all files. */
export const unitOf = ({ path, unit }: Pick<Check, "path" | "unit">) => `${path}\n${unit}`;
/** Names the program that a check runs, without what it is told. */
export const programOf = ({ key }: Check) => key.split(" ")[0] ?? "";

/** Files whose scripts others call: what calls one that is gone fails. */
export const isCalled = /(?:^|\/)(?:package\.json|(?:GNUm|M)akefile)$/;
/** Scripts that git runs by itself. */
export const hookFolders = /(?:^|\/)\.(?:husky|githooks)\//;
/** Names under which all checks of a project are usually run. */
const whole =
  /^(?:script|make|just|task|rake|nx|turbo|ant|mage|earthly|invoke) (?:.*:)?(?:ci|all|checks?|verify|validate|precommit|default|test-all|check-all)$|^(?:tox|nox|make|just|rake|task|ant|mage|earthly|lint-staged|pre-commit|prek)$/;
const manifests =
  /^(?:Makefile|package\.json|pyproject\.toml|setup\.py|Cargo\.toml|go\.mod|pom\.xml|build\.gradle(?:\.kts)?|Gemfile|composer\.json|deno\.jsonc?)$/;

function groupBy(checks: readonly Check[], keyOf: (check: Check) => string): (key: string) => readonly Check[] {
  const groups = new Map<string, Check[]>();
  for (const check of checks) {
    const group = groups.get(keyOf(check));
    if (group === undefined) groups.set(keyOf(check), [check]);
    else group.push(check);
  }
  return (key) => groups.get(key) ?? [];
}

/** The unit that stands for each earlier one: the same, or a new one that runs at least half of the same. */
export function successors({ before, after, units }: Sides): ReadonlyMap<string, string> {
  const owned = groupBy(before, unitOf);
  const young = groupBy(after, ({ text }) => text);
  const found = new Map<string, string>();
  const taken = new Set<string>();
  for (const unit of new Set(before.map(unitOf))) {
    if (units.has(unit)) {
      found.set(unit, unit);
      continue;
    }
    const own = owned(unit);
    const scores = new Map<string, number>();
    for (const { text } of own)
      for (const name of new Set(young(text).map(unitOf)))
        if (owned(name).length === 0) scores.set(name, (scores.get(name) ?? 0) + 1);
    const [best] = [...scores]
      .filter(([name, score]) => !taken.has(name) && score * 2 >= own.length)
      .sort(([, one], [, other]) => other - one);
    if (best === undefined) continue;
    found.set(unit, best[0]);
    taken.add(best[0]);
  }
  return found;
}

/** Whether a new check can stand for an earlier one by what it looks at. */
function covers(young: Check, old: Check): boolean {
  if (young.isOpen) return true;
  if (young.kind === "other") return false;
  if (young.kind === old.kind || old.isVague || kindsOfName(young.key).includes(old.kind)) return true;
  // Tests are built before they run, and a build that is a script of the project's own mostly checks the types.
  if (old.kind === "build" && young.kind === "test") return true;
  return whole.test(young.key) || (young.kind === "build" && /^(?:vue-)?tsc$/.test(old.key));
}

/** Whether what a check is for is gone itself: the project in whose folder it runs, or Gradle's `:part:test`. */
function isForGone({ text }: Check, { gone }: Place): boolean {
  const folder = /^(?:\.\/)?([\w@./-]{1,200}?)\/?: /.exec(text)?.[1];
  const part = /(?:^|\s):?([\w-]{1,100}):[\w:-]{1,200}(?:\s|$)/.exec(text)?.[1];
  const isGone = (one: string | undefined) =>
    one !== undefined && gone.some((path) => path.startsWith(`${one}/`) && manifests.test(path.slice(one.length + 1)));
  return isGone(folder) || isGone(part);
}

/** What the scripts of packages and Makefiles run, by what they are called by, also by way of one another. */
function runBy(checks: readonly Check[]): (key: string) => ReadonlySet<string> {
  // What runs in another folder is another file's.
  const isHere = ({ text }: Check) => !/\s(?:-C|--directory|--prefix|--cwd)\b/.test(text);
  const scripts = checks.filter((check) => isCalled.test(check.path) && isHere(check));
  const by = groupBy(scripts, ({ path, unit }) => `${path.endsWith("package.json") ? "script" : "make"} ${unit}`);
  // Without a target, the first one of the Makefile runs.
  const first = scripts.find(({ path }) => !path.endsWith("package.json"))?.unit ?? "";
  return (key) => {
    const reached = new Set<string>();
    for (const todo = [key === "make" ? `make ${first}` : key]; todo.length > 0; )
      for (const check of by(todo.pop() ?? "")) {
        if (!counts(check) || reached.has(check.key)) continue;
        reached.add(check.key);
        todo.push(check.key);
      }
    return reached;
  };
}

/** Finds for each earlier check that counted the one that stands for it now, and those for which none does. */
export function pairUp(sides: Sides, place: Place): { pairs: Pair[]; lost: Check[] } {
  const { before, after, gone, units } = sides;
  const successor = successors(sides);
  const [byText, byKey] = [groupBy(after, ({ text }) => text), groupBy(after, ({ key }) => key)];
  const [byUnit, owned] = [groupBy(after, unitOf), groupBy(before, unitOf)];
  const [ranBy, runsBy] = [runBy(before), runBy(after)];
  const known = new Set(before.map(({ text }) => text));
  /** The checks of files that the change leaves as they are. */
  const unchanged = new Set(before);
  const partner = new Map<Check, Check>();
  const pairs: Pair[] = [];

  const keepsReach = (old: Check, young: Check) => lostReach(old.reach.own, young.reach.own, place) === null;
  const weight = (old: Check, young: Check) => (counts(young) ? 0 : 2) + (keepsReach(old, young) ? 0 : 1);
  // What runs by itself is not made up for by what only stands ready to be called.
  const mayStand = (old: Check, young: Check) =>
    young.isLocal
      ? old.isLocal && !(hookFolders.test(old.path) && isCalled.test(young.path))
      : !old.isLocal || keepsReach(old, young);
  const isAble = (old: Check, young: Check) => counts(young) && mayStand(old, young) && keepsReach(old, young);

  // A build that makes a product, or that only stands ready to be called, judges nothing.
  let rest = before.filter((check) => counts(check) && !(check.kind === "build" && (check.isProduct || check.isLocal)));
  type Fit = (old: Check, young: Check) => boolean;
  const match = (isSame: boolean, among: (old: Check) => readonly Check[], fits: Fit) => {
    rest = rest.filter((old) => {
      let best: Check | undefined;
      for (const young of among(old)) {
        if ((isSame && partner.has(young)) || (unchanged.has(young) && young !== old)) continue;
        if (!fits(old, young) || !mayStand(old, young)) continue;
        if (best === undefined || weight(old, young) < weight(old, best)) best = young;
      }
      if (best === undefined) return true;
      if (isSame) partner.set(best, old);
      pairs.push({ old, young: best, isSame });
      return false;
    });
  };
  const inUnit: Fit = (old, young) => successor.get(unitOf(old)) === unitOf(young);
  const inStep: Fit = (old, young) => inUnit(old, young) && young.step === old.step;
  const isNew = ({ text }: Check) => !known.has(text);
  const sameText = ({ text }: Check) => byText(text);
  const sameKey = ({ key }: Check) => byKey(key);
  const sameUnit = (old: Check) => byUnit(successor.get(unitOf(old)) ?? "");

  match(true, sameText, inStep);
  match(true, sameText, inUnit);
  match(true, sameKey, inStep);
  match(true, sameKey, inUnit);
  match(true, sameText, isAble);
  match(true, sameKey, (old, young) => isNew(young) && isAble(old, young));

  const isOfProgram: Fit = (old, young) => programOf(young) === programOf(old);
  /** It runs in more variants of another job now. */
  const isWider: Fit = (old, young) => young.key === old.key && young.width > (partner.get(young)?.width ?? 0);
  /** What the old one called is called by another one, by way of other scripts. */
  const isCalledBy: Fit = (old, young) => {
    const [called, needed] = [runsBy(young.key), [...ranBy(old.key)]];
    return called.has(old.key) || (needed.length > 0 && needed.every((one) => called.has(one)));
  };
  /** What a service ran is run by another one, too. */
  const isServedBy: Fit = (old, young) => {
    const isLike = old.kind === "build" ? young.kind !== "other" : old.isOpen && young.kind !== "other";
    return !young.isLocal && (young.key === old.key || isLike || runsBy(young.key).has(old.key));
  };
  rest = rest.filter((old) => {
    const some = (among: readonly Check[], fits: Fit) => among.some((one) => fits(old, one) && isAble(old, one));
    if (isForGone(old, place) || some(sameText(old), () => true) || some(after, isWider)) return false;
    if (some(sameUnit(old), isCalledBy)) return false;
    const isService = !old.path.startsWith(".github/") && !old.isLocal && gone.has(old.path);
    if (isService && after.some((one) => isServedBy(old, one) && counts(one))) return false;
    if (old.kind === "build" && some(sameUnit(old), (_, one) => one.kind === "test" && isOfProgram(old, one)))
      return programOf(old) === "script";
    // A script does in one command what took it several, or does without a script that is gone.
    const called = /^script (.+)$/.exec(old.key)?.[1];
    const isGone = called !== undefined && !units.has(unitOf({ path: old.path, unit: called }));
    const stands: Fit = (_, one) => one.key === old.key || (isGone && one.kind === old.kind);
    return !isCalled.test(old.path) || !some(sameUnit(old), stands);
  });
  match(true, sameText, () => true);
  match(true, sameKey, (_, young) => isNew(young));
  const isElse: Fit = (old, young) => !owned(unitOf(old)).some(({ text }) => text === young.text);
  /** It calls what stood beside the old one and nothing that the old one called. */
  const isOthers: Fit = (old, young) => {
    const called = runsBy(young.key);
    const isBeside = owned(unitOf(old)).some(({ key }) => called.has(key));
    return isBeside && ![...ranBy(old.key)].some((one) => called.has(one));
  };
  match(false, sameUnit, (old, young) => covers(young, old) && isElse(old, young) && !isOthers(old, young));
  const free = after.filter((young) => isNew(young) && !partner.has(young));
  // A script of the project's own stands for what its name tells.
  const isPlain: Fit = (old, { isOpen, key }) =>
    !isOpen || key.startsWith("uses ") || kindsOfName(key).includes(old.kind);
  match(
    false,
    () => free,
    (old, young) => covers(young, old) && isPlain(old, young) && !isOthers(old, young),
  );
  return { pairs, lost: rest };
}
