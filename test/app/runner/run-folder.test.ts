import { existsSync } from "node:fs";
import { mkdtemp, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { makeRunFolder } from "../../../app/runner/run-folder.ts";

test("the folder of a run whose process was killed goes when no run can be at work in it any more", async () => {
  const made = async (prefix: string, days: number) => {
    const folder = await mkdtemp(join(tmpdir(), prefix));
    await writeFile(join(folder, "file"), "text", { mode: 0o400 });
    const at = new Date(Date.now() - days * 86_400_000 - 60_000);
    await utimes(folder, at, at);
    return folder;
  };
  const left = await made("sallyport-run-", 2);
  const kept = [await made("sallyport-run-", 1), await made("somebody-", 2)];
  const link = `${left}-link`;
  await symlink(kept[1] ?? "", link);
  const folder = await makeRunFolder();
  expect([left, ...kept].map((path) => existsSync(path))).toEqual([false, true, true]);
  expect(existsSync(join(kept[1] ?? "", "file"))).toBe(true);
  await folder.remove();
  for (const path of [...kept, link]) await rm(path, { recursive: true });
});
