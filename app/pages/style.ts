/** The one style sheet of all pages: system fonts, light or dark as the reader's system is, and any width. */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #ffffff; --sheet: #f5f7fa; --line: #d0d7e2; --text: #16202e; --quiet: #55637a; --link: #0b57d0;
  --good: #116329; --bad: #b3161c; --wait: #7a4b00; --none: #55637a;
  --good-ground: #e3f5e8; --bad-ground: #fdeaea; --wait-ground: #fdf1dc; --none-ground: #eaeef4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f141b; --sheet: #171e28; --line: #303b4a; --text: #e4eaf2; --quiet: #9fadc1; --link: #8ab8ff;
    --good: #7ee2a0; --bad: #ff9a94; --wait: #f5c26b; --none: #a9b6c9;
    --good-ground: #12301d; --bad-ground: #3a1a1c; --wait-ground: #35280f; --none-ground: #222c39;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--ground); color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
a { color: var(--link); text-underline-offset: .15em; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--ground); padding: .4rem .8rem; z-index: 1; }
header { border-bottom: 1px solid var(--line); background: var(--sheet); }
.bar, main, footer { width: min(100% - 2.5rem, 65.5rem); margin: 0 auto; }
.bar { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1.5rem; padding-block: .7rem; }
.brand { font-weight: 700; color: inherit; text-decoration: none; display: flex; gap: .5rem; align-items: center; }
.brand img { width: 1.4rem; height: 1.4rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; margin: 0; padding: 0; list-style: none; }
nav a { text-decoration: none; display: inline-block; padding: .25rem 0; }
nav a:hover { text-decoration: underline; }
nav a[aria-current] { color: inherit; font-weight: 600; box-shadow: 0 2px 0 currentColor; }
.who { margin-left: auto; color: var(--quiet); font-size: .9rem; }
main { padding-block: 1.6rem 3rem; overflow-wrap: break-word; }
footer { border-top: 1px solid var(--line); padding-block: 1rem 2rem; color: var(--quiet); font-size: .875rem; }
.crumbs { margin: 0 0 .3rem; color: var(--quiet); font-size: .9rem; }
h1 { font-size: 1.65rem; line-height: 1.25; margin: 0 0 .6rem; text-wrap: balance; overflow-wrap: anywhere; }
h1 .number { color: var(--quiet); font-weight: 400; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .7rem; }
h3 { font-size: 1rem; margin: 0; }
p { margin: .5rem 0; }
.lead { font-size: 1.05rem; margin: 0 0 1.2rem; max-width: 46rem; }
.quiet { color: var(--quiet); }
.number, .quiet, .badge, code, a { unicode-bidi: isolate; }
.badge {
  display: inline-block; padding: .1rem .6rem; border-radius: 1rem; font-size: .85rem; font-weight: 600; white-space: nowrap;
  vertical-align: .08em; line-height: 1.4; color: var(--none); background: var(--none-ground);
}
.good { color: var(--good); background: var(--good-ground); }
.bad { color: var(--bad); background: var(--bad-ground); }
.wait { color: var(--wait); background: var(--wait-ground); }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: .875em; }
code { overflow-wrap: anywhere; }
pre { background: var(--sheet); border: 1px solid var(--line); border-radius: 6px; padding: .6rem .8rem; overflow-x: auto; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .4rem 0; }
dl.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .35rem 1.2rem; margin: 1rem 0; }
dl.facts dt { color: var(--quiet); }
dl.facts dd { margin: 0; overflow-wrap: anywhere; }
.card { border: 1px solid var(--line); border-left: 4px solid var(--none); border-radius: 6px; padding: .8rem 1rem; margin: .8rem 0; }
.card.is-bad { border-left-color: var(--bad); }
.card.is-wait { border-left-color: var(--wait); }
.card.is-good { border-left-color: var(--good); }
.card > header { all: unset; display: flex; flex-wrap: wrap; gap: .2rem .7rem; align-items: baseline; }
.card h2 { margin: 0; }
.card ul { margin: .4rem 0 0; padding-left: 1.1rem; }
.card li { margin: .5rem 0; }
.message { white-space: pre-wrap; overflow-wrap: anywhere; }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .95rem; }
caption { text-align: left; color: var(--quiet); padding-bottom: .4rem; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem .9rem .5rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; }
thead th { color: var(--quiet); font-size: .85rem; white-space: nowrap; }
td { overflow-wrap: anywhere; }
td.short, th.short { white-space: nowrap; overflow-wrap: normal; }
ol.chain { list-style: none; margin: 1rem 0; padding: 0; }
ol.chain > li { position: relative; padding: 0 0 1.1rem 1.8rem; }
ol.chain > li::before {
  content: ""; position: absolute; left: .3rem; top: .45rem; width: .7rem; height: .7rem; border-radius: 50%;
  background: var(--good); box-shadow: 0 0 0 3px var(--good-ground);
}
ol.chain > li::after { content: ""; position: absolute; left: .6rem; top: 1.4rem; bottom: -.2rem; width: 2px; background: var(--line); }
ol.chain > li:last-child::after { content: none; }
ol.chain > li.missing::before { background: var(--bad); box-shadow: 0 0 0 3px var(--bad-ground); }
ol.chain > li.plain::before { background: var(--none); box-shadow: 0 0 0 3px var(--none-ground); }
ol.chain h3 { display: inline; margin-right: .5rem; }
.proof { display: block; color: var(--quiet); font-size: .85rem; overflow-wrap: anywhere; }
form.filter { display: flex; flex-wrap: wrap; gap: .6rem .9rem; align-items: end; margin: 0 0 1.2rem; }
form.filter label { display: grid; grid-template-columns: minmax(0, 1fr); gap: .15rem; font-size: .85rem; color: var(--quiet); max-width: 100%; }
input, select, button {
  font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--quiet); border-radius: 6px; padding: .35rem .6rem;
  max-width: 100%;
}
form.filter :is(input, select, button) { font-size: .95rem; height: 2.4rem; }
button { background: var(--sheet); font-weight: 600; cursor: pointer; }
button.first { background: var(--link); border-color: var(--link); color: var(--ground); padding: .5rem 1rem; }
.stop { border-color: var(--bad); color: var(--bad); margin-right: .6rem; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: 0 3rem; }
.columns h2 { margin-top: .6rem; }
dl.use { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .35rem 1.2rem; margin: 1rem 0; }
dl.use dt { color: var(--quiet); }
dl.use dd { margin: 0; }
dl.claims dt { font-weight: 600; }
dl.claims dd { margin: 0 0 .6rem; overflow-wrap: anywhere; }
meter { display: block; width: 100%; height: .7rem; margin: .15rem 0 .3rem; }
pre.diff { overflow-x: auto; white-space: pre; overflow-wrap: normal; padding: .6rem 0; }
pre.diff > * { display: block; padding: 0 .8rem; text-decoration: none; font-weight: 400; min-width: max-content; }
pre.diff ins { color: var(--good); background: var(--good-ground); }
pre.diff del { color: var(--bad); background: var(--bad-ground); }
pre.diff b { color: var(--quiet); }
.pager { display: flex; gap: 1.2rem; margin-top: 1rem; }
.tabs { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; margin: 0 0 1rem; padding: 0; list-style: none; }
th .quiet { font-weight: 400; font-size: .9em; }
.list th[scope="row"] { width: 30%; }
@media (max-width: 40rem) {
  .list th[scope="row"] { width: auto; }
  .bar, main, footer { width: calc(100% - 2rem); }
  .who { margin-left: 0; width: 100%; }
  dl.facts { grid-template-columns: 1fr; gap: 0; }
  dl.facts dd { margin-bottom: .6rem; }
  .stacked thead { position: absolute; left: -99rem; }
  .stacked tr { display: block; border-bottom: 1px solid var(--line); padding: .6rem 0; }
  .stacked th, .stacked td { display: block; border: 0; padding: .1rem 0; }
  .stacked td:empty { display: none; }
  td.short { white-space: normal; }
}
@media print { header, footer, form, .skip { display: none; } }
`;

/** The sign of the pages: a gate with two doors. */
export const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="#2f6feb" d="M4 28V8l4-4h16l4 4v20h-6V15a6 6 0 0 0-12 0v13z"/><path fill="#9db9f5" d="M12.500 28V16.500a3.500 3.500 0 0 1 3-3.400V28zm4 0V13.100a3.500 3.500 0 0 1 3 3.400V28z"/></svg>
`;
