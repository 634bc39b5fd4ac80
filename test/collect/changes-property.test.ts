import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { RequestInterface } from "@octokit/types";
import fc from "fast-check";
import { gitObjects } from "../../collect/git/objects.ts";
import { apiObjects } from "../../collect/github/objects.ts";
import type { Change } from "../../core/facts.ts";
import { importCommits } from "../builders/fast-import.ts";
import { file, makeRepository, type Node, plainGit } from "../builders/git-repository.ts";
import { countedChanges } from "../hosts/counted-changes.ts";
import { gitApi } from "../hosts/git-api.ts";

let repository: ReturnType<typeof makeRepository>;
let request: RequestInterface;
beforeAll(() => {
  repository = makeRepository();
  request = kept(gitApi(repository.dir));
});
afterAll(() => repository.remove());

/** Asks once for what is asked often: everything that is asked for here is named by its id and cannot change. */
function kept(ask: RequestInterface): RequestInterface {
  const answers = new Map<string, unknown>();
  const asking = (...question: unknown[]) => {
    const key = JSON.stringify(question);
    if (!answers.has(key)) answers.set(key, Reflect.apply(ask, null, question));
    return answers.get(key);
  };
  return Object.assign(asking, ask) as RequestInterface;
}

type Files = Map<string, Node>;

const names = [
  "a",
  "b c",
  "d.txt",
  ".e",
  "-f",
  'g"h',
  "i\tj",
  "k\nl",
  "café",
  "cafe\u0301",
  "文",
  "💥",
  "[m]",
  "n\\o",
  " ",
];
const path = fc
  .array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 })
  .chain((parts) => fc.constantFrom(parts.join("/"), `src/${parts.join("/")}`, ".gitattributes"));
const line = fc.constantFrom("one", "two", "three", "", "}", "tail ", "\tx", "é", "a\rb", "\xff");
const lines = fc.array(line, { maxLength: 30 });
const content = fc.oneof(
  {
    weight: 8,
    arbitrary: lines.map((some) => Buffer.from(some.map((one) => `${one}\n`).join(""), "latin1")),
  },
  { weight: 2, arbitrary: lines.map((some) => Buffer.from(some.join("\r\n"))) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 7_990, max: 8_010 }).map((at) => Buffer.from(`${"x".repeat(at)}\0\n`)),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom("* -diff\n", "* binary\n", "* text eol=crlf diff=x\n").map(Buffer.from),
  },
);
const submodule = fc
  .constantFrom("a", "b")
  .map((digit): Node => ({ mode: "160000", content: Buffer.from(digit.repeat(40)) }));
const link = fc
  .constantFrom("a", "../../etc/passwd", "src")
  .map((to): Node => ({ mode: "120000", content: Buffer.from(to) }));
const node: fc.Arbitrary<Node> = fc.oneof(
  { weight: 8, arbitrary: content.map(file) },
  { weight: 2, arbitrary: content.map((bytes): Node => ({ mode: "100755", content: bytes })) },
  { weight: 1, arbitrary: link },
  { weight: 1, arbitrary: submodule },
);

/** Something that is done to one of the files; `which` chooses it. */
type Edit = { kind: (typeof kinds)[number]; which: number; path: string; node: Node; place: number };
const kinds = [
  "rename",
  "rename and edit",
  "copy",
  "delete",
  "replace",
  "mode",
  "line in",
  "line out",
  "move a line",
  "line ends",
  "last line end",
  "NUL",
  "into a folder",
  "add",
] as const;
const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom(...kinds),
  which: fc.nat(),
  path,
  node,
  place: fc.nat(),
});

function edited({ mode, content: before }: Node, { kind, place: index }: Edit): Node {
  if (mode === "160000") return { mode, content: before };
  if (kind === "mode") return { mode: mode === "100644" ? "100755" : "100644", content: before };
  const text = before.toString("latin1");
  const parts = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const at = index % (parts.length + 1);
  const [moved = "moved\n"] = parts.slice(at, at + 1);
  const changes: Partial<Record<Edit["kind"], string>> = {
    "line in": parts.toSpliced(at, 0, "one\n").join(""),
    "line out": parts.toSpliced(at, 1).join(""),
    "move a line": [moved, ...parts.toSpliced(at, 1)].join(""),
    "line ends": text.includes("\r\n") ? text.replaceAll("\r\n", "\n") : text.replaceAll("\n", "\r\n"),
    "last line end": text.endsWith("\n") ? text.slice(0, -1) : `${text}\n`,
    NUL: `${text.slice(0, index % 9_000)}\0`,
  };
  return { mode, content: Buffer.from(changes[kind] ?? `${text}edited\n`, "latin1") };
}

function apply(before: Files, edits: readonly Edit[]): Files {
  const after = new Map(before);
  for (const one of edits) {
    const [from, old] = [...after][one.which % Math.max(after.size, 1)] ?? [one.path, one.node];
    if (["rename", "rename and edit", "delete", "into a folder"].includes(one.kind)) after.delete(from);
    if (one.kind === "rename" || one.kind === "copy") after.set(one.path, old);
    else if (one.kind === "rename and edit") after.set(one.path, edited(old, one));
    else if (one.kind === "into a folder") after.set(`${from}/${one.path}`, old);
    else if (one.kind === "replace") after.set(from, one.node);
    else if (one.kind === "add") after.set(one.path, one.node);
    else if (one.kind !== "delete") after.set(from, edited(old, one));
  }
  return after;
}

