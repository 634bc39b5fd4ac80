import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

/** Seals values into cookies and opens them again; null: it is not ours, was changed, is for something else, or is over. */
export type Seal = {
  seal(purpose: string, value: object, seconds: number): string;
  open(purpose: string, text: string | undefined): unknown;
};

const cipher = "aes-256-gcm";
const ivBytes = 12;
const tagBytes = 16;

/**
 * Seals with a key made from the App's client secret, so that a session outlives a restart, holds on every machine of a
 * cluster, and ends when the secret is replaced. The content is encrypted: a person's token is in it. `purpose` is part
 * of what is authenticated, so that a cookie of one kind is never taken for another.
 */
export function createSeal(secret: string, now: () => number): Seal {
  const key = Buffer.from(hkdfSync("sha256", secret, "", "sallyport pages", 32));
  return {
    seal(purpose, value, seconds) {
      const iv = randomBytes(ivBytes);
      const made = createCipheriv(cipher, key, iv).setAAD(Buffer.from(purpose));
      const text = JSON.stringify({ value, until: now() + seconds * 1_000 });
      const sealed = Buffer.concat([made.update(text, "utf8"), made.final()]);
      return Buffer.concat([iv, made.getAuthTag(), sealed]).toString("base64url");
    },
    open(purpose, text) {
      const bytes = Buffer.from(text ?? "", "base64url");
      if (bytes.length <= ivBytes + tagBytes) return null;
      try {
        const opened = createDecipheriv(cipher, key, bytes.subarray(0, ivBytes))
          .setAAD(Buffer.from(purpose))
          .setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
        const content = opened.update(bytes.subarray(ivBytes + tagBytes), undefined, "utf8") + opened.final("utf8");
        const { value, until }: { value: unknown; until: number } = JSON.parse(content);
        return until > now() ? value : null;
      } catch {
        return null;
      }
    },
  };
}
