/**
 * What a check looks at: `test` runs the code, `static` reads it, `build` puts it together. `other` is a command whose
 * purpose its name does not tell.
 */
export type Kind = "test" | "static" | "build" | "other";

const words = (text: string): string[] => text.match(/\S+/g) ?? [];
const table = (rows: Partial<Record<Kind, string>>): ReadonlyMap<string, Kind> => {
  const found = new Map<string, Kind>();
  for (const kind of ["test", "static", "build"] as const)
    for (const name of words(rows[kind] ?? "")) found.set(name, kind);
  return found;
};

/** Programs that are a check by themselves, whatever they are told. */
export const tools = table({
  test: `pytest jest vitest mocha ava tap tape jasmine karma cypress playwright nightwatch wdio testcafe qunit borp
    tox nox nosetests nose2 trial stestr behave robot rspec minitest cucumber phpunit pest paratest codecept behat ctest
    bats gotestsum richgo ginkgo busted prove lit newman k6 xctest uitest testacular elm-test web-test-runner wtr slipcover
    start-server-and-test node-tap nextest wasm-pack cargo-nextest kcov valgrind runtests.py avocado mutmut stryker`,
  static: `eslint prettier tsc vue-tsc tsd dtslint flake8 ruff black isort mypy pyright basedpyright pylint bandit pydocstyle
    pycodestyle pyflakes vulture interrogate djlint doc8 refurb ty golangci-lint staticcheck revive golint gosec govulncheck
    errcheck shellcheck shfmt hadolint yamllint markdownlint markdownlint-cli markdownlint-cli2 actionlint zizmor pinact
    rubocop standardrb brakeman reek erb_lint bundler-audit phpstan psalm phpcs php-cs-fixer pint rector phpmd deptrac
    rustfmt clippy-driver cargo-deny cargo-audit swiftlint swiftformat swift-format ktlint detekt checkstyle stylelint biome oxlint
    xo standard semistandard tslint dprint buf sqlfluff tflint tfsec checkov kubeconform kubeval ansible-lint pre-commit
    prek lint-staged commitlint codespell typos cspell misspell knip depcheck publint attw madge dependency-cruiser
    arethetypeswrong semgrep trivy grype snyk gitleaks trufflehog pip-audit safety audit-ci license-checker vale lychee
    size-limit bundlesize api-extractor sourcery credo dialyzer clang-format clang-tidy cppcheck cpplint include-what-you-use
    editorconfig-checker ec reuse addlicense alex write-good textlint remark linkinator secretlint validate-pyproject
    check-manifest twine pyroma cz conventional-pre-commit zlint ls-lint spectral redocly svelte-check nilaway`,
  build: `webpack rollup esbuild tsup tsdown vite parcel swc babel ninja meson goreleaser mkdocs sphinx-build hugo jekyll docusaurus
    wasm-bindgen maturin flutter_build cibuildwheel snapcraft conan cmake-js node-gyp gulp grunt brunch ember
    electron-builder pyinstaller javac gcc clang rustc kotlinc scalac storybook xcodebuild-archive`,
});

