/** The version of the rules themselves: it changes when the same facts could give another verdict, and stands in every verdict. */
export const engine = "2";
