import type { TestLanguage } from "../languages/language.ts";
import { innerOf, partsOf, restAfter } from "./bracketed-text.ts";
import type { CodeText } from "./code-text.ts";
import type { CodeShape } from "./dead-code.ts";

const literal = /^(?:!?(?:true|True|false|False|null|undefined|None|nil)|\d[\d.]{0,20}|(["'`])[^"'`]{0,200}\1)$/;
/** A promise whose failure is caught and forgotten. */
const forgets = /\.catch\(\s{0,9}\(?\w{0,20}\)?\s{0,9}=>\s{0,9}(?:\{\s{0,9}\}|undefined|null)\s{0,9}\)\s{0,9};?$/;
const truth = /^(?:true|True|1|not False|!false|(["'`])[^"'`]{1,200}\1)$/;

/** Whether an assertion cannot fail, by its own text: it compares a thing with itself, or asks for nothing. */
export function isVoid(text: string, isStatement: boolean, { tupleIsTrue }: TestLanguage): boolean {
  if (forgets.test(text)) return true;
  const open = isStatement ? text.search(/\s|\(|$/) : text.search(/[([]/);
  const [name, argument] = [text.slice(0, open), isStatement ? text.slice(open).trim() : innerOf(text, open)];
  if (tupleIsTrue && isStatement && argument.startsWith("(") && restAfter(argument, 0) === "")
    return partsOf(innerOf(argument, 0), /^,/).length > 1;
  const [first = "", second] = partsOf(argument, /^,/);
  if (
    partsOf(first, /^(?:\|\||or\b)/)
      .slice(1)
      .some((one) => truth.test(one))
  )
    return true;
  const [left, right, third] = partsOf(first, /^={2,3}/);
  if (left === right && third === undefined) return true;
  if (/^expect(?:TypeOf)?(?!\w)/.test(name)) {
    const chain = restAfter(text, open).replace(/;$/, "").trim();
    const last = /\.\s{0,9}\w{1,60}\(([^()]{0,300})\)$/.exec(chain)?.[1]?.trim();
    return chain === "" || literal.test(first) || (last === first && !/\.not\b/.test(chain));
  }
  if (/fail|error|fatal|panic|should|expects|received|called/i.test(name)) return false;
  // A text that is followed by calls is a message, as in `assertWithMessage("…").that(a)`.
  const isMessage = /^["'`]/.test(first) && /^\s*\./.test(restAfter(text, open));
  if (truth.test(first) && (second === undefined || /^["'`]/.test(second))) return !isMessage;
  return first === second && /eq|same|is|^assert$/i.test(name) && !/ne\b|not/i.test(name);
}

/** An assertion that asks for no more than that a thing is there, with its arguments. */
const asksForThing =
  /^(?:[\w$]{1,40}(?:\.|->|::)|->|::)?(?:assert)?(?:Is)?Not_?(?:Null|Nil)\(\s{0,9}(?:(?:t|tb|b|[\w.]{1,20}\.T\(\)),\s{0,9})?([^;]{1,200})\)\s{0,9};?$|^(?:expect|assertThat)\(([^;]{1,200})\)\s{0,99}\.\s{0,9}(?:isNotNull|toBeDefined|toBeTruthy|not\.toBe(?:Null|Undefined))\(\)\s{0,9};?$/i;
/** What always gives a thing: an allocation, or one of the constructors of Go's library that return no error. */
const makes = /^(?:new\b|&[A-Za-z]|make\(|(?:bytes|strings|bufio|errors)\.New\w{0,20}\()/;
/** So far back the code is searched for what made a thing, in characters. */
const maxBack = 2_000;

/** Whether an expression makes a thing, and nothing is asked of that. */
function isMade(text: string): boolean {
  if (!makes.test(text)) return false;
  const open = /^[^({;,\n]{0,200}[({]/.exec(text)?.[0].length ?? 0;
  return open === 0 || !/^\s{0,200}(?:[.?[(]|->)/.test(restAfter(text, open - 1));
}

/**
 * Whether an assertion at an offset asks only for a thing that the code just before it made, so that it cannot fail. What
 * was assigned last counts, in the same block or one around it; a thing whose address was handed on may be another now.
 */
export function isOfMade(text: string, at: number, { uncommented }: CodeText, { bare, braces }: CodeShape): boolean {
  const match = asksForThing.exec(text.trim());
  const [thing = ""] = partsOf(match?.[1] ?? match?.[2] ?? "", /^,/);
  if (!/^\$?\w{1,60}$/.test(thing)) return isMade(thing);
  const from = Math.max(0, at - maxBack);
  const above = bare.slice(from, at);
  const name = thing.replace("$", "\\$");
  const assigns = new RegExp(`(?<![\\w$.>])${name}\\s{0,9}(?:,[^=;\\n]{0,100})?:?=(?![=>])\\s{0,9}`, "g");
  const last = [...above.matchAll(assigns)].at(-1);
  if (last === undefined || braces.around(from + last.index).to < at) return false;
  const end = last.index + last[0].length;
  return isMade(uncommented.slice(from + end, at)) && !new RegExp(`&${name}\\b`).test(above.slice(end));
}