/** Programs whose first plain word says what they do. Words not told are no check. */
export const subcommands: ReadonlyMap<string, ReadonlyMap<string, Kind>> = new Map(
  Object.entries({
    cargo: table({
      test: "test t nextest llvm-cov tarpaulin miri careful bench wasi fuzz insta mutants codspeed",
      static: `clippy fmt check c deny audit doc rustdoc semver-checks udeps machete outdated spellcheck vet msrv geiger
        check-external-types public-api sort hakari shear deadlinks readme`,
      build: "build b package run r xtask rustc ndk",
    }),
    go: table({ test: "test", static: "vet fix", build: "build generate run" }),
    npm: table({ static: "audit" }),
    swift: table({ test: "test", build: "build" }),
    xcodebuild: table({
      test: "test test-without-building",
      build: "build build-for-testing analyze",
      static: "docbuild",
    }),
    dotnet: table({ test: "test vstest", static: "format", build: "build publish pack msbuild run" }),
    deno: table({ test: "test bench", static: "lint check fmt doc", build: "compile bundle" }),
    node: table({ test: "--test" }),
    bazel: table({ test: "test coverage", build: "build run" }),
    buck2: table({ test: "test", build: "build" }),
    pants: table({ test: "test", static: "lint check fmt", build: "package" }),
    flutter: table({ test: "test drive", static: "analyze", build: "build" }),
    dart: table({ test: "test", static: "analyze format", build: "compile" }),
    mix: table({
      test: "test coveralls espec",
      static: "format credo dialyzer sobelow",
      build: "compile release",
    }),
    rebar3: table({ test: "eunit ct proper", static: "dialyzer xref lint fmt", build: "compile" }),
    rails: table({ test: "test spec test:system test:all", static: "zeitwerk:check" }),
    artisan: table({ test: "test" }),
    zig: table({ test: "test", static: "fmt", build: "build build-exe" }),
    stack: table({ test: "test", build: "build" }),
    cabal: table({ test: "test v2-test", static: "check", build: "build v2-build" }),
    lein: table({ test: "test", static: "eastwood kibit", build: "uberjar compile" }),
    dune: table({ test: "test runtest", build: "build" }),
    forge: table({ test: "test snapshot", static: "fmt", build: "build" }),
    hardhat: table({ test: "test coverage", build: "compile" }),
    truffle: table({ test: "test", build: "compile" }),
    ng: table({ test: "test e2e", static: "lint", build: "build" }),
    vue: table({ test: "test", static: "lint", build: "build" }),
    next: table({ static: "lint", build: "build" }),
    astro: table({ static: "check", build: "build" }),
    expo: table({ static: "lint doctor", build: "export" }),
    "react-scripts": table({ test: "test", build: "build" }),
    terraform: table({ test: "test", static: "validate fmt plan" }),
    helm: table({ test: "test", static: "lint template unittest" }),
    docker: table({ build: "build buildx" }),
    podman: table({ build: "build" }),
    cmake: table({ build: "--build" }),
    coverage: table({ static: "report" }),
    uv: table({ build: "build" }),
    poetry: table({ static: "check", build: "build" }),
    pip: table({ static: "check" }),
    hatch: table({ test: "test", static: "fmt", build: "build" }),
    conda: table({ build: "build" }),
    cypress: table({ test: "run" }),
    playwright: table({ test: "test" }),
    changeset: table({ static: "status" }),
    "setup.py": table({ test: "test pytest", static: "check" }),
  }),
);

/** Of the wrappers those behind which a word of their own asks for a program: `docker run`, `poetry run`. */
export const asking =
  /^(?:docker|podman|docker-compose|kubectl|poetry|pipenv|uv|pdm|hatch|rye|pipx|conda|mamba|micromamba|bundle|mise|nix|doppler|op|firebase|supabase|wrangler|coverage|mvn|ddev|lando|asdf|rtx|volta|fnm|nvm)$/;
/** Programs that run code which stands in their words or in a file. */
export const interpreters = /^(?:py(?:thon[\d.]*|py\d?)?|node|ruby|perl|php|bash|sh|zsh|dash|tsx|ts-node)$/;
/** Package managers that run scripts of a project by their names. */
export const managers = new Set(["npm", "yarn", "pnpm", "bun", "yarnpkg", "composer"]);

/** What package managers do by themselves. */
export const managing = new Set(
  words(`ci install i add remove rm uninstall un up update upgrade publish pack version config cache link unlink login
    logout whoami outdated dedupe prune init create list ls info view why set self-update rebuild fetch store deploy patch
    import help bin root prefix owner token access team dist-tag deprecate search ping doctor fund explain query pkg
    shrinkwrap approve-builds plugin plugins constraints node npm unplug global env server setup tag pm require
    dump-autoload licenses archive create-project validate`),
);

