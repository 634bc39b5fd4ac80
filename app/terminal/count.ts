import { type Known, known, unknown } from "../../core/known.ts";

/** Reads a number of changes from an option, such as `--last 50`. */
export function readCount(option: string, text: string): Known<number> {
  if (/^[1-9][0-9]{0,3}$/.test(text)) return known(Number(text));
  return unknown(`${option} ${JSON.stringify(text)} is not a number of changes: write 1 to 9999`);
}