/** A name cannot be a file and a folder at once: the first taker keeps it. */
function withoutClashes(entries: Iterable<[string, Node]>): Files {
  const files: Files = new Map();
  for (const [one, entry] of entries) {
    const clashes = [...files.keys()].some((other) => other.startsWith(`${one}/`) || one.startsWith(`${other}/`));
    if (!clashes) files.set(one, entry);
  }
  return files;
}

const listing = fc.array(fc.tuple(path, node), { minLength: 15, maxLength: 30 }).map(withoutClashes);
const pair = fc
  .tuple(listing, fc.array(edit, { minLength: 4, maxLength: 15 }))
  .map(([before, edits]) => ({ before, after: withoutClashes(apply(before, edits)) }));

const diffTree = ["diff-tree", "-r", "-z", "--no-renames", "--no-ext-diff", "--no-textconv"];
const emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
const records = (args: string[]) =>
  plainGit(repository.dir, [...diffTree, ...args])
    .split("\0")
    .filter((one) => one !== "");

/** Lines added and deleted by path, as git counts them; `- -` for what it calls binary. */
function numstat(before: string, after: string): Map<string, string> {
  const rows = records(["--numstat", "--minimal", before, after]).map((row) => row.split("\t"));
  return new Map(rows.map(([added, deleted, ...rest]) => [rest.join("\t"), `${added} ${deleted}`]));
}

/**
 * Plain git's own answer in a bare repository, where attributes are not read. Where a file becomes a link or submodule,
 * or the reverse, git's line holds no counts of use: they are those of deleting the one and adding the other. Of a
 * binary file whose mode alone changes git says `- -`, and we say that no line changed.
 */
function reference(before: string, after: string): string[] {
  const counts = numstat(before, after);
  const gone = numstat(before, emptyTree);
  const come = numstat(emptyTree, after);
  const raw = records(["--raw", "--no-abbrev", before, after]);
  return raw.flatMap((record, index) => {
    if (index % 2 === 1) return [];
    const [from = "", to = "", old = "", young = ""] = record.slice(1).split(" ");
    const name = raw[index + 1] ?? "";
    const isOther = from !== "000000" && to !== "000000" && from.slice(0, 3) !== to.slice(0, 3);
    if (old === young) return [`${from} ${to} ${old} ${young} 0 0 ${name}`];
    const count = isOther ? apart(gone.get(name), come.get(name)) : counts.get(name);
    return [`${from} ${to} ${old} ${young} ${count} ${name}`];
  });
}

function apart(gone = "", come = ""): string {
  if (gone === "- -" || come === "- -") return "- -";
  return `${come.split(" ")[0]} ${gone.split(" ")[1]}`;
}

const none = { mode: "000000", sha: "0".repeat(40) };
function shown({ path: name, before, after, added, deleted, binary }: Change): string {
  const [old, young] = [before ?? none, after ?? none];
  return `${old.mode} ${young.mode} ${old.sha} ${young.sha} ${binary ? "- -" : `${added} ${deleted}`} ${name}`;
}

async function compare(before: Files, after: Files): Promise<string[]> {
  const [from = "", to = ""] = importCommits(repository.dir, [before, after]);
  const git = gitObjects(repository.dir);
  const [local, remote] = [
    await countedChanges(git, from, to),
    await countedChanges(apiObjects({ request, owner: "o", repo: "r" }), from, to),
  ];
  git.close();
  if (!local.known) throw new Error(local.why);
  expect(remote).toEqual(local);
  const expected = reference(from, to);
  expect(local.value.map(shown)).toEqual(expected);
  return expected;
}

const seen = { changes: 0, binary: 0, otherKind: 0, modeAlone: 0 };

function count(row: string): void {
  seen.changes += 1;
  if (row.includes(" - - ")) seen.binary += 1;
  if (/^1[26]0000 100|^100... 1[26]0000/.test(row)) seen.otherKind += 1;
  if (/^100644 100755 .* 0 0 /.test(row)) seen.modeAlone += 1;
}

test.each([
  ["the fixed seed", 20_261_121],
  ["a new seed", Date.now() % 2 ** 31],
])(
  "T003, T012: git, API and plain git agree on edited repositories, with %s",
  async (_, seed) => {
    await fc.assert(
      fc.asyncProperty(pair, async ({ before, after }) => (await compare(before, after)).forEach(count)),
      { seed, numRuns: 14, endOnFailure: true },
    );
  },
  90_000,
);

test("the repositories differed in many ways", () => {
  expect(seen.changes).toBeGreaterThan(100);
  expect(Math.min(seen.binary, seen.otherKind, seen.modeAlone)).toBeGreaterThan(0);
});

test("T016: of 3,500 changed files none is left out", async () => {
  const before: Files = new Map();
  const after: Files = new Map();
  for (let count = 0; count < 3_500; count += 1) {
    const name = `src/${count % 70}/${count}.ts`;
    const old = file(`${count % 20}\nsame\n`);
    before.set(name, old);
    if (count % 3 === 0) after.set(name, { ...old, mode: "100755" });
    if (count % 3 === 1) after.set(name, file(`same\n${count % 10}\nmore\n`));
    if (count % 3 === 2) after.set(`moved/${name}`, old);
  }
  expect(await compare(before, after)).toHaveLength(3_500 + Math.floor(3_500 / 3));
});
