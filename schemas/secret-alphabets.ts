/** The characters that the body of a secret may have, for a regular expression's brackets. */
export const alphabets = {
  hex: "0-9a-f",
  lower: "0-9a-z",
  upper: "0-9A-Z",
  base62: "0-9A-Za-z",
  base64: "0-9A-Za-z+/",
  base64url: "0-9A-Za-z_-",
  token: "0-9A-Za-z_=.~-",
} as const;

/** Their names, as a policy writes them. Without zod, because `check` starts without schemas. */
export const alphabetNames = [
  "hex",
  "lower",
  "upper",
  "base62",
  "base64",
  "base64url",
  "token",
] as const satisfies readonly (keyof typeof alphabets)[];
