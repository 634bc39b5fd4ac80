import type { DraftSource } from "./source.ts";

/**
 * The people whom a first policy could name, in the policy's form. `owners` stand in CODEOWNERS, which GitHub reads as
 * accounts and teams. `committers` are guesses: everybody can write any address into a commit.
 */
export type Proposed = { owners: string[]; file: string | null; committers: string[] };

/** Where GitHub looks for CODEOWNERS, in its order. */
const places = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];

const ownerName = /^@[A-Za-z0-9][A-Za-z0-9-]*(?:\/[a-z0-9][a-z0-9_-]*)?$/;
/** The address that GitHub gives an account which hides its own: `583231+lena@users.noreply.github.com`. */
const hiddenAddress = /^(\d{1,12})\+([a-z0-9][a-z0-9-]{0,38})@users\.noreply\.github\.com$/i;

const maxNames = 5;

/** The texts that occur most often, most frequent first. */
function frequent(texts: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts]
    .toSorted(([, one], [, other]) => other - one)
    .slice(0, maxNames)
    .map(([text]) => text);
}

/** The owners of everything (`*`), whose last rule counts; where nobody owns everything, those who own the most rules. */
function ownersIn(text: string): string[] {
  const rules = text.split("\n").flatMap((line) => {
    const [pattern, ...names] = line
      .replace(/(?:^|\s)#.*$/, "")
      .trim()
      .split(/\s+/);
    return pattern === undefined || pattern === ""
      ? []
      : [{ pattern, names: names.filter((one) => ownerName.test(one)) }];
  });
  const all = rules.findLast(({ pattern }) => pattern === "*");
  return frequent((all === undefined ? rules : [all]).flatMap(({ names }) => names));
}

/** Reads who owns and who commits. What cannot be read proposes nobody. */
export async function proposePeople({ read, authors }: DraftSource): Promise<Proposed> {
  const committers = frequent(
    (await authors()).flatMap((address) => {
      const [, number, login] = hiddenAddress.exec(address) ?? [];
      return login === undefined ? [] : [`@${login}#${number}`];
    }),
  );
  for (const file of places) {
    const content = await read(file);
    if (content !== null) return { owners: ownersIn(content.toString("utf8")), file, committers };
  }
  return { owners: [], file: null, committers };
}
