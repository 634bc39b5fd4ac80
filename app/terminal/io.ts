/** A command's access to the process; the entry file makes the real one, tests make their own. */
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
  /** The user's own cache folder; its files may be deleted at any time. Absent if there is none. */
  cache?: string | undefined;
  /** Whether standard output is a terminal that shows colours. */
  color: boolean;
  /** Whether standard error is a terminal, on which a progress line may be redrawn; absent means no. */
  redraws?: boolean;
};
