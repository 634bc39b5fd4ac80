/** The lines of one file that can be covered, and whether each was. */
export type CoveredLines = Map<number, boolean>;

/**
 * A report of line coverage as it was read: its files by the path that it gives them, and all lines. A summary has no
 * files. Whoever ran the tests wrote it: it says what they say.
 */
export type CoverageReport = {
  format: string;
  files: Map<string, CoveredLines>;
  total: { covered: number; lines: number };
};

/** So many lines of all files are read at most. */
const maxLines = 1_000_000;

/** Collects lines by file; a line that is told twice is covered if one of them says so. */
function collector() {
  const files = new Map<string, CoveredLines>();
  let left = maxLines;
  return {
    files,
    add(path: string, line: number, isCovered: boolean) {
      left -= 1;
      if (left < 0 || path === "" || !Number.isSafeInteger(line) || line < 1) return;
      const lines = files.get(path) ?? new Map<number, boolean>();
      lines.set(line, isCovered || lines.get(line) === true);
      files.set(path, lines);
    },
    isFull: () => left < 0,
  };
}
type Collector = ReturnType<typeof collector>;

/** LCOV's tracefile. Source: geninfo(1). */
function readLcov(text: string, { add }: Collector): void {
  let path = "";
  for (const line of text.split("\n")) {
    if (line.startsWith("SF:")) path = line.slice(3).trim();
    const [, at, hits] = /^DA:(\d{1,9}),(-?\d{1,15})/.exec(line) ?? [];
    if (at !== undefined) add(path, Number(at), Number(hits) > 0);
  }
}

/** Go's cover profile: a block counts on each of its lines. Source: `go doc cmd/cover`. */
function readGo(text: string, collected: Collector): void {
  for (const line of text.split("\n")) {
    const [, path, first, last, hits] =
      /^(.{1,1000}):(\d{1,9})\.\d{1,9},(\d{1,9})\.\d{1,9} \d{1,9} (\d{1,15})\s*$/.exec(line) ?? [];
    for (let at = Number(first); path !== undefined && at <= Number(last) && !collected.isFull(); at += 1)
      collected.add(path, at, Number(hits) > 0);
  }
}

const plain = (text: string) =>
  text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll("&amp;", "&");

/**
 * Cobertura's and JaCoCo's XML, by their line tables alone. Tags are read by their look: no document type, no entity but
 * the five of XML itself, nothing is fetched or expanded.
 */
function readXml(text: string, { add, isFull }: Collector): void {
  let [folder, path] = ["", ""];
  // Each character is looked at once: a tag ends before the next one begins.
  let next = text.indexOf("<");
  while (next !== -1 && !isFull()) {
    const from = next + 1;
    next = text.indexOf("<", from);
    if (!/^(?:class|line|package|sourcefile)\b/.test(text.slice(from, from + 11))) continue;
    const [tag = ""] = text.slice(from, Math.min(from + 3_000, next === -1 ? text.length : next)).split(">", 1);
    const found = new Map([...tag.matchAll(/([\w-]{1,40})="([^"<]{0,1000})"/g)].map(([, key, value]) => [key, value]));
    const value = (key: string) => plain(found.get(key) ?? "");
    if (tag.startsWith("package")) folder = value("name");
    else if (tag.startsWith("class") && found.has("filename")) path = value("filename");
    else if (tag.startsWith("sourcefile")) path = `${folder}/${value("name")}`;
    else if (tag.startsWith("line") && found.has("nr")) add(path, Number(value("nr")), Number(value("ci")) > 0);
    else if (tag.startsWith("line") && found.has("number"))
      add(path, Number(value("number")), Number(value("hits")) > 0);
  }
}

const record = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};

/** SimpleCov's result set: an array of hits for each file, null for a line that cannot be covered. */
function readSimpleCov(json: Record<string, unknown>, { add }: Collector): void {
  for (const command of Object.values(json))
    for (const [path, file] of Object.entries(record(record(command).coverage))) {
      const lines = Array.isArray(file) ? file : record(file).lines;
      if (!Array.isArray(lines)) continue;
      lines.forEach((hits, index) => {
        if (typeof hits === "number") add(path, index + 1, hits > 0);
      });
    }
}

/** The total of Istanbul's `json-summary`; null if it is none or tells of no line. */
function summaryTotal(json: Record<string, unknown>): CoverageReport["total"] | null {
  const { total, covered } = record(record(json.total).lines);
  const isCount = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0;
  return isCount(total) && isCount(covered) && Number(covered) <= Number(total) && Number(total) > 0
    ? { covered: Number(covered), lines: Number(total) }
    : null;
}

/**
 * Reads a report of line coverage, of LCOV, Cobertura, JaCoCo, Go, SimpleCov or Istanbul's summary, by what stands in it.
 * Null: it is none of these, or it tells of no line.
 */
export function readCoverage(text: string): CoverageReport | null {
  const collected = collector();
  const start = text.slice(0, 20_000);
  let format = "";
  if (/^\s*\{/.test(start)) {
    const json = parse(text);
    const total = summaryTotal(json);
    if (total !== null) return { format: "Istanbul's summary", files: new Map(), total };
    format = "SimpleCov";
    readSimpleCov(json, collected);
  } else if (/^(?:TN|SF):/m.test(start)) {
    format = "LCOV";
    readLcov(text, collected);
  } else if (/^mode: (?:set|count|atomic)\s*$/m.test(start.split("\n", 1)[0] ?? "")) {
    format = "Go";
    readGo(text, collected);
  } else if (/<(?:coverage|report)\b/.test(start)) {
    format = /<report\b/.test(start) ? "JaCoCo" : "Cobertura";
    readXml(text, collected);
  }
  const { files } = collected;
  if (collected.isFull() || files.size === 0) return null;
  const total = { covered: 0, lines: 0 };
  for (const lines of files.values()) {
    total.lines += lines.size;
    for (const isCovered of lines.values()) total.covered += isCovered ? 1 : 0;
  }
  return { format, files, total };
}

function parse(text: string): Record<string, unknown> {
  try {
    return record(JSON.parse(text));
  } catch {
    return {};
  }
}
