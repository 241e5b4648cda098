/** The frame of every page of the site. */
import { type Html, html, trustedHtml } from "../../../lib/report/html.ts";

/** Scripts and pictures of the site alone; styles in attributes, as nbconvert writes them. */
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
  "img-src 'self' data:; base-uri 'none'; form-action 'none'";

/** What the frame of a page needs to know. */
export interface PageOptions {
  readonly title: string;
  readonly body: Html;
  /** Path from the page to the site's folder. Default "". */
  readonly root?: "" | "../";
  /** Whether the page draws plots. Default false. */
  readonly plots?: boolean;
}

/** A whole page; it opens from a file and asks no server. */
export function page({ title, body, root = "", plots = false }: PageOptions): string {
  const scripts = plots ? ["vega.min.js", "vega-lite.min.js", "vega-embed.min.js"] : [];
  return html`
    ${trustedHtml("<!DOCTYPE html>")}
    <html lang="en">
      <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="${POLICY}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${title}</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="${root}assets/style.css">
    ${[...scripts, "site.js"].map((name) =>
      html`<script defer src="${root}assets/${name}"></script>\n`
    )}
      </head>
      <body>
        <nav><a href="${root}index.html">Studies</a> <a href="${root}runs.html">Runs</a>
    <a href="${root}api/index.html">API</a></nav>
        <main>
    ${body}
        </main>
      </body>
    </html>
  `.text;
}

/** Writes a page as a whole, or not at all. */
export function writePage(path: string, options: PageOptions): void {
  Deno.writeTextFileSync(`${path}.tmp`, page(options));
  Deno.renameSync(`${path}.tmp`, path);
}
