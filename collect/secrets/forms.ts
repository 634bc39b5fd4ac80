import { alphabets } from "../../schemas/secret-alphabets.ts";
import type { SecretForm } from "../../schemas/secret-form.ts";
import { isMadeUp } from "./made-up.ts";

/**
 * How a service writes its secrets: fixed text, and a random body beside it (the source of a regular expression of
 * bounded length). `lead` is the part before the fixed text, for forms whose fixed text stands inside.
 */
type Form = { rule: string; fixed: string; body: string; lead?: string };

/** A body of one alphabet. */
function of(alphabet: keyof typeof alphabets, least: number, most = least): string {
  return `[${alphabets[alphabet]}]{${least},${most}}`;
}

const hex64 = of("hex", 64);
const gitlab = of("base64url", 20, 64);
const storage = `${of("base64", 86)}==`;

/**
 * Forms that secretlint's preset lacks, as `[rule, fixed text, body, lead]`. Sources: the services' own documentation,
 * and github.com/gitleaks/gitleaks, config/gitleaks.toml. Only forms whose fixed text is enough to tell them are here.
 */
const table: readonly (readonly [rule: string, fixed: string, body: string, lead?: string])[] = [
  ["adobe", "p8e-", of("base62", 32)],
  ["age", "AGE-SECRET-KEY-1", of("upper", 58)],
  ["airtable", "pat", `${of("base62", 14)}\\.${hex64}`],
  ["alibaba", "LTAI", of("base62", 20)],
  ["anthropic", "sk-ant-", of("base64url", 80, 200)],
  ["atlassian", "ATATT3", of("token", 186)],
  ["atlassian", "ATCTT3", of("token", 186)],
  ["aws-bedrock", "ABSK", `${of("base64", 109, 269)}={0,2}`],
  ["aws-bedrock", "bedrock-api-key-", `${of("base64", 60, 3_000)}={0,2}`],
  ["azure-ad", "Q~", of("token", 31, 34), "[\\w~.]{3}[0-9]"],
  ["azure-storage", "AccountKey=", storage],
  ["azure-storage", "AZURE_STORAGE_KEY=", storage],
  ["azure-shared-access", "SharedAccessKey=", `${of("base64", 43)}=`],
  ["azure-storage", "+ASt", `${of("base64", 5)}[AQgw]==`, of("base64", 76)],
  ["azure-cosmos", "ACDb", `${of("base64", 5)}[AQgw]==`, of("base64", 76)],
  ["azure-batch", "+ABa", `${of("base64", 5)}[AQgw]==`, of("base64", 76)],
  ["azure-registry", "+ACR", `[A-D]${of("base64", 5)}`, of("base64", 42)],
  ["azure-functions", "AzFu", `${of("base64url", 5)}[AQgw]==`, of("base64url", 44)],
  ["azure-search", "AzSe", `[A-D]${of("base62", 5)}`, of("base62", 42)],
  ["buildkite", "bkua_", of("hex", 40)],
  ["cerebras", "csk-", of("lower", 48)],
  ["circleci", "CCIPAT_", `${of("base62", 22)}_${of("hex", 40)}`],
  ["clickhouse", "4b1d", of("base62", 38)],
  ["clojars", "CLOJARS_", of("lower", 60)],
  ["cloudflare", "v1.0-", `${of("hex", 24)}-${of("hex", 146)}`],
  ["contentful", "CFPAT-", of("base64url", 43)],
  ["crates-io", "cio", of("base62", 32)],
  ["digitalocean", "doo_v1_", hex64],
  ["digitalocean", "dop_v1_", hex64],
  ["digitalocean", "dor_v1_", hex64],
  ["discord", "discord.com/api/webhooks/", `[0-9]{17,20}/${of("base64url", 60, 80)}`],
  ["docker", "dckr_oat_", of("base64url", 27, 40)],
  ["doppler", "dp.ct.", of("base62", 40, 44)],
  ["doppler", "dp.pt.", of("base62", 40, 44)],
  ["dynatrace", "dt0c01.", `${of("base62", 24)}\\.${of("base62", 64)}`],
  ["easypost", "EZAK", of("base62", 54)],
  ["elevenlabs", "sk_", of("hex", 48)],
  ["firecrawl", "fc-", of("hex", 32)],
  ["fly", "fm2_", `${of("base64", 100, 1_000)}={0,3}`],
  ["fly", "fo1_", of("base64url", 43)],
  ["gitlab", "glagent-", of("base64url", 50)],
  ["gitlab", "glcbt-", of("base64url", 22, 64)],
  ["gitlab", "gldt-", gitlab],
  ["gitlab", "glft-", gitlab],
  ["gitlab", "glimt-", gitlab],
  ["gitlab", "gloas-", of("base64url", 64)],
  ["gitlab", "glptt-", of("hex", 40)],
  ["gitlab", "glrt-", gitlab],
  ["gitlab", "glsoat-", gitlab],
  ["google", "AIza", of("base64url", 35)],
  ["google", "GOCSPX-", of("base64url", 28)],
  ["google", "ya29.", of("base64url", 60, 1_000)],
  ["heroku", "HRKU-AA", of("base64url", 58)],
  ["huggingface", "api_org_", of("base62", 34)],
  ["huggingface", "hf_", of("base62", 34, 40)],
  ["infracost", "ico-", of("base62", 32)],
  ["jfrog", "AKCp", of("base62", 69)],
  ["jfrog", "cmVmd", of("base62", 59)],
  ["langfuse", "sk-lf-", "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"],
  ["langsmith", "lsv2_pt_", `${of("hex", 32)}_${of("hex", 10)}`],
  ["langsmith", "lsv2_sk_", `${of("hex", 32)}_${of("hex", 10)}`],
  ["mailchimp", "-us", "[0-9]{1,2}", of("hex", 32)],
  ["netlify", "nfp_", of("base62", 36)],
  ["new-relic", "NRAK-", of("upper", 27)],
  ["nuget", "oy2", of("lower", 43)],
  ["nvidia", "nvapi-", of("base64url", 64)],
  ["1password", "ops_eyJ", `${of("base64", 250, 3_000)}={0,3}`],
  ["openrouter", "sk-or-v1-", hex64],
  ["openshift", "sha256~", of("base64url", 43)],
  ["perplexity", "pplx-", of("base62", 48)],
  ["planetscale", "pscale_oauth_", of("token", 32, 64)],
  ["planetscale", "pscale_pw_", of("token", 32, 64)],
  ["planetscale", "pscale_tkn_", of("token", 32, 64)],
  ["posthog", "phx_", of("base62", 40, 60)],
  ["postman", "PMAK-", `${of("hex", 24)}-${of("hex", 34)}`],
  ["prefect", "pnu_", of("base62", 36)],
  ["pulumi", "pul-", of("hex", 40)],
  ["pypi", "pypi-AgE", of("base64url", 60, 1_000)],
  ["readme", "rdme_", of("lower", 70)],
  ["render", "rnd_", of("base62", 32)],
  ["replicate", "r8_", of("base62", 37)],
  ["resend", "re_", `${of("base62", 8)}_${of("base62", 24)}`],
  ["rubygems", "rubygems_", of("hex", 48)],
  ["sendinblue", "xkeysib-", `${hex64}-${of("base62", 16)}`],
  ["sentry", "sntrys_eyJ", `${of("base64", 60, 500)}={0,2}_${of("base64", 43)}`],
  ["sentry", "sntryu_", hex64],
  ["shippo", "shippo_live_", of("hex", 40)],
  ["sonar", "sqa_", of("hex", 40)],
  ["sonar", "sqp_", of("hex", 40)],
  ["sonar", "squ_", of("hex", 40)],
  ["sourcegraph", "sgp_", of("hex", 40)],
  ["square", "sq0atp-", of("base64url", 22)],
  ["square", "sq0csp-", of("base64url", 43)],
  ["stripe", "whsec_", `${of("base64", 32, 64)}={0,2}`],
  ["supabase", "sb_secret_", of("base64url", 31, 60)],
  ["supabase", "sbp_", of("hex", 40)],
  ["tavily", "tvly-", of("base64url", 32, 50)],
  ["telegram", ":AA", of("base64url", 33), "[0-9]{8,10}"],
  ["terraform", ".atlasv1.", of("base64url", 60, 70), of("base62", 14)],
  ["twilio", "SK", of("hex", 32)],
  ["typeform", "tfp_", of("token", 40, 70)],
  ["xai", "xai-", of("base62", 80)],
];