/** What writes or lists instead of judging unless it is told to check. */
export const checkers: readonly [RegExp, RegExp][] = [
  [/^prettierd?$/, /^(?:--check|-c|-l|--list-different)$/],
  [/^black$/, /^--check$/],
  [/^isort$/, /^(?:--check\b.*|--check-only|-c)$/],
  [/^(?:cargo fmt|rustfmt|zig fmt|forge fmt|deno fmt|ruff format)$/, /^--check$/],
  [/^dart format$/, /^--set-exit-if-changed$/],
  [/^(?:terraform|tofu) fmt$/, /^-{1,2}check\b/],
  [/^mix format$/, /^--check-formatted$/],
  [/^dotnet format$/, /^--verify-no-changes$/],
  [/^clang-format$/, /^(?:--dry-run|-n|--Werror)$/],
  [/^shfmt$/, /^-d$/],
];

/** Programs that are another one under a name of their own. */
export const aliases: ReadonlyMap<string, string> = new Map([
  ["cross", "cargo"],
  ["gradlew", "gradle"],
  ["mvnw", "mvn"],
  ["mvnd", "mvn"],
  ["bazelisk", "bazel"],
  ["gmake", "make"],
  ["py.test", "pytest"],
  ["yarnpkg", "yarn"],
  ["tofu", "terraform"],
]);

/** Programs that are handed what to do by names of the project's own: `make lint test`. */
export const targetRunners = new Set(
  words(`make just task rake ant mage earthly invoke inv doit nmake gradle mvn sbt mill nx turbo lerna moon
   npm-run-all run-s run-p concurrently wireit wsrun mise doctrine phing waf scons ninja bazel-make nps`),
);

/** Programs that run the one that is named behind them. */
export const wrappers = new Set(
  words(`env sudo time command exec nohup nice npx bunx pnpx uvx corepack xvfb-run timeout gtimeout retry dotenv cross-env doas
   dotenvx direnv stdbuf unbuffer setarch arch linux32 caffeinate chronic cross-env c8 nyc coverage poetry pipenv uv pdm hatch rye
   pipx conda mamba micromamba bundle docker docker-compose podman kubectl nix nix-shell guix devbox doppler op infisical
   mise asdf rtx volta fnm nvm xargs parallel winpty wine wine64 qemu-x86_64 python python3 py python2 pypy
   pypy3 ruby php node perl busybox ssh act catchsegv firebase supabase wrangler infracost aws-vault tsx ts-node node-env
   sh bash zsh dash su runuser sg newgrp systemd-run cgexec taskset ionice chrt ddev lando vagrant lerna-exec yarnpkg
   strace ltrace gdb lldb rr heaptrack ccache sccache distcc`),
);

/** Commands that set up, show, move or send things: no change is judged by how they end. */
export const plumbing = new Set(
  words(`echo printf cat ls cd pwd pushd popd mkdir rm rmdir cp mv ln touch chmod chown chgrp export set unset shopt source . true
   false : exit return break continue shift read local declare typeset readonly let alias wait sleep kill pkill killall trap
   umask ulimit id whoami hostname uname date which type hash command env printenv tee head tail sed awk gawk grep egrep fgrep
   rg cut tr sort uniq wc xargs find seq basename dirname realpath readlink stat file du df free tar zip unzip gzip gunzip
   bzip2 xz 7z curl wget http scp rsync sftp ssh-keyscan ssh-keygen ssh-add ssh-agent gpg openssl base64 sha256sum shasum md5sum
   git gh hub glab svn hg apt apt-get apt-key add-apt-repository yum dnf apk brew choco winget scoop pacman zypper port snap
   npm yarn pnpm bun pip pip3 pipx uv conda mamba poetry pipenv pdm gem bundle cargo go rustup rustc docker docker-compose
   podman kubectl helm aws gcloud az firebase vercel netlify wrangler heroku flyctl codecov coveralls goveralls systemctl
   service sudo su ps top lsof netstat ss ip ifconfig ping nc dig nslookup jq yq xmllint envsubst expr bc test [ [[ (( time
   timeout python python3 node ruby php perl deno nvm fnm volta corepack asdf mise sdk jenv pyenv rbenv swift xcodebuild
   xcode-select xcrun simctl dotnet mvn gradle nuget msbuild-locator update-alternatives ldconfig locale-gen tput clear
   lcov gcov gcovr genhtml defaults security osascript open launchctl diskutil hdiutil networksetup sysctl modprobe mount umount dd mkfs fallocate
   swapon swapoff losetup createdb psql mysql mysqladmin redis-cli mongo mongosh sqlite3 setfacl chattr icacls attrib cmd.exe
   set-output buildx diff cmp comm patch semantic-release release-please lerna changeset np standard-version cosign syft
   gitversion conventional-changelog sentry-cli slack notify-send say mail sendmail logger dbus-launch Xvfb startx`),
);

