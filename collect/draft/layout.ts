import { testLanguage } from "../../core/languages/test-languages.ts";

/** How a repository lies, as path patterns of a policy: what an agent works on, what tests it, what stays with people. */
export type Layout = {
  /** Folders and files at the top that the role `code` works in. */
  code: string[];
  /** Where tests lie; a change of one of `tested` should bring one. */
  tests: string[];
  /** Source files of the product: no manifests, texts, examples or build scripts. */
  tested: string[];
  docs: string[];
  /** Existing files inside `code` that no role has: migrations and infrastructure. */
  denied: string[];
  /** Folders at the top that no role has, such as those of releases. */
  kept: string[];
  /** Files that tools write, which say nothing about the size of a change. */
  generated: string[];
};

const testFolder = /^(?:(?:[a-z]+-)?tests?(?:-[a-z-]+)?|specs?|__tests__|e2e|testdata)$/i;
/** Deeper, these are as often names of packages. */
const testFolderAtTop = /^(?:testing|acceptance)$/i;
/** Source sets of Kotlin and Android, such as `src/jvmTest`. */
const testSourceSet = /^[a-z]+Test$/;
const testNames: readonly [RegExp, string][] = [
  [/\.test\.[^/]+$/, "**/*.test.*"],
  [/\.spec\.[^/]+$/, "**/*.spec.*"],
  [/_test\.[^/]+$/, "**/*_test.*"],
  [/(?:^|\/)test_[^/]+\.py$/, "**/test_*.py"],
];

const docFolder = /^(?:docs?|documentation|site|website)$/i;
/** Made or fetched by tools. */
const madeFolder = /^(?:build|coverage|dist|node_modules|out|target|third_party|vendor)$/i;
/** Releases, infrastructure and the tools that build and publish: changed by people. */
const keptFolder =
  /^(?:migrations?|infra(?:structure)?|terraform|deploy(?:ment)?s?|k8s|kubernetes|helm|charts|ansible|docker|ops|ci|build-logic|releases?|relnotes|releng|packaging|changelog\w*|scripts?|tools?|tasks|hack|eng)$/i;
/** Code that nobody tests. */
const sampleFolder =
  /^(?:\w+-)?(?:examples?|samples?|bench(?:es|marks?|suite)?|perf\w*|measures|demos?|playground|sandbox|fuzz|templates|docs_src)$/i;

/** Build scripts, also inside the code. */
const script = /\.(?:sh|bash|kts)$|\.(?:config|conf|setup)\.\w+$/;

