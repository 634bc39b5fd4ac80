/** Words that stand in documentation where a secret would. A random text of a secret's length hardly holds one. */
const words =
  /example|placeholder|redacted|change-?me|replace-?me|dummy|x{4}|your(?:[-_]|api|access|key|private|secret|token)/i;

/** Less entropy than this, in bits a character, has no random text of twenty characters. */
const leastEntropy = 2.5;

/** Whether a token was made up for documentation or a test, as its words, repetitions or low entropy show. */
export function isMadeUp(token: string): boolean {
  if (words.test(token)) return true;
  const letters = Array.from(token, (letter) => letter.charCodeAt(0));
  // `1234567890abcdef`, `aaaa`: most characters follow from the one before.
  const runs = letters.filter((code, at) => at > 0 && Math.abs(code - (letters[at - 1] ?? 0)) <= 1).length;
  return runs > letters.length * 0.6 || (letters.length >= 20 && entropy(letters) < leastEntropy);
}

/** Shannon's entropy, in bits a character. */
function entropy(letters: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const letter of letters) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => {
    const share = count / letters.length;
    return sum - share * Math.log2(share);
  }, 0);
}

/** Passwords that stand in examples of addresses. */
const passwords =
  /^(?:[a-z]{2,12}[-_]){0,3}(?:my|your|the|some)?[-_]?(?:pass(?:word|wd|phrase)?|pw|pwd|secret|token|user(?:name)?|admin|root|guest|test|foo|bar|postgres|mysql|mongo|changeme|example|\*+|\.{3}|x+)$/i;

/** Whether an address such as `https://user:password@host` holds a password of an example. */
export function isMadeUpAddress(address: string): boolean {
  const password = /:\/\/[^:@/\s]*:([^@\s]*)@/.exec(address)?.[1];
  return password !== undefined && passwords.test(password);
}
