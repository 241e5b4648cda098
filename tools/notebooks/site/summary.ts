/** What the site's index shows of a notebook. */
import { type Html, html } from "../../../lib/report/html.ts";
import { joined, type Notebook, type Output, type SeraMetadata } from "../notebook.ts";

/** Title, question, verdicts and main figure. */
export interface Summary {
  readonly title: string;
  /** First paragraph under the title, plain text. */
  readonly abstract: string;
  readonly verdicts: NonNullable<SeraMetadata["verdicts"]>;
  readonly figure?: Output;
}

/** Reads the summary out of an executed notebook. */
export function summarise(notebook: Notebook, name: string): Summary {
  const prose = joined(notebook.cells.find((cell) => cell.cell_type === "markdown")?.source);
  const blocks = prose.split(/\n\s*\n/).map((block) => block.trim());
  const title = blocks.find((block) => block.startsWith("# "))?.slice(2).split("\n")[0] ?? name;
  const abstract = blocks.find((block) => block !== "" && !block.startsWith("#")) ?? "";
  const outputs = notebook.cells.flatMap((cell) => cell.outputs ?? []);
  const figure = outputs.find((output) => output.metadata?.sera?.main && svgOf(output) !== "");
  return {
    title,
    abstract: abstract.replaceAll(/[*_`]/g, "").replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1"),
    verdicts: outputs.flatMap((output) => output.metadata?.sera?.verdicts ?? []),
    ...(figure === undefined ? {} : { figure }),
  };
}

/** The SVG of an output; "" where it has none. */
export function svgOf(output: Output): string {
  return joined(output.data?.["image/svg+xml"] as string | string[] | undefined);
}

/** A plot: its picture, and the specification that the script draws for whoever has one. */
export function figureHtml(output: Output): Html {
  const { sera, alt } = output.metadata ?? {};
  const spec = output.data?.["application/vnd.vegalite.v5+json"];
  const source = `data:image/svg+xml;base64,${new TextEncoder().encode(svgOf(output)).toBase64()}`;
  return html`
    <figure class="plot" data-figure="${sera?.figure ?? ""}"
      data-spec="${JSON.stringify(spec)}"><img alt="${String(alt ?? "")}" src="${source}"></figure>
  `;
}

/** A notebook's place in the index. */
export function card({ title, abstract, verdicts, figure }: Summary, href: string): Html {
  const lines = verdicts.map(({ claim, outcome, numbers }) =>
    html`<li class="${outcome}"><b>${outcome}</b>: ${claim} <span>${numbers}</span></li>`
  );
  return html`
    <section>
    <h2><a href="${href}">${title}</a></h2>
    <p>${abstract}</p>
    ${lines.length === 0 ? undefined : html`<ul class="verdicts">${lines}</ul>`}
    ${figure === undefined ? undefined : figureHtml(figure)}
    </section>
  `;
}