/** What only people change, at any depth. */
const denials: readonly [RegExp, string][] = [
  [/(?:^|\/)migrations?\//, "**/migrations/**"],
  [/(?:^|\/)migration\//, "**/migration/**"],
  [/(?:^|\/)terraform\//, "**/terraform/**"],
  [/\.tf$/, "**/*.tf"],
  [/(?:^|\/)Dockerfile[^/]*$/, "**/Dockerfile*"],
  [/(?:^|\/)(?:k8s|helm)\//, "**/{k8s,helm}/**"],
];

const locks =
  /^(?:Cargo\.lock|Gemfile\.lock|composer\.lock|go\.sum|package-lock\.json|pnpm-lock\.yaml|poetry\.lock|uv\.lock|yarn\.lock)$/;

/** The most folders and test patterns that a draft names; with more, a person has to choose anyway. */
const maxNamed = 12;

/** A name that needs no escaping in a pattern or in a quoted YAML string. */
const plainName = /^[\p{L}\p{N}_@-][\p{L}\p{N}_@. -]*$/u;

const namesOf = (path: string) => path.split("/");
const once = (texts: readonly string[]) => [...new Set(texts)];
const endingOf = (path: string) => path.slice(path.lastIndexOf(".") + 1);

/** The folder that makes a file a test, and its depth; -1 if there is none. Production code of Maven has no tests. */
function testDepth(path: string): number {
  if (/(?:^|\/)src\/main\//.test(path)) return -1;
  return namesOf(path)
    .slice(0, -1)
    .findIndex(
      (name, depth) =>
        plainName.test(name) &&
        (testFolder.test(name) || testSourceSet.test(name) || (depth === 0 && testFolderAtTop.test(name))),
    );
}

/** One pattern for each folder or name of tests; a folder that is found in several places is named for all of them. */
function testPatterns(files: readonly string[]): string[] {
  const found = new Map<string, "top" | "deep">();
  const named: string[] = [];
  for (const path of files.filter((one) => testLanguage(one) !== null)) {
    const depth = testDepth(path);
    const folder = namesOf(path)[depth];
    if (folder !== undefined) found.set(folder, depth > 0 ? "deep" : (found.get(folder) ?? "top"));
    else named.push(...testNames.flatMap(([name, pattern]) => (name.test(path) ? [pattern] : [])));
  }
  const folders = [...found].map(([folder, where]) => (where === "top" ? `${folder}/**` : `**/${folder}/**`));
  return once([...folders, ...named]);
}

const isTest = (path: string) => testDepth(path) >= 0 || testNames.some(([name]) => name.test(path));

/** The patterns of the source files below one folder: only `src` of packages, only `src/main` of Maven and Gradle. */
function sourcePattern(top: string, files: readonly string[]): string[] {
  const source = files.filter((path) => testLanguage(path) !== null && !isTest(path) && !script.test(path));
  const endings = once(source.map(endingOf)).sort();
  if (endings.length === 0) return [];
  const name = `*.${endings.length === 1 ? endings[0] : `{${endings.join(",")}}`}`;
  if (top === "") return [name];
  if (source.some((path) => path.startsWith("src/main/"))) return [`src/main/**/${name}`];
  if (source.some((path) => path.includes("/src/main/"))) return [`${top}/**/src/main/**/${name}`];
  return [`${top}/${source.some((path) => namesOf(path)[2] === "src") ? "*/src/" : ""}**/${name}`];
}

/** Reads from the paths of all files how a repository lies. Whoever may push named the files. */
export function readLayout(all: readonly string[]): Layout {
  const files = all.filter(
    (path) =>
      !namesOf(path)
        .slice(0, -1)
        .some((name) => madeFolder.test(name)),
  );
  const tops = new Map<string, string[]>();
  for (const path of files) {
    const top = path.includes("/") ? (namesOf(path)[0] ?? "") : "";
    if (top !== "" && !plainName.test(top)) continue;
    const inside = tops.get(top) ?? [];
    inside.push(path);
    tops.set(top, inside);
  }
  const named = [...tops.keys()].filter((top) => top !== "").sort();
  const kept = named.filter((top) => keptFolder.test(top));
  const docs = named.filter((top) => docFolder.test(top));
  const isWork = (top: string) => !kept.includes(top) && !docs.includes(top) && testDepth(`${top}/x`) === -1;
  const size = (top: string) => tops.get(top)?.length ?? 0;
  const work = named
    .filter(isWork)
    .toSorted((one, other) => size(other) - size(one))
    .slice(0, maxNamed)
    .sort();
  const tested = work
    .filter((top) => !sampleFolder.test(top))
    .flatMap((top) => sourcePattern(top, tops.get(top) ?? []));
  // Beside folders with code, files at the top are mostly settings of tools; as in Go they are code if tests lie there.
  const loose = tops.get("") ?? [];
  const atTop = tested.length === 0 || loose.some(isTest) ? sourcePattern("", loose) : [];
  const inside = files.filter((path) => work.includes(namesOf(path)[0] ?? ""));
  const inFolders = (folders: readonly string[]) => folders.map((folder) => `${folder}/**`);
  return {
    code: [...inFolders(work), ...atTop],
    tests: testPatterns(files).slice(0, maxNamed),
    tested: [...tested, ...atTop],
    docs: inFolders(docs),
    denied: denials.flatMap(([path, pattern]) => (inside.some((one) => path.test(one)) ? [pattern] : [])),
    kept: inFolders(kept),
    generated: once(
      all.flatMap((path) => (locks.test(namesOf(path).at(-1) ?? "") ? [`**/${namesOf(path).at(-1)}`] : [])),
    ).sort(),
  };
}
