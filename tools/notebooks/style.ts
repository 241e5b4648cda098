/** The site's style sheet: one column, no web fonts, light and printable. */
export const STYLE = `
:root { color-scheme: light; }
body { margin: 0; background: #fff; color: #1a1a1a;
  font: 16px/1.55 "DejaVu Sans", Verdana, system-ui, sans-serif; }
main, nav { max-width: 66rem; margin: 0 auto; padding: 0 1.2rem; }
main { padding-bottom: 4rem; }
nav { padding-top: 1rem; font-size: 0.9rem; }
a { color: #0072B2; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 1.2rem 0 0.6rem; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 0.5rem; }
h3 { font-size: 1.05rem; }
img { max-width: 100%; height: auto; }
section { border-top: 1px solid #ddd; }
table { border-collapse: collapse; font-size: 0.78rem; line-height: 1.4; margin: 0.6rem 0; display: block;
  overflow-x: auto; }
th, td { padding: 0.2rem 0.5rem; border-bottom: 1px solid #e4e4e4; vertical-align: top; }
pre { font: 0.8rem/1.45 "DejaVu Sans Mono", Menlo, Consolas, monospace; overflow-x: auto; margin: 0; }
code { font: 0.88em "DejaVu Sans Mono", Menlo, Consolas, monospace; }
.jp-InputArea .highlight, .input_area .highlight { background: #f6f7f8; border-left: 3px solid #d0d7de;
  padding: 0.55rem 0.8rem; margin: 0.9rem 0 0.5rem; }
.jp-InputPrompt, .jp-OutputPrompt, .prompt, .jp-Collapser, .anchor-link { display: none; }
.verdicts { padding-left: 1.1rem; }
.verdicts span { color: #555; }
.verdicts .holds b { color: #0072B2; }
.verdicts .does-not-hold b { color: #D55E00; }
.verdicts .undecided b { color: #555; }
.k, .kd, .kr, .kc, .kt { color: #8a2be2; }
.s, .s1, .s2, .sb { color: #03660b; }
.c, .c1, .cm { color: #666; font-style: italic; }
.mi, .mf { color: #0b5cad; }
`;
