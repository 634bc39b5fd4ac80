import * as z from "zod";
import { alphabetNames } from "./secret-alphabets.ts";

const length = z.int().min(8).max(1_000);

/**
 * A form of secrets that a policy adds. It is a fixed prefix and a body of one alphabet, and no regular expression, so
 * that no policy can make the search slow.
 */
export const SecretForm = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,39}$/, "a form's name is lower-case")
    .describe("How a finding names it."),
  prefix: z
    .string()
    .regex(/^[!-~]{3,60}$/, "write the fixed beginning of the secret: 3 to 60 characters of ASCII, without spaces"),
  alphabet: z
    .enum(alphabetNames)
    .default("base64url")
    .describe("What follows the prefix; all but `hex`, `lower`, `upper` and `base62` have signs besides."),
  length: z
    .union([length, z.tuple([length, length])])
    .transform((value): [number, number] => (typeof value === "number" ? [value, value] : value))
    .refine(([least, most]) => least <= most, "write the shortest length first, such as `[32, 64]`")
    .describe("How many characters follow the prefix: `40`, or `[32, 64]`."),
});

/** A form of secrets that a policy adds; `length` is the shortest and the longest body. */
export type SecretForm = z.output<typeof SecretForm>;
