/** A policy that uses every key there is; tests hold that no list of patterns in the schema is missing here. */
export const fullPolicy = `version: 1
extends: default
people:
  planners: ["@acme/leads"]
  executors: ["@acme/engineers", "@grace"]
  approvers: ["@acme/qa"]
  architects: ["@acme/architects"]
  separation: strict
roles:
  web:
    allow: ["web/**", 'app/[id]/page.tsx']
    deny: [web/vendor]
    card: |
      Keep components small.
      Ask before a new dependency.
    do: [Write tests first.]
    do-not: [Add colours of your own.]
phases:
  current: build
  of:
    build: { allow: ["src/**"], deny: [infra], card: Build., do: [Finish.], do-not: [Begin anew.] }
gates:
  forbidden-paths: { deny: ["governance/**"] }
  links: { allow: ["docs/current"] }
  protected: { paths: [Makefile], by: architects }
  tests:
    - { when: "src/**", need: ["test/**"] }
    - { when: ["web/**", "app/**"], need: "web/**/*.test.tsx" }
  secrets: { ignore: ["test/fixtures/**"] }
  harness: { files: ["scripts/check*"] }
  casefile: { files: ["tasks/{story}/PLAN.md"] }
  remediation: { surfaces: "deploy/**", files: "remediation/**" }
  adr: { when: ["schemas/**"], files: ["docs/adr/**"] }
  manifest:
    - { when: package.json, need: package-lock.json }
  content:
    - { paths: "db/migrations/**", only: added, forbid: [DROP TABLE] }
  trace: { of: all }
  review: { count: 2, by: [approvers, architects], paths: ["src/**"] }
  ci: { checks: ["@github-actions/test"], skipped: ["@github-actions/docs"] }
  diff-size: { files: 20, lines: 400, bytes: 1MB, ignore: ["**/package-lock.json"] }
  manual-test:
    when: { paths: ["web/**"], risk: [high, critical], labels: [try-it], always: false }
    tests: [keyboard, phone]
  evidence:
    files: ["evidence/**/*.json"]
    require:
      - when: { paths: ["web/**"], risk: [high], labels: [ui] }
        files: ["proof/**"]
        coverage: { file: coverage/lcov.info, changed: 80, paths: ["web/**"] }
tiers:
  light: { role: web, files: 5, lines: 100, risk: [low] }
  contract: { risk: [high, critical], template: docs/contract.md }
waivers: { gates: [diff-size, ci], by: architects, days: 7 }
agents:
  default: anthropic
  planner: anthropic
  routes: [{ role: web, use: anthropic, model: a-model, tool: claude@2.1.332 }]
  reviewer: { use: anthropic, model: a-model, tokens: 100k }
  instructions: [AGENTS.md]
  trailers: ["Assisted-by: {agent}:{model}"]
  parallel: 2
  limits: { runtime: 20m, silence: 180, turns: 60, tokens: 400k, rework: 3 }
ledger:
  keys:
    - { key: "ed25519:${"A".repeat(43)}=", kinds: [evidence], from: 1, to: 9 }
  payload: digest
  retention: 400d
`;
