import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { loadScan, type Scan } from "../../../collect/secrets/scan.ts";

let scan: Scan;
beforeAll(async () => {
  scan = await loadScan([{ name: "acme", prefix: "acme.", alphabet: "hex", length: [20, 24] }]);
});

/** Random characters of an alphabet, the same at every run. */
function random(alphabet: string, length: number): string {
  const bytes = Array.from({ length: Math.ceil(length / 32) }, (_, at) =>
    createHash("sha256").update(`${alphabet} ${at}`).digest(),
  );
  return [...Buffer.concat(bytes).subarray(0, length)].map((byte) => alphabet[byte % alphabet.length]).join("");
}
const digits = "0123456789";
const hex = (length: number) => random(`${digits}abcdef`, length);
const upper = (length: number) => random(`${digits}ABCDEFGHIJKLMNOPQRSTUVWXYZ`, length);
const word = (length: number) => random(`${digits}ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz`, length);
const rulesOf = async (text: string) => (await scan(text, "a.txt")).map(({ rule }) => rule);

const secrets: [string, string][] = [
  ["age", `AGE-SECRET-KEY-1${upper(58)}`],
  ["anthropic", `sk-ant-oat01-${word(93)}AA`],
  ["anthropic", `sk-ant-admin01-${word(93)}AA`],
  ["anthropic", `sk-ant-api03-${word(93)}AA`],
  ["atlassian", `ATATT3xFf${word(183)}`],
  ["aws", `AKIA${upper(16)}`],
  ["aws-bedrock", `ABSK${word(128)}==`],
  ["azure-ad", `${word(3)}8Q~${word(34)}`],
  ["azure-shared-access", `Endpoint=sb://a/;SharedAccessKeyName=b;SharedAccessKey=${word(43)}=`],
  ["azure-storage", `DefaultEndpointsProtocol=https;AccountName=foo;AccountKey=${word(86)}==;EndpointSuffix=c`],
  ["azure-storage", `${word(76)}+ASt${word(5)}A==`],
  ["cloudflare", `v1.0-${hex(24)}-${hex(146)}`],
  ["digitalocean", `dop_v1_${hex(64)}`],
  ["docker", `dckr_pat_${word(27)}`],
  ["github", `ghp_${word(36)}`],
  ["github", `github_pat_${word(22)}_${word(59)}`],
  ["gitlab", `glpat-${word(20)}`],
  ["gitlab", `glrt-${word(20)}`],
  ["google", `AIza${word(35)}`],
  ["google", `GOCSPX-${word(28)}`],
  ["huggingface", `hf_${word(34)}`],
  ["npm", `npm_${word(36)}`],
  ["openrouter", `sk-or-v1-${hex(64)}`],
  ["perplexity", `pplx-${word(48)}`],
  ["pypi", `pypi-AgEIcHlwaS5vcmc${word(120)}`],
  ["pypi", `pypi-AgENdGVzdC5weXBpLm9yZw${word(120)}`],
  ["replicate", `r8_${word(37)}`],
  ["rubygems", `rubygems_${hex(48)}`],
  ["sendgrid", `SG.${word(22)}.${word(43)}`],
  ["shopify", `shpat_${hex(32)}`],
  ["slack", `xoxb-735942187304-735942187305-${word(24)}`],
  ["stripe", `rk_live_${word(24)}`],
  ["stripe", `whsec_${word(32)}`],
  ["supabase", `sbp_${hex(40)}`],
  ["telegram", `110201543:AA${word(33)}`],
  ["terraform", `${word(14)}.atlasv1.${word(64)}`],
  ["xai", `xai-${word(80)}`],
];

describe("pub-secrets-known-forms-missed: a secret that a service marks is found", () => {
  test.each(secrets)("%s: %s", async (rule, secret) => {
    expect(await rulesOf(`X=${secret}`)).toEqual([rule]);
    expect(await rulesOf(`{"a":"b\\n${secret}\\n"}`)).toEqual([rule]);
    expect(await rulesOf(`const k = '${secret}';`)).toEqual([rule]);
  });

  test("the whole of it is cut, also what stands before its fixed part", async () => {
    const secret = `${word(76)}+ASt${word(5)}A==`;
    expect(await scan(`key: ${secret};`, "a")).toMatchObject([{ start: 5, end: 5 + secret.length, value: secret }]);
  });
});

test.each([
  ["a placeholder", "sk-ant-..."],
  ["a short one", "sk-ant-api03-xxxxxxxx"],
  ["GitHub's, all alike", `ghp_${"x".repeat(36)}`],
  ["GitHub's, counted up", "ghp_1234567890abcdefghijABCDEFGHIJ123456"],
  ["of few characters", `AIza${"abc12".repeat(7)}`],
  ["with the word", `AIzaSyExample${word(28)}`],
  ["your own", `dop_v1_your-token-goes-here-${hex(36)}`],
  ["AWS's documented id", "AKIAIOSFODNN7EXAMPLE"],
  ["AWS's documented secret", "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"],
  ["zeros", `sk-or-v1-${"0".repeat(64)}`],
  ["an example's address", "postgres://user:password@db.example.com/app"],
  [
    "words where a token would be",
    "https://old_github_token@github.com/owner/repo.git and https://oauth2:old_gitlab_token@gitlab.com/a/b",
  ],
  ["another's", "https://user:pass@example.com/"],
  ["a longer text", `AIza${word(35)}abcdef`],
  ["inside of another", `${word(20)}AIza${word(35)}`],
  ["a name", "re_export_all_of_the_public_names_here, xai-org, pypi-publish, sbp_total"],
  ["a digest", `sha256-${word(43)}= integrity sha512-${word(86)}==`],
  ["the policy's own form, too short", `acme.${hex(19)}`],
])("a placeholder or another text is none: %s", async (_, text) => {
  expect(await rulesOf(`X="${text}"`)).toEqual([]);
});

test("a policy adds forms of its own", async () => {
  expect(await rulesOf(`X=acme.${hex(22)}`)).toEqual(["acme"]);
});

test.each(["AIza", "sk-ant-aaa", "bedrock-api-key-a", "pat", "+ASt", "SK0", ":AA1", "acme.0"])(
  "a megabyte of %j is searched in linear time",
  async (piece) => {
    expect(await rulesOf(piece.repeat(1_000_000 / piece.length))).toEqual([]);
  },
);
