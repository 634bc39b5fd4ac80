import type { TestLanguage } from "../languages/language.ts";
import { innerOf, partsOf, restAfter } from "./bracketed-text.ts";

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
