/** What a command may touch of the world around it; the entry file makes the real one, tests make their own. */
export type Io = {
  /** Writes to standard output, exactly as given. */
  out(text: string): void;
  /** Writes to standard error, exactly as given. */
  err(text: string): void;
  /** Sets the exit status: 0 yes, 1 no, 2 could not decide or bad input. */
  exit(code: number): void;
  env: Record<string, string | undefined>;
  /** The folder that relative paths start from. */
  cwd: string;
  /** A folder of the user's own where what was worked out may be kept, and may be deleted at any time; absent: there is none. */
  cache?: string | undefined;
  /** Whether standard output is a terminal that shows colours. */
  color: boolean;
  /** Whether standard error is a terminal, where a line of progress may be drawn over; not if absent. */
  redraws?: boolean;
};
