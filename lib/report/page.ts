import { type Html, html, trustedHtml } from "./html.ts";
import { SCRIPT_HASH } from "./suspect_cards.ts";
import { STYLE } from "./style.ts";

/**
 * A whole page: it asks nothing of any server and opens from the disk; the one script that its
 * security policy allows searches and sorts the pairs in doubt.
 *
 * @param subtitle what stands below the title
 */
export function page(title: string, subtitle: Html, content: Html): string {
  return html`
    <!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; script-src '${SCRIPT_HASH}'">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>${title}</title>
        <style>${trustedHtml(STYLE)}</style>
      </head>
      <body>
        <header>
          <h1>${title}</h1>
          <p class="soft">${subtitle}</p>
        </header>
        <main>
    ${content}
        </main>
      </body>
    </html>
  `.text;
}

/** A part of a page under a heading. */
export function section(name: string, content: Html): Html {
  return html`
    <section><h2>${name}</h2>
    ${content}</section>
  `;
}
