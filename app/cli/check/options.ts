/** The options of `sallyport check`, as they were given. */
export type CheckOptions = {
  base?: string;
  head?: string;
  repo?: string;
  policy?: string;
  pr?: string;
  json?: boolean;
};