const nameKinds: readonly [Kind, RegExp][] = [
  [
    "test",
    /^(?:(?!attest|latest|contest|protest|fastest|greatest)\w*tests?|testing|tested|tester|specs?|e2e|unit|integration|smoke|fuzz\w*|conformance|jest|vitest|mocha|cypress|playwright|rspec|phpunit|miri|cifuzz|regress\w*|acceptance)$/,
  ],
  [
    "static",
    /^(?:lint\w*|check\w*|format\w*|fmt|style|types?|typings?|typecheck\w*|tsc|verif\w*|valid\w*|audit\w*|scan\w*|analy[sz]\w*|security|sanity|quality|eslint|prettier|black|ruff|mypy|flake8|clippy|rustfmt|codeql|semver|sonar\w*|compat\w*|precommit|actionlint|zizmor|shellcheck|spell\w*|typos?|links?|deny|trivy|snyk|semgrep|licen[cs]es?|tidy|vet|codespell|gitleaks|detekt|ktlint|spotless|stylelint|knip|publint|attw|biome|oxlint|yamllint|markdownlint|commitlint|japicmp|pmd|spotbugs|errorprone|green|required|gate)$/,
  ],
  ["build", /^(?:build\w*|compile\w*|bundle|make|assemble|dist|pack|package|transpile|docs?)$/],
  ["test", /^(?:ci|cov(?:erage)?)$/],
];

/** A name in pieces, as `test:unit`, `run-tests.sh` and `runTests` have them. */
function pieces(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((piece) => piece !== "");
}

const preparing =
  /^(?:install|setup|prepare|deps|download|upload|deploy|publish|release|push|start|stop|clean\w*|cache|notify|comment|label|update|bump|report|save|restore|free|login|merge|sync|gen|generate|create|add|get|fetch|show|print|list|post|pre|init|bootstrap|configure|archive|store|collect|export|import|copy|move|remove|delete|seed|wait|launch|boot)$/;

/** Whether a name says that something is set up, sent or shown. */
export function prepares(name: string): boolean {
  const all = pieces(name.slice(0, 200));
  return preparing.test(all[0] ?? "") || all.some((piece) => /^(?:report|upload|download|install)ers?$/.test(piece));
}

/** What a name of a script, target, step or action says that it does; null when it says nothing of a check. */
export function kindOfName(name: string): Kind | null {
  if (prepares(name)) return null;
  const all = pieces(name.slice(0, 200));
  return nameKinds.find(([, pattern]) => all.some((piece) => pattern.test(piece)))?.[0] ?? null;
}

/** All that a name says of what it does: `test:lint` may be either. */
export function kindsOfName(name: string): Kind[] {
  const all = pieces(name.slice(0, 200));
  return nameKinds.flatMap(([kind, pattern]) => (all.some((piece) => pattern.test(piece)) ? [kind] : []));
}
