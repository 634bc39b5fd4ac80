import { expect, test } from "@jest/globals";
import { runProgram } from "../../../app/cli/program.ts";

/** What the command line prints, and its exit status. */
async function run(...words: string[]) {
  const printed = { out: "", err: "", exit: -1 };
  await runProgram(["node", "sallyport", ...words], {
    out: (text) => (printed.out += text),
    err: (text) => (printed.err += text),
    exit: (code) => (printed.exit = code),
    ...{ env: {}, cwd: "/", color: false },
  });
  return printed;
}

/** The names below a command, as its help lists them. */
const namesIn = (help: string) =>
  [...(help.split("\nCommands:\n")[1] ?? "").matchAll(/^ {2}([a-z]+)\b/gm)]
    .map(([, name = ""]) => name)
    .filter((name) => name !== "help");

async function helps(...path: string[]): Promise<[path: string[], help: string][]> {
  const { out } = await run(...path, "--help");
  const names = namesIn(out);
  if (names.length === 0) return [[path, out]];
  return (await Promise.all(names.map((name) => helps(...path, name)))).flat();
}

test("the help of every command shows an example of it, with options that it has", async () => {
  const all = await helps();
  expect(all.length).toBeGreaterThan(20);
  for (const [path, help] of all) {
    const [usage = "", example = ""] = help.split(/\nExample(?:, [^\n]+)?:\n/);
    const line = example.split("\n")[0] ?? "";
    expect([path, line]).toEqual([path, expect.stringContaining(`npx sallyport ${path.join(" ")}`)]);
    for (const [option] of line.matchAll(/--[a-z-]+/g))
      expect([path, usage]).toEqual([path, expect.stringContaining(option)]);
  }
}, 60_000);

test("a command or option that is misspelt is told the nearest one, with status 2", async () => {
  expect(await run("chek")).toMatchObject({ out: "", exit: 2, err: expect.stringContaining("Did you mean check?") });
  expect(await run("check", "--bse", "x")).toMatchObject({ exit: 2, err: expect.stringContaining("--base?") });
});
