/**
 * A reason at its source position, which GitHub shows beside the lines of a change. `line` is null for a reason about a
 * whole file, `path` for one about no file. The author of the change chose the file names.
 */
export type Annotation = {
  title: string;
  message: string;
  path: string | null;
  line: number | null;
};