const known: readonly Form[] = table.map(([rule, fixed, body, lead]) => ({
  rule,
  fixed,
  body,
  ...(lead === undefined ? {} : { lead }),
}));

/** A form that a policy adds under `gates.secrets.forms`. */
function added({ name, prefix, alphabet, length: [least, most] }: SecretForm): Form {
  return { rule: name, fixed: prefix, body: of(alphabet, least, most) };
}

/** No letter, digit or sign of a token stands beside a secret. */
const before = "(?<![0-9A-Za-z])";
const after = "(?![0-9A-Za-z_-])";

/** The escaped text for a regular expression. */
function literal(text: string): string {
  return text.replace(/[^\w-]/g, "\\$&");
}

/**
 * Makes the search for these forms in a text. Each place of a fixed text is tried once and looks at a bounded length
 * around it, so that no text is slow.
 */
export function formSearch(
  additions: readonly SecretForm[],
): (text: string) => { rule: string; start: number; end: number }[] {
  const forms = [...known, ...additions.map(added)].map(({ rule, fixed, body, lead = "" }) => ({
    rule,
    fixed,
    whole: new RegExp(`(?<=${before}(${lead}))${literal(fixed)}${body}${after}`, "y"),
  }));
  return (text) =>
    forms.flatMap(({ rule, fixed, whole }) => {
      const ranges = [];
      for (let at = text.indexOf(fixed); at !== -1; at = text.indexOf(fixed, at + 1)) {
        whole.lastIndex = at;
        const [found, lead = ""] = whole.exec(text) ?? [];
        if (found === undefined || isMadeUp(lead + found.slice(fixed.length))) continue;
        ranges.push({ rule, start: at - lead.length, end: at + found.length });
      }
      return ranges;
    });
}
