import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { maintain, openEmbedded, watchEnd } from "../../../app/store/embedded.ts";
import { hasSmallDisks, mountSmallDisk } from "../../hosts/small-disk.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "embedded-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("a database is begun in a folder that is not there or empty, past one that was half made, and found again", async () => {
  const folder = join(dir, "database");
  mkdirSync(folder);
  mkdirSync(`${folder}.part/base`, { recursive: true });
  const first = await openEmbedded(folder);
  await first.query("create table notes (text text)");
  await first.close();
  const second = await openEmbedded(folder);
  expect((await second.query("select * from notes")).rows).toEqual([]);
  await second.close();
  expect(readdirSync(dir)).toEqual(["database"]);
});

test("a folder that holds something else is left as it is", async () => {
  writeFileSync(join(dir, "letter.txt"), "Dear reader");
  await expect(openEmbedded(dir)).rejects.toMatchObject({
    code: "bad-input",
    message: expect.stringContaining("DATABASE_FOLDER"),
  });
  expect(readdirSync(dir)).toEqual(["letter.txt"]);
  expect(existsSync(`${dir}.part`)).toBe(false);
});

test("a database that a process has open is opened by no second one, and again after that one has ended", async () => {
  const folder = join(dir, "database");
  const first = await openEmbedded(folder);
  await expect(openEmbedded(folder)).rejects.toMatchObject({
    code: "bad-input",
    message: expect.stringContaining("another process"),
  });
  await first.query("create table notes (text text)");
  await first.close();
  // As a process leaves it that was killed: the name stays, and nobody listens.
  const killed = `require("node:net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))`;
  spawnSync(process.execPath, ["-e", killed, `${folder}.lock`]);
  expect(existsSync(`${folder}.lock`)).toBe(true);
  const second = await openEmbedded(folder);
  await second.close();
  expect(readdirSync(dir)).toEqual(["database"]);
});

test("a database that is maintained takes no more of the disk, however much is written and deleted", async () => {
  const folder = join(dir, "database");
  const pglite = await openEmbedded(folder);
  await pglite.exec("create table notes (id bigserial primary key, text text)");
  await pglite.exec('create table "Other notes" (text text)');
  const bytesIn = (part: string) =>
    readdirSync(join(folder, part), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
  const sizes: { log: number; tables: number }[] = [];
  for (let round = 0; round < 5; round++) {
    await pglite.exec("insert into notes (text) select repeat('x', 500) from generate_series(1, 30000)");
    await pglite.exec("insert into \"Other notes\" select repeat('x', 500) from generate_series(1, 30000)");
    await pglite.exec('delete from notes; delete from "Other notes"');
    await maintain(pglite, folder);
    sizes.push({ log: bytesIn("pg_wal"), tables: bytesIn("base") });
  }
  await pglite.close();
  // A checkpoint keeps files of the log for what the last ones needed, so the first round tells too little.
  const [, second, , , last] = sizes;
  expect(last?.log).toBeLessThan(1.2 * (second?.log ?? 0));
  expect(last?.tables).toBeLessThan(1.2 * (second?.tables ?? 0));
});

test("a long text that is written anew again and again takes no more of the disk", async () => {
  const folder = join(dir, "database");
  const pglite = await openEmbedded(folder);
  // As the row that tells where a repository stands: its own page is cleared by whoever reads it, its text's is not.
  await pglite.exec("create table states (id integer primary key, state text); insert into states values (1, '')");
  const sizes: number[] = [];
  for (let round = 0; round < 4; round++) {
    for (let time = 0; time < 40; time++)
      await pglite.exec(
        "update states set state = (select string_agg(md5(random()::text), '') from generate_series(1, 5000))",
      );
    await maintain(pglite, folder);
    const { rows } = await pglite.query<{ size: number }>("select pg_total_relation_size('states')::int as size");
    sizes.push(rows[0]?.size ?? 0);
  }
  await pglite.close();
  expect(sizes.at(-1)).toBeLessThan(1.5 * (sizes[0] ?? 0));
});

test("what is rare is found by its index, however many rows there are, also after a restart", async () => {
  const folder = join(dir, "database");
  const first = await openEmbedded(folder);
  await first.exec("create table tasks (id bigserial primary key, status text not null)");
  await first.exec("create index tasks_left on tasks (id) where status <> 'done'");
  await first.exec("insert into tasks (status) select 'done' from generate_series(1, 20000)");
  await first.close();
  const second = await openEmbedded(folder);
  await second.exec("update tasks set status = 'done' where id <= 100");
  await maintain(second, folder);
  const { rows } = await second.query("explain select count(*) from tasks where status <> 'done'");
  await second.close();
  expect(JSON.stringify(rows)).toContain("tasks_left");
});

(hasSmallDisks ? test : test.skip)("S8: maintenance ends no database whose disk is full", async () => {
  const disk = mountSmallDisk(160);
  try {
    const folder = join(disk.folder, "database");
    const pglite = await openEmbedded(folder);
    void watchEnd(pglite);
    await pglite.exec("create table notes (text text); insert into notes values ('before')");
    disk.fill();
    await maintain(pglite, folder);
    disk.empty();
    await pglite.exec("update notes set text = 'after'");
    await maintain(pglite, folder);
    expect((await pglite.query("select text from notes")).rows).toEqual([{ text: "after" }]);
    await pglite.close();
  } finally {
    disk.close();
  }
});
