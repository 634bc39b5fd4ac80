import type { Known } from "../known.ts";
import { findingsOf, type HealthFinding, retryHint } from "./finding.ts";

/** The permissions (levels by name) and events of an App or one installation of it. */
export type Granted = { permissions: Record<string, string>; events: string[] };

/** One account that the App is installed on. `isSuspended`: its owner suspended the installation. */
export type Installation = Granted & { account: string; isOrganization: boolean; isSuspended: boolean };

/** How GitHub sends webhooks to the App. */
export type Hook = { url: string; contentType: string; isInsecure: boolean; hasSecret: boolean };

/** One webhook delivery. `status` is GitHub's wording. */
export type Delivery = { isDelivered: boolean; at: string; event: string; status: string };

/** The App as GitHub knows it, and what its manifest requires. */
export type AppFacts = {
  needs: Granted;
  /** Null: GitHub knows no App by this id and key. */
  app: Known<(Granted & { slug: string }) | null>;
  installations: Known<Installation[]>;
  hook: Known<Hook>;
  /** The last ones, newest first. */
  deliveries: Known<Delivery[]>;
};

const levels = ["read", "write", "admin"];

/** Checks the App's permissions, installations, webhook settings and recent deliveries. */
export function judgeApp({ needs, app, installations, hook, deliveries }: AppFacts): HealthFinding[] {
  const { ok, fail, unknown } = findingsOf("github", null);
  if (!app.known)
    return [unknown("app", `GitHub cannot be asked: ${app.why}`, "Check GITHUB_API_URL and the network.")];
  if (app.value === null) {
    const next = "Compare APP_ID and PRIVATE_KEY with the App's settings, and this machine's clock with another.";
    return [fail("app", "GitHub knows no App by this id and key.", next)];
  }
  const { slug } = app.value;
  return [
    ok("app", `Signed in as the App \`${slug}\`.`),
    ...judgeGranted(null, needs, app.value, "The App's owner changes its permissions and events in its settings."),
    ...judgeHook(hook),
    ...judgeDeliveries(deliveries),
    ...(installations.known
      ? judgeInstallations(needs, installations.value)
      : [unknown("installed", `Where the App is installed cannot be seen: ${installations.why}`, retryHint)]),
  ];
}

function judgeInstallations(needs: Granted, all: readonly Installation[]): HealthFinding[] {
  return all.flatMap((one) => {
    const { account, isOrganization, isSuspended } = one;
    if (isSuspended)
      return findingsOf("github", account).fail(
        "installed",
        `The installation on ${account} is suspended: nothing is judged there.`,
        `An owner of ${account} lifts the suspension.`,
      );
    // A person's account has no members to read: the permission may be named there or not.
    const { members } = needs.permissions;
    const has =
      isOrganization || members === undefined ? one : { ...one, permissions: { members, ...one.permissions } };
    return judgeGranted(account, needs, has, `An owner of ${account} accepts the App's new permissions.`);
  });
}

function judgeGranted(about: string | null, needs: Granted, has: Granted, next: string): HealthFinding[] {
  const { ok, warn, fail } = findingsOf("github", about);
  const lacks = (one: Granted, other: Granted) =>
    Object.entries(one.permissions)
      .filter(([name, level]) => levels.indexOf(other.permissions[name] ?? "") < levels.indexOf(level))
      .map(([name, level]) => `\`${name}: ${level}\``);
  const missingEvents = needs.events.filter((event) => !has.events.includes(event));
  const missing = lacks(needs, has);
  // Every other permission includes reading metadata.
  const more = lacks(has, { ...needs, permissions: { metadata: "read", ...needs.permissions } });
  return [
    missing.length === 0
      ? ok("permissions", "Every permission that is needed is there.")
      : fail("permissions", `Lacks ${missing.join(", ")}.`, next),
    missingEvents.length === 0
      ? ok("events", "Every event that is needed is sent.")
      : fail("events", `Does not hear of ${missingEvents.map((event) => `\`${event}\``).join(", ")}.`, next),
    ...(more.length === 0
      ? []
      : [warn("more-than-needed", `May more than it needs: ${more.join(", ")}.`, "The App's owner takes it away.")]),
  ];
}

function judgeHook(hook: Known<Hook>): HealthFinding[] {
  const { ok, warn, fail, unknown } = findingsOf("github", null);
  const check = "webhook";
  const next = "The App's owner changes it in the App's settings, under Webhook.";
  if (!hook.known) return [unknown(check, `The webhook's settings cannot be seen: ${hook.why}`, retryHint)];
  const { url, contentType, isInsecure, hasSecret } = hook.value;
  if (url === "") return [fail(check, "The webhook has no address: nothing is heard until the next sweep.", next)];
  const faults = [
    ...(contentType === "json" ? [] : [`is sent as \`${contentType}\`, not as JSON`]),
    ...(hasSecret ? [] : ["has no secret, so nothing that arrives is believed"]),
    ...(isInsecure ? ["does not check the certificate of its receiver"] : []),
  ];
  if (faults.length > 0) return [fail(check, `The webhook to ${url} ${faults.join(", and ")}.`, next)];
  return /^https:/i.test(url)
    ? [ok(check, `Webhooks go to ${url}.`)]
    : [
        warn(
          check,
          `Webhooks go to ${url}, where others on the way can read them.`,
          "Put TLS before the service, and let the App's owner change the address in the App's settings.",
        ),
      ];
}

function judgeDeliveries(deliveries: Known<Delivery[]>): HealthFinding[] {
  const { ok, warn, unknown } = findingsOf("github", null);
  const check = "deliveries";
  if (!deliveries.known) return [unknown(check, `The last deliveries cannot be seen: ${deliveries.why}`, retryHint)];
  const all = deliveries.value;
  const failed = all.filter(({ isDelivered }) => !isDelivered);
  const [last] = failed;
  if (last === undefined)
    return [ok(check, all.length === 0 ? "No webhook was sent yet." : `The last ${all.length} webhooks arrived.`)];
  const { event, at, status } = last;
  return [
    warn(
      check,
      `${failed.length} of the last ${all.length} webhooks did not arrive, the newest \`${event}\` at ${at}: ${status}.`,
      "Whoever runs the service looks at whether it can be reached; the sweep makes up for what was lost.",
    ),
  ];
}
