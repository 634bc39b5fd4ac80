/** Recorded traffic: webhooks sent, requests received. */
import type { Installation, Repository, Webhook } from "./model.ts";

/** One attempt to deliver one webhook. A redelivery is a new attempt with the same `guid`. */
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

/** A REST request and its answer, for a test or a schema validator. */
export type Exchange = {
  method: string;
  path: string;
  query: Record<string, string>;
  requestBody?: unknown;
  status: number;
  responseBody?: unknown;
  responseType?: string;
};
