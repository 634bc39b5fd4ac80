import { expect, test } from "@jest/globals";
import { openDatabase } from "../../../app/store/database.ts";
import { readSteps, stepLog } from "../../../app/store/steps.ts";

test("a file with a NUL, which the database's texts cannot hold, is told with a sign for it", async () => {
  const { db, close } = await openDatabase({ folder: null });
  const note = stepLog(db, { repository: 1, effect: "agent/1", mayNote: async () => undefined });
  await note({ line: "write_file \0", path: "a", patch: "+one\0two\n", usage: null });
  expect(await readSteps(db, "agent/1")).toMatchObject([{ line: "write_file \u2400", patch: "+one\u2400two\n" }]);
  await close();
});
