import { messageOf } from "../core/errors.ts";
import { oneLine } from "../core/escape.ts";
import { type JobSettings, jobs } from "./actions/jobs.ts";

/** The entry of the workflow's jobs: only this file reads their environment. `action/agent/action.yml` names the inputs. */
const input = (name: string) => process.env[`INPUT_${name.toUpperCase()}`]?.trim() ?? "";

// A line that begins with `::` would be a command to the runner.
const print = (line: string) => console.log(`sallyport: ${oneLine(line)}`);

function settings(): JobSettings {
  const {
    GITHUB_WORKSPACE,
    GITHUB_RUN_ID,
    ACTIONS_ID_TOKEN_REQUEST_URL: url,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: token,
  } = process.env;
  return {
    folder: GITHUB_WORKSPACE ?? process.cwd(),
    url: input("url").replace(/\/$/, ""),
    ...{ nonce: input("nonce"), pack: input("pack"), base: input("base"), run: Number(GITHUB_RUN_ID) },
    tools: input("tools") === "" ? null : input("tools"),
    identity: url === undefined || token === undefined ? null : { url, token },
    print,
  };
}

const name = input("job");
if (name !== "prepare" && name !== "agent" && name !== "seal") {
  print(`there is no job ${JSON.stringify(name.slice(0, 100))}`);
  process.exit(2);
}
jobs[name](settings()).then(
  () => process.exit(0),
  (error: unknown) => {
    print(`${name} failed: ${messageOf(error)}`);
    process.exit(1);
  },
);
