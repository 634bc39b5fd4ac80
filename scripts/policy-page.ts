import type { z } from "zod";

type Node = Exclude<z.core.JSONSchema._JSONSchema, boolean>;
type Row = { key: string; takes: string; standard: string; meaning: string };

const introduction = `# The policy

\`.github/sallyport.yml\` on the default branch; a change of it is judged by the old one, and the App shows on the pull request
what the new one would have meant for the last fifty that were merged. The file is read strictly: an unknown key is an error
with a suggestion, by line and column; there are no anchors, merge keys, duplicate keys, tags or second documents; at most
64 KB. \`npx sallyport init\` writes a first one, \`policy lint\` looks for rules that do nothing or too much, \`policy explain
<path>\` says which rules touch a file, \`backtest --policy <new>\` tries it on what was merged.

A path pattern is matched as git matches \`:(glob)\`: \`*\` within one name, \`**\` between slashes for any folders, \`?\` one
character, \`[a-z]\`, \`[A-Z]\` and \`[0-9]\` one of a range, \`{a,b}\` either. Besides, \`dir\` means the folder and all in it, and a
name with brackets such as \`app/[id]/page.tsx\` means that very file as well. There is no negation and no backslash, and
beside wildcards a bracket that opens is closed (\`[[]\` is the bracket itself). A list that forbids also catches other
spellings of a name (case, Unicode forms, invisible characters); a list that allows does not.

The tables below are made from the schema by \`npm run generate\`.
`;

/** The reference of the policy's keys as Markdown, one table for each top-level key. */
export function policyPage(schema: Node): string {
  const sections = propertiesOf(schema).map(([name, node]) => {
    const rows = [rowOf(name, node), ...rowsBelow(name, node)];
    return `## \`${name}\`\n\n| key | takes | if absent | meaning |\n|---|---|---|---|\n${rows.map(line).join("")}`;
  });
  return [introduction, ...sections].join("\n");
}

function propertiesOf(node: Node): [string, Node][] {
  return Object.entries(node.properties ?? {}).flatMap(([name, value]) =>
    typeof value === "object" ? [[name, value]] : [],
  );
}

function rowsBelow(path: string, node: Node): Row[] {
  const named = propertiesOf(node).map(([name, value]) => [`${path}.${name}`, value] as const);
  const items = [node.items].flat().flatMap((item) => (typeof item === "object" ? [item] : []));
  const any = typeof node.additionalProperties === "object" ? node.additionalProperties : null;
  return [
    ...named.flatMap(([key, value]) => [rowOf(key, value), ...rowsBelow(key, value)]),
    ...items.flatMap((item) => rowsBelow(`${path}[]`, item)),
    ...(any === null ? [] : rowsBelow(`${path}.<name>`, any)),
  ];
}

function rowOf(key: string, node: Node): Row {
  const standard = node.default === undefined ? "" : `\`${JSON.stringify(node.default)}\``;
  return { key, takes: takes(node), standard, meaning: node.description ?? "" };
}

function takes(node: Node): string {
  if (node.const !== undefined) return `\`${JSON.stringify(node.const)}\``;
  if (node.enum !== undefined) return node.enum.map((one) => `\`${one}\``).join(", ");
  if (node.anyOf !== undefined)
    return [...new Set(node.anyOf.flatMap((one) => (typeof one === "object" ? [takes(one)] : [])))].join(" or ");
  if (node.type === "array") {
    const [item] = [node.items].flat();
    return typeof item === "object" && item.type !== "object" ? `a list: ${takes(item)}` : "a list of objects";
  }
  if (node.type === "integer") return "a whole number";
  if (node.type === "object") return node.properties === undefined ? "names with objects" : "an object";
  return node.type === "string" ? "text" : String(node.type);
}

function line({ key, takes: form, standard, meaning }: Row): string {
  const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
  return `| \`${key}\` | ${cell(form)} | ${cell(standard)} | ${cell(meaning)} |\n`;
}
