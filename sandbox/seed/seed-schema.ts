/** The schema of a seed: the initial state of the sandbox's GitHub. Unknown fields are refused. */
import { z } from "zod";
import { runFields } from "../state/check-fields.ts";
import { roles } from "../state/model.ts";

const login = z.string().regex(/^[A-Za-z0-9](?:[A-Za-z0-9-]*)$/, "is no GitHub login");
const id = z.number().int().positive();
const level = z.enum(["read", "write", "admin"]);
const role = z.enum(roles);

const user = z.strictObject({
  login,
  id: id.optional(),
  name: z.string().optional(),
  email: z.email().optional(),
  /** The person's token for REST and as git's password. */
  token: z.string().min(1).optional(),
});

const team = z.strictObject({
  slug: z.string().min(1),
  name: z.string().optional(),
  members: z.array(login).default([]),
});

const organization = z.strictObject({
  login,
  id: id.optional(),
  owners: z.array(login).default([]),
  members: z.array(login).default([]),
  teams: z.array(team).default([]),
});

const app = z.strictObject({
  slug: z.string().regex(/^[a-z0-9-]+$/),
  name: z.string().optional(),
  id: id.optional(),
  owner: login.optional(),
  /** Read when it exists, else created: RSA 2048 in PKCS#8. Without it the app cannot sign in. */
  private_key_file: z.string().optional(),
  webhook: z.strictObject({ url: z.url(), secret: z.string().min(1) }).optional(),
  /** How people sign in by it: the address is where they come back to. */
  oauth: z.strictObject({ id: z.string().min(1), secret: z.string().min(1), callback: z.url() }).optional(),
  permissions: z.record(z.string(), level).default({}),
  events: z.array(z.string()).default([]),
});

const protection = z.strictObject({
  branch: z.string().min(1),
  /** `app` is a slug: only that app's check of this name counts. */
  checks: z.array(z.strictObject({ context: z.string().min(1), app: z.string().optional() })).default([]),
  strict: z.boolean().default(false),
  reviews: z.number().int().min(0).max(6).default(0),
  dismiss_stale: z.boolean().default(false),
  enforce_admins: z.boolean().default(true),
  allow_push: z.boolean().default(false),
  /** `true` merges, as GitHub's queue does by default. */
  merge_queue: z.union([z.boolean(), z.literal("squash")]).default(false),
});

const repository = z.strictObject({
  full_name: z.string().regex(/^[A-Za-z0-9-]+\/[A-Za-z0-9._-]+$/, "must be owner/name"),
  id: id.optional(),
  description: z.string().optional(),
  private: z.boolean().default(false),
  default_branch: z.string().min(1).optional(),
  /** A git repository to clone. */
  path: z.string().optional(),
  /** Text by path: a repository of one commit. */
  files: z.record(z.string(), z.string()).optional(),
  collaborators: z.record(login, role).default({}),
  teams: z.record(z.string(), role).default({}),
  installed: z.array(z.string()).default([]),
  protection: z.array(protection).default([]),
  ci: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        conclusion: runFields.shape.conclusion.unwrap(),
        /** It fails on a commit whose files at or below the path hold the text. */
        fails_on: z.strictObject({ path: z.string().min(1), text: z.string().min(1) }).optional(),
        delay_ms: z.number().int().min(0).default(20),
      }),
    )
    .default([]),
  labels: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        color: z
          .string()
          .regex(/^[0-9a-f]{6}$/i)
          .optional(),
        description: z.string().optional(),
      }),
    )
    .default([]),
});

export const seedSchema = z.strictObject({
  users: z.array(user).default([]),
  organizations: z.array(organization).default([]),
  apps: z.array(app).default([]),
  repositories: z.array(repository).default([]),
});

export type Seed = z.input<typeof seedSchema>;
export type ParsedSeed = z.output<typeof seedSchema>;
export type RepositorySeed = ParsedSeed["repositories"][number];
export type AppSeed = ParsedSeed["apps"][number];
