/**
 * What lies between a label and the model, and between its answer and the pull request: the requests to GitHub, and our
 * own time as a share of the whole, with a model that takes a second for each answer. `--calls` names each request.
 */
import { type Call, type Dispatch, startCountedJourney } from "../test/hosts/counted-dispatch.ts";
import { atMost, printTable, type Row } from "./table.ts";

const rows: Row[] = [];

/** A request as a line: of a query its name, and of a write the beginning of what it sends. */
function lineOf({ what, body, start, end }: Call): string {
  const query = /"query":"query (\w+)/.exec(body)?.[1];
  const more = query === undefined ? body.slice(0, 60) : query;
  return `${(end - start).toFixed(0).padStart(5)} ms  ${what} ${more}`.trimEnd();
}

function tell(what: string, { legs, whole, ours }: Dispatch): void {
  for (const { name, own, apart } of legs) {
    rows.push(atMost(`${what}, ${name}: requests`, own.length, 12, ""));
    rows.push({
      what: `${what}, ${name}: meanwhile, for the ledger's export and tokens`,
      figure: `${apart.length.toFixed(2)} `,
      bound: "counted apart",
      holds: true,
    });
    if (!process.argv.includes("--calls")) continue;
    console.log(`\n${what}, ${name}`);
    for (const call of own) console.log(`  ${lineOf(call)}`);
    for (const call of apart) console.log(`  ${lineOf(call)}  (apart)`);
  }
  if (legs.length === 1) return;
  const share = (100 * ours) / whole;
  rows.push(atMost(`${what}: our own time of ${(whole / 1_000).toFixed(1)} s`, share, 20, "%"));
}

const counted = await startCountedJourney(1_000);
tell("light tier", await counted.lightTier());
const { plan, run } = await counted.fullRoad();
tell("plan", plan);
tell("full road", run);
if (!printTable("from a label to a pull request", rows)) process.exitCode = 1;
await counted.close();
