const problems: Record<string, string> = {
  ENOENT: "there is no such file",
  EACCES: "this user may not",
  EPERM: "this user may not",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of its path is no folder",
  ENOSPC: "the disk is full",
  EROFS: "the disk is read-only",
  EEXIST: "something else is there",
  ERR_ENCODING_INVALID_ENCODED_DATA: "it is no UTF-8: save it as that",
  EADDRINUSE: "another program listens there",
};

/** Why a file cannot be read or written, or a port not be listened on, in our words. */
export function fileProblem(error: unknown): string {
  const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
  return problems[code] ?? (code || String(error));
}
