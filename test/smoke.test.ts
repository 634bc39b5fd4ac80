import { expect, test } from "@jest/globals";
import { z } from "zod";
test("toolchain", () => { expect(z.string().parse("a") as string).toBe("a"); });
