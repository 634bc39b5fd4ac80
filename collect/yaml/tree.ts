import { type AliasEvent, EVENT_ID, type ScalarEvent } from "js-yaml";
import type { List, Located, Mapping, Scalar } from "../../core/yaml.ts";
import { isNode, type NodeEvent, type Source, startOf } from "./events.ts";
import { readScalar } from "./scalars.ts";

type State = Source & {
  /** The event that is read next. */
  next: number;
  anchors: Map<string, Located>;
  /** Nodes that are being built: an alias inside one cannot refer to it. */
  open: Set<Located>;
  /** How many nodes the aliases have expanded to so far. */
  aliased: number;
  /** Whether an alias cannot be resolved, so that the text has no value. */
  isBroken: boolean;
};

/** The most nodes that the aliases of a text may expand to together: a few lines can expand to billions. */
const maxAliased = 100_000;

const refusedKeys: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

function childrenOf(node: Located): Located[] {
  if (node.kind === "map") return [...node.entries.values()].map(({ value }) => value);
  return node.kind === "list" ? node.items : [];
}

/**
 * Whether an alias may expand to this node: no branch gets too deep, and the aliases do not expand to too many nodes.
 */
function fits(state: State, node: Located, depth: number): boolean {
  state.aliased += 1;
  if (depth >= state.maxDepth || state.aliased > maxAliased) return false;
  return childrenOf(node).every((child) => fits(state, child, depth + 1));
}

function resolveAlias(state: State, event: AliasEvent, depth: number): Located {
  const { text, anchors, open, isStrict, placeOf, report } = state;
  const offset = startOf(event);
  const name = text.slice(event.anchorStart, event.anchorEnd);
  const node = anchors.get(name);
  if (node !== undefined && !open.has(node) && fits(state, node, depth)) return node;
  const why =
    node === undefined
      ? `no anchor \`&${name}\` stands before it`
      : open.has(node)
        ? "it stands inside the value that it names"
        : `aliases make the text too deep, or larger than ${maxAliased} values`;
  if (!isStrict) report(offset, `the alias \`*${name}\` cannot be read: ${why}`);
  state.isBroken = true;
  const at = placeOf(offset);
  return { kind: "scalar", at, value: null, text: "", style: "plain", textLine: at.line };
}

function refuseMarks({ isStrict, text, report }: State, event: NodeEvent): void {
  if (!isStrict) return;
  const refuse = (offset: number, what: string) => {
    const [word = ""] = /^[^\s,\]}]+/.exec(text.slice(offset, offset + 500)) ?? [];
    report(offset, `${what} are not accepted: write the value out, or, if it begins so, \`"${word}"\` in quotes`);
  };
  if (event.type === EVENT_ID.ALIAS) {
    refuse(startOf(event), "aliases (`*name`)");
    return;
  }
  if (event.anchorStart >= 0) refuse(event.anchorStart - 1, "anchors (`&name`)");
  if (event.tagStart >= 0) refuse(event.tagStart, "tags (`!name`)");
}

function buildScalar(state: State, event: ScalarEvent, fallback: number, isKey: boolean): Scalar {
  const { value, text, style, isAmbiguous } = readScalar(state.text, event, isKey, state.isStrict);
  const offset = event.valueStart >= 0 ? startOf(event) : fallback;
  // Below another key `on` is a list of causes, as in GitHub's workflows, and no truth value can stand there.
  const isClear = isKey && (text === "<<" || (text === "on" && state.open.size > 1));
  if (isAmbiguous && !isClear) {
    const what = `${isKey ? "the key " : ""}"${text}"`;
    state.report(offset, `put ${what} in quotes: without them, readers of YAML do not agree what it is`);
  }
  const at = state.placeOf(offset);
  return { kind: "scalar", at, value, text, style, textLine: at.line };
}

/** The maps that a merge key merges, in order; an earlier one takes precedence. */
function mergedMaps({ isBroken, report }: State, offset: number, value: Located): Mapping[] {
  const values = value.kind === "list" ? value.items : [value];
  const maps = values.filter((one) => one.kind === "map");
  if (maps.length < values.length && !isBroken) report(offset, "a merge key (`<<`) takes a mapping or a list of them");
  return maps;
}

