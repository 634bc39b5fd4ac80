import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { expect, test } from "@jest/globals";
import { load } from "js-yaml";
import { Environment, readConfig } from "../app/settings/config.ts";
import { packageHome } from "../app/settings/package-home.ts";
import { newKey } from "./builders/ledger.ts";

const read = (name: string) => readFileSync(join(packageHome(), "deploy", name), "utf8");
const dockerfile = read("Dockerfile");
type Compose = { services: { sallyport: { environment: Record<string, string>; ports: string[] } } };
const { sallyport } = (load(read("compose.yml")) as Compose).services;

test("in a container the service listens where the port is published and asked for, whatever .env says", () => {
  // What `setup` or a person may have written for the machine itself.
  const env = { APP_ID: "1", WEBHOOK_SECRET: "0123456789abcdefghij", PRIVATE_KEY: "-", LEDGER_KEY: newKey().pem };
  const settings = { ...env, HOST: "127.0.0.1", PORT: "8080", DATABASE_FOLDER: ".sallyport/database" };
  const reading = readConfig({ ...settings, ...sallyport.environment });
  if (!reading.ok) throw new Error(reading.problems.join());
  const { host, port, database } = reading.config;
  expect({ host, port, database }).toEqual({
    host: "0.0.0.0",
    port: Number(sallyport.ports[0]?.split(":").at(-1)),
    database: { url: expect.any(String) },
  });
  const asked = /127\.0\.0\.1:(?<port>\d+)\/readyz/.exec(dockerfile)?.groups?.port;
  expect(Number(asked)).toBe(port);
});

test("every variable that is set there is one of ours", () => {
  const inDockerfile = parseEnv((/^ENV (.*)$/m.exec(dockerfile)?.[1] ?? "").replaceAll(" ", "\n"));
  for (const name of [...Object.keys(inDockerfile), ...Object.keys(sallyport.environment)])
    expect(Object.keys(Environment.shape)).toContain(name);
});
