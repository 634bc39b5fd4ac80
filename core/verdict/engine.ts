/** The version of the rules, part of every verdict: it changes when the same facts could give another verdict. */
export const engine = "3";
