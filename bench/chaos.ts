/**
 * `npm run bench -- chaos [seed=7] [stories=200] [log=…]`: many stories on three processes and one PostgreSQL, once in calm and
 * once while processes are killed, deliveries are lost, doubled, late and out of order, and GitHub fails after it did
 * what it was asked. The end has to be the same.
 */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { postgresPrograms, startPostgres } from "../test/hosts/postgres.ts";
import { playAll } from "./chaos-world.ts";
import { printTable, type Row } from "./table.ts";

if (postgresPrograms === null) {
  console.error("bench: the chaos run needs PostgreSQL on this machine (Debian: apt-get install postgresql)");
  process.exit(2);
}
const given = (name: string, otherwise: number) =>
  Number(process.argv.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? otherwise);
const [seed, stories] = [given("seed", 7), given("stories", 200)];
const log = process.argv.find((one) => one.startsWith("log="))?.slice(4) ?? join(tmpdir(), "sallyport-chaos");
const shownLength = 500;
const program = fileURLToPath(new URL("../dist/sallyport.cjs", import.meta.url));
const postgres = await startPostgres();
try {
  const calm = await playAll(stories, { url: await postgres.create("calm"), seed: null, program, log: `${log}-calm` });
  console.log(`calm: ${stories} stories in ${Math.round(calm.seconds)} s`);
  const chaos = await playAll(stories, { url: await postgres.create("chaos"), seed, program, log: `${log}-chaos` });
  console.log(`chaos (seed ${seed}): ${stories} stories in ${Math.round(chaos.seconds)} s`);
  for (const [what, times] of [...chaos.faults].sort()) console.log(`  ${what}: ${times}`);
  const rows: Row[] = [];
  for (const name of ["issues", "comments", "checks", "entries", "calls"] as const) {
    const [gone, added] = [without(calm.parts[name], chaos.parts[name]), without(chaos.parts[name], calm.parts[name])];
    for (const line of gone) console.log(`- ${name}: ${line.slice(0, shownLength)}`);
    for (const line of added) console.log(`+ ${name}: ${line.slice(0, shownLength)}`);
    const figure = `${chaos.parts[name].length}, of which ${added.length} other`;
    rows.push({
      what: name,
      figure,
      bound: `the same ${calm.parts[name].length}`,
      holds: gone.length + added.length === 0,
    });
  }
  for (const line of [...calm.wrong.map((one) => `calm: ${one}`), ...chaos.wrong.map((one) => `chaos: ${one}`)])
    console.log(line);
  process.exitCode = printTable("The end after chaos", rows) ? 0 : 1;
} finally {
  await postgres.close();
}

/** The lines that are not among others, each as often as it is there more often. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const times = left.get(line) ?? 0;
    left.set(line, times - 1);
    return times <= 0;
  });
}
