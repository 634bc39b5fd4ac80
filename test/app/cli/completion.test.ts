import { execFileSync } from "node:child_process";
import { expect, test } from "@jest/globals";
import { runProgram } from "../../../app/cli/program.ts";

/** The script for a shell, as the program prints it. */
async function scriptFor(shell: string) {
  const printed = { out: "", err: "", exit: -1 };
  await runProgram(["node", "sallyport", "completion", shell], {
    out: (text) => (printed.out += text),
    err: (text) => (printed.err += text),
    exit: (code) => (printed.exit = code),
    ...{ env: {}, cwd: "/", color: false },
  });
  return printed;
}

test.each<[string, string[], string]>([
  ["a command", ["st"], "story status"],
  ["a command of a group", ["ledger", "v"], "verify vsa"],
  ["an option behind an argument", ["ledger", "verify", "web.git", "--k"], "--key"],
  ["all that may follow", ["story", ""], "export --help"],
  ["nothing where files are meant", ["replay", "run-7-1", "web"], ""],
])("bash completes %s", async (_, words, found) => {
  const { out, exit } = await scriptFor("bash");
  expect(exit).toBe(0);
  const line = ["sallyport", ...words].map((word) => `'${word}'`).join(" ");
  const asked = `COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _sallyport; echo "\${COMPREPLY[*]}"`;
  expect(
    execFileSync("bash", ["-c", `${out}\n${asked}`])
      .toString()
      .trim(),
  ).toBe(found);
});

test("zsh uses the same words; fish has a line for each; another shell is refused with those that are known", async () => {
  expect((await scriptFor("zsh")).out).toMatch(/^autoload -U \+X bashcompinit && bashcompinit\n_sallyport\(\)/);
  expect((await scriptFor("fish")).out).toContain(
    'complete -c sallyport -n "__fish_seen_subcommand_from ledger; and __fish_seen_subcommand_from verify" -l key\n',
  );
  expect(await scriptFor("tcsh")).toMatchObject({ out: "", exit: 2, err: expect.stringContaining("bash, zsh, fish") });
});
