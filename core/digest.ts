import { hash } from "node:crypto";
import type { BodyRef } from "../schemas/entry-parts.ts";
import { canonicalJson, type Json } from "./json.ts";

/** SHA-256 in hex of bytes, or of a text's UTF-8 bytes. */
export function sha256(content: string | Uint8Array): string {
  return hash("sha256", content, "hex");
}

/** SHA-256 of a value's canonical JSON. */
export function digestOf(value: Json): string {
  return sha256(canonicalJson(value));
}

/** The reference to a stored JSON text. */
export function bodyRef(text: string): BodyRef {
  return { sha256: sha256(text), bytes: Buffer.byteLength(text), mediaType: "application/json" };
}
