import * as z from "zod";

/** A path pattern in a policy; `core/paths/patterns.ts` says which are accepted. */
export const pattern = z
  .string()
  .min(1)
  .max(500)
  .refine((text) => !/^(?:[!#/]|\.\/)/.test(text), "a pattern does not start with `!`, `#`, `/` or `./`")
  .describe(
    "A path pattern: `*` within one name, `**` between slashes for any folders; `dir` means the folder and all in it.",
  );

/** A path of one file: nothing of it is a pattern, and no part of it leads out of the repository. */
export const plainFile = z
  .string()
  .regex(
    /^(?!.*(?:^|\/)\.{0,2}(?:\/|$))[^\p{Cc}\\*?[\]{}!]{1,200}$/u,
    "name a file by its path from the root, without `..` and wildcards",
  );

/** A list of path patterns. */
export const patterns = z.array(pattern).max(500);

function quantity(units: Record<string, number>, example: string) {
  const suffixes = Object.keys(units).join("|");
  const form = new RegExp(`^([0-9]{1,9})(${suffixes})?$`);
  return z
    .union([z.int().positive(), z.string().regex(form, `write a whole number or a form such as ${example}`)])
    .transform((value) => {
      if (typeof value === "number") return value;
      const [, digits, unit] = form.exec(value) ?? [];
      return Number(digits) * (unit === undefined ? 1 : (units[unit] ?? 1));
    })
    .pipe(z.int().positive());
}

/** A size as a number of bytes or in a unit. */
export const bytes = quantity({ KB: 1_000, MB: 1_000_000, GB: 1_000_000_000 }, "`1MB`");
/** A number, as such or in thousands or millions. */
export const count = quantity({ k: 1_000, M: 1_000_000 }, "`400k`");
/** A length of time, in seconds or in a unit. */
export const seconds = quantity({ s: 1, m: 60, h: 3_600 }, "`20m`");
/** A number of days, as such or in its unit. */
export const days = quantity({ d: 1 }, "`400d`").pipe(z.int().max(36_500, "write at most `36500d`"));

/** The four groups of people in a policy. */
export const duties = ["planners", "executors", "approvers", "architects"] as const;
/** A group of people in a policy. */
export type Duty = (typeof duties)[number];
