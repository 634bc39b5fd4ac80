/** Faults that a test or a demo can order: each applies to the next `times` matching requests or webhooks. */
import { z } from "zod";

const times = z.number().int().positive().default(1);

const onRequest = {
  method: z.string().optional(),
  /** A regular expression on the path without `/api/v3`. */
  path: z.string().refine(isPattern, "is no regular expression"),
  times,
};

const onWebhook = { event: z.string().optional(), times };

export const faultSchema = z.discriminatedUnion("kind", [
  /** Answers with `status`; with `after` the work is done first. */
  z.strictObject({
    kind: z.literal("status"),
    ...onRequest,
    status: z.number().int().min(400).max(599).default(502),
    after: z.boolean().default(false),
  }),
  z.strictObject({ kind: z.literal("delay"), ...onRequest, delay_ms: z.number().int().positive() }),
  /** Sends half of the body and breaks the connection. */
  z.strictObject({ kind: z.literal("cut_body"), ...onRequest }),
  /** Drops the second half of a listing's page. */
  z.strictObject({ kind: z.literal("cut_page"), ...onRequest }),
  /** Adds an error to GraphQL's answer. */
  z.strictObject({ kind: z.literal("graphql_error"), ...onRequest, path: onRequest.path.default("/graphql$") }),
  z.strictObject({
    kind: z.literal("secondary_limit"),
    ...onRequest,
    retry_after: z.number().int().nonnegative().default(60),
  }),
  z.strictObject({ kind: z.literal("drop_webhook"), ...onWebhook }),
  z.strictObject({ kind: z.literal("double_webhook"), ...onWebhook }),
  /** Sends the webhook after the next one to the same target. */
  z.strictObject({ kind: z.literal("reorder_webhook"), ...onWebhook }),
  z.strictObject({ kind: z.literal("delay_webhook"), ...onWebhook, delay_ms: z.number().int().positive() }),
]);

export type Fault = z.output<typeof faultSchema>;
export type FaultOrder = z.input<typeof faultSchema>;
export type RequestFault = Extract<Fault, { path: string }>;
export type WebhookFault = Exclude<Fault, { path: string }>;

/** Orders a fault; throws when it is malformed. */
export function addFault(faults: Fault[], order: FaultOrder): void {
  faults.push(faultSchema.parse(order));
}

/** The fault for this request, if any; uses up one of its times. */
export function requestFault(faults: Fault[], method: string, path: string): RequestFault | undefined {
  return strike(
    faults,
    (fault): fault is RequestFault =>
      "path" in fault &&
      (fault.method === undefined || fault.method.toUpperCase() === method) &&
      new RegExp(fault.path).test(path),
  );
}

export function webhookFault(faults: Fault[], event: string): WebhookFault | undefined {
  return strike(
    faults,
    (fault): fault is WebhookFault => !("path" in fault) && (fault.event === undefined || fault.event === event),
  );
}

function strike<F extends Fault>(faults: Fault[], matches: (fault: Fault) => fault is F): F | undefined {
  const fault = faults.find(matches);
  if (fault === undefined) return undefined;
  fault.times -= 1;
  if (fault.times === 0) faults.splice(faults.indexOf(fault), 1);
  return fault;
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
