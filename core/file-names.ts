/**
 * The longest file or folder name on common file systems, and the longest path and deepest nesting that are checked.
 */
const limits = { name: 255, path: 4_096, folders: 128 };

/** Whether a path is longer or deeper than common file systems allow; it is not checked further. */
export function isTooLong(path: string): boolean {
  if (path.length <= limits.name) return false;
  if (path.length > limits.path) return true;
  const parts = path.split("/");
  return parts.length > limits.folders || parts.some((part) => part.length > limits.name);
}

/**
 * One form for all names that a case-insensitive or normalising file system, or a reader, could confuse: invisible
 * characters removed, NFKC, case-folded. Lossy, so it is used to deny and never to allow.
 */
export function foldConfusables(text: string): string {
  // Fast path for ASCII names, with the same result.
  if (/^[ -~]*$/.test(text)) return text.toLowerCase();
  const visible = text.replace(/[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, "");
  return visible.normalize("NFKC").toLowerCase().toUpperCase().toLowerCase().normalize("NFKC");
}

/** A code point in the usual notation, such as `U+200B`. */
export function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}

const invisible = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
const lookAlike = /[\u{FF01}-\u{FF5E}\u{1D400}-\u{1D7FF}]/u;
const device = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i;

function characterProblem(path: string): string | null {
  // Fast path: these characters are all plain.
  if (/^[!-.0-9;-[\]-~/ ]*$/.test(path)) return null;
  for (const character of path) {
    if (character === "\u{FFFD}") return "the name is not valid UTF-8 (U+FFFD stands where a byte could not be read)";
    if (invisible.test(character)) return `the name holds ${codePoint(character)}, which cannot be seen`;
    if (character === "\\") return "the name holds a backslash, which some systems take for a folder";
    if (character === ":") return "the name holds a colon, which some systems take for a drive or stream";
    if (/[^ -~]/.test(character) && (lookAlike.test(character) || /[./\\~: ]/.test(character.normalize("NFKC")))) {
      return `the name holds ${codePoint(character)}, which looks like \`${character.normalize("NFKC")}\``;
    }
  }
  return null;
}

function segmentProblem(segment: string): string | null {
  if (segment === "") return "the path begins or ends with `/`, or holds an empty name";
  if (segment === "." || segment === "..") return "the path holds a `.` or `..` folder";
  if (/^(?:\.git|git~[0-9]+)[. ]*$/.test(foldConfusables(segment))) return "the name can be taken for git's own folder";
  if (/[. ]$/.test(segment)) return "a name ends with a dot or a space, which some systems drop";
  if (device.test(segment)) return "the name is that of a device on some systems";
  return null;
}

/**
 * Why a path is hostile: it cannot be shown, checked out or compared the same way everywhere. Null: the name is plain.
 * Anyone who can push a branch chose it; the message names code points and never repeats invisible characters.
 * Source: git's own checks on tree entries (`fsck`), Windows' rules for file names.
 */
export function nameProblem(path: string): string | null {
  if (isTooLong(path))
    return `the path is longer or deeper than can be checked out (${limits.path} characters, ${limits.name} in a name)`;
  const character = characterProblem(path);
  if (character !== null) return character;
  for (const segment of path.split("/")) {
    const problem = segmentProblem(segment);
    if (problem !== null) return problem;
  }
  return null;
}
