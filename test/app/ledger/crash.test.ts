import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { crash } from "../../hosts/crash.ts";
import { type Acme, startAcme } from "../../hosts/store-and-github.ts";

let acme: Acme;
beforeAll(async () => {
  acme = await startAcme();
});
afterAll(() => acme.close());

// `npm run bench -- crash` does it 200 times.
test("T144, T167 killed at any moment of appending and exporting: nothing that was stored is lost, no fork", async () => {
  const { entries, faults } = await crash(acme, 4);
  expect(faults).toEqual([]);
  expect(entries).toBeGreaterThan(10);
}, 120_000);