/** Reads one key; its name is null when it is refused, and its value is then left out. */
function buildKey(state: State, depth: number, fallback: number) {
  const { events, next, isStrict, report } = state;
  const event = events[next];
  const offset = isNode(event) ? Math.max(startOf(event), 0) : fallback;
  const node = buildNode(state, depth, fallback, true);
  if (node.kind !== "scalar") {
    report(offset, "a key is a plain word");
    return { name: null, offset, isMerge: false };
  }
  const isMerge = node.text === "<<" && node.style === "plain";
  if (isStrict && isMerge) report(offset, "merge keys (`<<`) are not accepted: write the keys out");
  if (!isStrict || !refusedKeys.has(node.text)) return { name: node.text, offset, isMerge };
  report(offset, `the key "${node.text}" is not accepted: rename it`);
  return { name: null, offset, isMerge: false };
}

function fillMap(state: State, { entries }: Mapping, start: number, depth: number): void {
  const merged: Mapping[] = [];
  while (state.events[state.next]?.type !== EVENT_ID.POP) {
    const { name, offset, isMerge } = buildKey(state, depth, start);
    const value = buildNode(state, depth, offset);
    if (name === null) continue;
    if (isMerge) {
      merged.push(...mergedMaps(state, offset, value));
      continue;
    }
    const before = entries.get(name);
    if (before !== undefined)
      state.report(offset, `the key "${name}" stands twice, first on line ${before.at.line}: keep one`);
    entries.set(name, { at: state.placeOf(offset), value });
  }
  // A mapping's own keys override merged ones, in any order.
  for (const map of merged) for (const [name, entry] of map.entries) if (!entries.has(name)) entries.set(name, entry);
}

function fillList(state: State, { items }: List, start: number, depth: number): void {
  while (state.events[state.next]?.type !== EVENT_ID.POP) items.push(buildNode(state, depth, start));
}

/** Creates a node: a scalar is complete, a list or mapping still empty. */
function beginNode(state: State, event: Exclude<NodeEvent, AliasEvent>, fallback: number, isKey: boolean): Located {
  if (event.type === EVENT_ID.SCALAR) return buildScalar(state, event, fallback, isKey);
  const at = state.placeOf(event.start);
  return event.type === EVENT_ID.SEQUENCE ? { kind: "list", at, items: [] } : { kind: "map", at, entries: new Map() };
}

/** Builds the node that begins at the next event; `fallback` is the offset of a value that is not written out. */
function buildNode(state: State, depth: number, fallback: number, isKey = false): Located {
  const event = state.events[state.next];
  state.next += 1;
  if (!isNode(event)) throw new Error("the events hold no node where one begins");
  refuseMarks(state, event);
  if (event.type === EVENT_ID.ALIAS) return resolveAlias(state, event, depth);
  const node = beginNode(state, event, fallback, isKey);
  if (event.anchorStart >= 0) state.anchors.set(state.text.slice(event.anchorStart, event.anchorEnd), node);
  if (event.type === EVENT_ID.SCALAR) return node;
  state.open.add(node);
  if (node.kind === "map") fillMap(state, node, event.start, depth + 1);
  if (node.kind === "list") fillList(state, node, event.start, depth + 1);
  // Skips the event that ends the list or the mapping.
  state.next += 1;
  state.open.delete(node);
  return node;
}

/**
 * Builds a tree for each document of a text and reports its problems. There are no trees when an alias cannot be
 * resolved: readers then have no value for it, or disagree. By the strict rules a text is one document.
 */
export function buildTrees(source: Source): Located[] {
  const { text, events, isStrict, report } = source;
  const state: State = {
    ...source,
    next: 0,
    anchors: new Map(),
    open: new Set(),
    aliased: 0,
    isBroken: false,
  };
  const trees: Located[] = [];
  while (state.next < events.length) {
    const document = events[state.next];
    state.next += 1;
    if (isStrict && trees.length > 0) {
      const first = events[state.next];
      const offset = isNode(first) ? startOf(first) : -1;
      const message = "a second document begins here: keep one, without `---` or `...` in the middle";
      report(offset >= 0 ? offset : text.length, message);
      break;
    }
    if (isStrict && document?.type === EVENT_ID.DOCUMENT && document.directives.length > 0)
      report(0, "directives (`%YAML`, `%TAG`) are not accepted: delete them");
    state.anchors.clear();
    trees.push(buildNode(state, 0, 0));
    state.next += 1;
  }
  return state.isBroken ? [] : trees;
}
