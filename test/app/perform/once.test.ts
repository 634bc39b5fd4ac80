import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { scenes } from "../../builders/effect-scenes.ts";
import { type Acme, startAcme } from "../../hosts/store-and-github.ts";

let acme: Acme;
beforeAll(async () => {
  acme = await startAcme();
});
afterAll(() => acme.close());

/** A pattern for the path of a request, whatever its numbers and commits are. */
function pattern(path: string): string {
  const numberless = path.replace(/[0-9a-f]{40}/g, "@").replace(/\d+/g, "@");
  return `/repos/acme/web${numberless.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("@", "[0-9a-f]+")}$`;
}

describe.each(Object.entries(scenes))("%s", (_type, play) => {
  test("T259 done twice is done once", async () => {
    const { effect, seen } = await play(acme);
    const first = await acme.perform(effect);
    const after = await seen();
    acme.written();
    const second = await acme.perform(effect);
    expect(second).toEqual(first);
    expect(await seen()).toEqual(after);
    // Blobs, trees and commits are named by their content: writing one again changes nothing. So it is with closing.
    const again = acme
      .written()
      .filter((one) => !/^POST \/git\/|reactions$|^DELETE .*labels|^PATCH \/issues\/\d+$/.test(one));
    expect(again).toEqual([]);
  });

  test("T251, T252, T257, T258 each write done, its answer lost: the next try finds it", async () => {
    const clean = await play(acme);
    acme.written();
    const { result } = await acme.settle(clean.effect);
    const writes = [...new Set(acme.written())];
    const expected = await clean.seen();
    expect(writes.length).toBeGreaterThan(0);
    for (const write of writes) {
      const [method = "", path = ""] = write.split(" ");
      const scene = await play(acme);
      acme.sandbox.fault({ kind: "status", method, path: pattern(path), status: 502, after: true });
      const broken = await acme.settle(scene.effect);
      // A pull request that GitHub did not confirm is looked for at once; all else at the next try.
      expect({ write, tries: broken.tries }).toEqual({ write, tries: write === "POST /pulls" ? 1 : 2 });
      expect(broken.result.type).toBe(result.type);
      expect({ write, seen: await scene.seen() }).toEqual({ write, seen: expected });
    }
  });
});
