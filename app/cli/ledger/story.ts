import { mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { Command } from "commander";
import { jsonText } from "../../../core/escape.ts";
import { storyFiles } from "../../../core/evidence/story-files.ts";
import { fileProblem } from "../../terminal/file-problem.ts";
import type { Io } from "../../terminal/io.ts";
import { stop, wholeNumber } from "./input.ts";
import { type KeyOptions, withKeys } from "./trusted-keys.ts";
import { readVerified } from "./verified-entries.ts";

type ExportOptions = KeyOptions & { to?: string; json?: boolean };

/** `sallyport story export`: writes a story as files from a verified ledger, with no server and no token. */
export function storyCommand(io: Io): Command {
  const command = new Command("story").description("tell a story from its ledger");
  command.addCommand(
    withKeys(new Command("export"))
      .description("write what was asked, planned, done and proved of a story as files")
      .argument("<story>", "the number of the story's issue")
      .argument("[place]", "a clone of the governed repository, an imported folder or an archive", ".")
      .option("--to <folder>", "a new or empty folder (story-<number> if left out)")
      .option("--json", "print the files as JSON instead of writing them")
      .addHelpText("after", "\nExample:\n  npx sallyport story export 12 web.git --to story-12")
      .action((story: string, place: string, options: ExportOptions) => exportStory(io, story, place, options)),
  );
  return command;
}

async function exportStory(io: Io, text: string, place: string, options: ExportOptions): Promise<void> {
  const refuse = (why: string, status: 1 | 2 = 2) => stop(io, "story export", why, status);
  const story = wholeNumber(text);
  if (story === null) return refuse("it takes the number of the story's issue, such as 12");
  const ledger = await readVerified(io, "story export", place, options);
  if (ledger === null) return;
  const files = storyFiles(ledger.entries, story);
  if (files === null)
    return refuse(
      `nothing of #${story} was approved, as far as the ledger tells; \`ledger show --story ${story}\` prints what it holds`,
      1,
    );
  if (options.json === true) io.out(`${jsonText(Object.fromEntries(files))}\n`);
  else {
    const to = resolve(io.cwd, options.to ?? `story-${story}`);
    const there = await readdir(to).catch(() => []);
    if (there.length > 0) return refuse(`${to} is not empty: name another folder with --to`);
    try {
      for (const [path, content] of files) {
        await mkdir(dirname(join(to, path)), { recursive: true });
        await writeFile(join(to, path), content);
      }
    } catch (error) {
      return refuse(`${to} cannot be written: ${fileProblem(error)}; name another folder with --to`);
    }
    io.out(`Wrote ${files.size} files to ${to}: ${[...files.keys()].join(", ")}\n`);
  }
  io.exit(0);
}
