/** What went over the wire: webhooks out, requests in. */
import type { Installation, Repository, Webhook } from "./model.ts";

/** One attempt to hand over one webhook. A redelivery is a new attempt with the same `guid`. */
export type Delivery = {
  id: number;
  guid: string;
  event: string;
  action: string | null;
  target: { type: "integration" | "repository"; id: number; webhook: Webhook };
  installation: Installation | null;
  repository: Repository | null;
  /** Exactly what was signed and sent. */
  body: string;
  requestHeaders: Record<string, string>;
  responseHeaders: Record<string, string>;
  responseBody: string;
  deliveredAt: string;
  /** Seconds. */
  duration: number;
  redelivery: boolean;
  status: string;
  statusCode: number;
};

/** An answer of the REST side, as a test or a stock validator may want to see it. */
export type Exchange = {
  method: string;
  path: string;
  query: Record<string, string>;
  requestBody?: unknown;
  status: number;
  responseBody?: unknown;
  responseType?: string;
};
