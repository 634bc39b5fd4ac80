import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { expect, test } from "@jest/globals";

test.each(["policy schema", "--help"])(
  "sallyport %s ends without a word when nobody reads on, as with `| head`",
  async (line) => {
    const child = spawn(process.execPath, ["--no-warnings", "app/cli.ts", ...line.split(" ")], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout.destroy();
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
    expect(said).toBe("");
    expect([0, 2]).toContain(code);
  },
);
