/** A kind of string: its delimiters, whether `\` escapes, whether it may span lines. */
export type Quote = {
  open: string;
  close: string;
  escapes?: true;
  across?: true;
  /** The most characters it can hold: a quote not closed by then starts no string, as in Rust's lifetimes. */
  within?: number;
};

/** The comments and strings of a family of languages. If several openers match, the first in the list wins. */
export type Syntax = {
  lineComments: readonly string[];
  blockComments: readonly (readonly [open: string, close: string])[];
  quotes: readonly Quote[];
  /**
   * The characters that end a line, and so a comment, besides a line feed: without them code after one would count as
   * comment.
   */
  lineEnds?: string;
  /** Whether the language has JavaScript's templates and regular expressions, which can contain quotes. */
  script?: true;
};

/**
 * How tests are written in a family of languages. The expressions run on code with blanked comments and strings, whose
 * quotes remain; every repetition is bounded, because the files may be hostile. All are global.
 */
export type TestLanguage = {
  /** The endings of its files' names. */
  endings: string;
  syntax: Syntax;
  /** How the end of a case or block is found: `()` for a case that is a call with its body as an argument. */
  blocks: "()" | "{}" | "indent";
  /** The beginning of a case. An annotation is the beginning of what it stands before. */
  cases: RegExp;
  /** One annotation, up to its bracket, where it is written in another way than as `@name(`, `#[` or `[`. Sticky. */
  annotation?: RegExp;
  /** The beginning of a function, with its name as a group: one that asserts is a helper. */
  functions?: RegExp;
  /** A function that runs before every case of its block or file: a skip in it skips them. */
  hooks?: RegExp;
  /** What can fail. One that ends with a bracket goes on to its end and that of the calls after it, others to their line's. */
  assertions: RegExp;
  /** Whether an assertion of two things in brackets is one of a tuple, which is always true. */
  tupleIsTrue?: true;
  /**
   * Assertions that add nothing in blocks with such heads: those that say only that a line was reached, in a handler; in
   * a teardown those that ask whether the test could take its own files and settings away.
   */
  idle?: readonly { text: RegExp; within: RegExp }[];
  /** Each is one row of the table that makes several cases of one. */
  rows?: RegExp;
  /** A call, of which the argument at this index is the list of rows. */
  table?: { call: RegExp; argument: number };
  /** Switches off the case or block that begins here or, if it begins like an annotation, the one that follows. */
  never?: RegExp;
  /** Does so on a condition. */
  sometimes?: RegExp;
  /** Switches off the case that contains it, unless it stands behind a condition. */
  neverInside?: RegExp;
  sometimesInside?: RegExp;
  /** Switches every other case of the file off. */
  focuses?: RegExp;
  /** Switches the whole file off; matched on the raw text, because it may be a comment. */
  neverFile?: RegExp;
  sometimesFile?: RegExp;
  /** Whether the lines of a preprocessor switch parts of a file off. */
  directives?: true;
  /** Leaves a block: what follows in it is dead. */
  exits?: RegExp;
  /** The head of a handler that takes a failed assertion too: one that does nothing makes the block before it prove nothing. */
  swallows?: RegExp;
};

/** The quotation marks of most languages: `"…"`, `'…'`, a single character in `'`, and `"""…"""` over lines. */
export const double: Quote = { open: '"', close: '"', escapes: true };
export const single: Quote = { open: "'", close: "'", escapes: true };
export const character: Quote = { ...single, within: 12 };
export const triple: Quote = { open: '"""', close: '"""', escapes: true, across: true };
/** Comments as in C. */
export const slashes = { lineComments: ["//"], blockComments: [["/*", "*/"]] } as const;
/** Comments as in shells. */
export const hashes = { lineComments: ["#"], blockComments: [] } as const;
/** Line ends of ECMAScript and of C#, which has one more. */
export const scriptEnds = "\r\u2028\u2029";
/** A method or function in languages of C's family. */
export const braced =
  /\b(?!(?:if|for|while|switch|catch|return|new|else|synchronized|using|lock)\b)(\w{1,100})\s{0,9}\([^(){};]{0,300}\)[^(){};=]{0,100}\{/g;
/** The head of a handler that takes any exception, in languages of C's family. */
export const handler = /\bcatch\b[^{};\n]{0,200}\{/g;
/** What leaves a block there. */
export const leaves = /\b(?:return|throw)\b/g;
