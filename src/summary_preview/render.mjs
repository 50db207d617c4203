// Shows HTML in Chromium, draws its Mermaid charts, measures it, and takes pictures.
//
//   node src/summary_preview/render.mjs <JOBS.json
//
// Reads {"chromium": PATH, "css", "views": [{"html", "width", "theme", "open", "picture"}]}: `theme` is `light` or
// `dark`, `open` clicks on every fold, and `picture` is the path of a PNG, or null. Prints what it measured, as an array.
// All views share one page, because loading Mermaid takes a second.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";
import puppeteer from "puppeteer-core";

const mermaid = createRequire(import.meta.url).resolve("mermaid/dist/mermaid.min.js");
const { chromium, css, views } = JSON.parse(await text(process.stdin));

// Replaces each code block of Mermaid with its chart, as GitHub does; returns the errors.
async function drawCharts(theme) {
  window.mermaid.initialize({ startOnLoad: false, securityLevel: "strict", theme: theme === "dark" ? "dark" : "default" });
  const errors = [];
  for (const [number, block] of document.querySelectorAll("pre[lang=mermaid]").entries()) {
    const chart = document.createElement("div");
    chart.className = "mermaid";
    const source = block.textContent;
    block.replaceWith(chart);
    try {
      chart.innerHTML = (await window.mermaid.render(`chart${number}`, source, chart)).svg;
    } catch (error) {
      errors.push(String(error));
    }
  }
  return errors;
}

// What a reader would notice. A table scrolls by itself, so only what is outside of tables can overflow.
function measure() {
  const edge = document.documentElement.clientWidth;
  const outside = [...document.querySelectorAll("main *")].filter(
    (element) => !element.closest("table *, .mermaid *, pre *") && element.getBoundingClientRect().right > edge + 1,
  );
  const charts = [...document.querySelectorAll(".mermaid svg")];
  // A label that leaves its chart is cut.
  const cut = charts.flatMap((svg) => {
    const frame = svg.getBoundingClientRect();
    return [...svg.querySelectorAll("text")].filter((label) => {
      const box = label.getBoundingClientRect();
      return box.width > 0 && (box.left < frame.left - 2 || box.right > frame.right + 2);
    });
  });
  return {
    text: document.querySelector("main").innerText,
    scrolls: document.documentElement.scrollWidth > edge,
    overflowing: outside.map((element) => element.tagName.toLowerCase()),
    wide_tables: [...document.querySelectorAll("table")].filter((table) => table.scrollWidth > table.clientWidth).length,
    charts: charts.length,
    bars: document.querySelectorAll(".mermaid rect.task").length,
    cut_labels: cut.map((label) => label.textContent),
    folds: document.querySelectorAll("details").length,
    open_folds: [...document.querySelectorAll("details")].filter((fold) => fold.open && fold.scrollHeight > 40).length,
  };
}

async function openPage(browser, errors) {
  const page = await browser.newPage();
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("dialog", async (dialog) => {
    errors.push(`dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
  page.on("request", (request) => {
    if (!/^(about|data|blob):/.test(request.url())) errors.push(`request: ${request.url()}`);
  });
  await page.setContent(`<!doctype html><meta charset="utf-8"><style>${css}</style><main></main>`);
  await page.addScriptTag({ content: readFileSync(mermaid, "utf8") });
  return page;
}

async function show(page, { html, width, theme, open, picture }) {
  await page.setViewport({ width, height: 900, deviceScaleFactor: 1 });
  await page.evaluate(
    (name, body) => {
      document.documentElement.setAttribute("data-theme", name);
      document.querySelector("main").innerHTML = body;
    },
    theme,
    html,
  );
  const errors = await page.evaluate(drawCharts, theme);
  if (open) await page.evaluate(() => document.querySelectorAll("summary").forEach((summary) => summary.click()));
  const measured = await page.evaluate(measure);
  if (picture) await (await page.$("main")).screenshot({ path: picture });
  return { ...measured, errors };
}

const browser = await puppeteer.launch({
  executablePath: chromium,
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--disable-lcd-text"],
});
try {
  const errors = []; // of the page itself: they can come late, so they belong to no view
  const page = await openPage(browser, errors);
  const results = [];
  for (const view of views) results.push(await show(page, view));
  results.forEach((result) => result.errors.push(...errors));
  console.log(JSON.stringify(results));
} finally {
  await browser.close();
}
