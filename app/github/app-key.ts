import { createPrivateKey } from "node:crypto";

/** The problem of the App's private key, in our own words, so that nothing of the key is repeated. */
export function appKeyProblem(privateKey: string): string | null {
  try {
    if (createPrivateKey(privateKey).asymmetricKeyType === "rsa") return null;
    return "PRIVATE_KEY is no RSA key, as GitHub makes them for Apps";
  } catch {
    return "PRIVATE_KEY is no private key in PEM";
  }
}
