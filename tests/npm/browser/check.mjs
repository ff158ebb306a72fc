// Usage: node check.mjs FOLDER [SCREENSHOTS]
// Opens every page of a built site in headless Chromium, as wide as a desktop and as a phone, and prints what is wrong:
// an error in the console, a request that fails or leaves this machine, a missing picture, a diagram that is not drawn,
// and anything wider than the page. Code may scroll by itself; nothing else may.
// With SCREENSHOTS, a folder, it keeps a picture of each page. Exit code 1 if anything is wrong.
import {createServer} from "node:http";
import {mkdirSync, readdirSync, readFileSync} from "node:fs";
import path from "node:path";

import chromium from "@sparticuz/chromium";
import puppeteer from "puppeteer-core";

const [site, screenshots] = process.argv.slice(2);
const WIDTHS = [1280, 390];
const TYPES = {".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".json": "application/json", ".svg": "image/svg+xml"};

const server = createServer((request, response) => {
  const name = path.join(site, decodeURIComponent(new URL(request.url, "http://localhost").pathname));
  try {
    const content = readFileSync(name);
    response.writeHead(200, {"content-type": TYPES[path.extname(name)] ?? "application/octet-stream"}).end(content);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const origin = `http://127.0.0.1:${server.address().port}`;

// Runs in the page.
const look = () => {
  const found = [];
  const wide = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > wide) found.push(`the page is ${document.documentElement.scrollWidth} px wide`);
  for (const element of document.querySelectorAll(".md-content table, .md-content img, .md-content .mermaid, .md-content p, .md-content li")) {
    const text = (element.alt || element.textContent).trim().slice(0, 40);
    const box = element.getBoundingClientRect();
    const wrapper = element.closest(".md-typeset__scrollwrap"); // the theme lets a wide table scroll in it
    if (box.right > wide + 1 || (element.tagName === "TABLE" && wrapper && wrapper.scrollWidth > wrapper.clientWidth + 1)) {
      found.push(`<${element.tagName.toLowerCase()}> "${text}" is cut: it ends at ${Math.round(box.right)} px`);
    }
  }
  for (const picture of document.querySelectorAll("img")) {
    if (!picture.complete || picture.naturalWidth === 0) found.push(`missing picture ${picture.src}`);
  }
  for (const source of document.querySelectorAll("pre.mermaid")) found.push(`diagram not drawn: ${source.textContent.slice(0, 40)}`);
  return found;
};

const pages = readdirSync(site, {recursive: true}).filter((name) => name.endsWith(".html") && name !== "404.html").sort();
const browser = await puppeteer.launch({
  args: chromium.args,
  executablePath: await chromium.executablePath(),
  headless: "shell",
});
let findings = 0;
for (const width of WIDTHS) {
  for (const name of pages) {
    const page = await browser.newPage();
    const found = [];
    page.on("console", (message) => ["error", "warn"].includes(message.type()) && found.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => found.push(`error: ${error.message}`));
    page.on("request", (request) => request.url().startsWith("http") && !request.url().startsWith(origin) && found.push(`asks another host: ${request.url()}`));
    page.on("requestfailed", (request) => found.push(`failed: ${request.url()}`));
    page.on("response", (response) => response.status() >= 400 && found.push(`${response.status()}: ${response.url()}`));
    await page.setViewport({width, height: 900});
    await page.goto(`${origin}/${name}`, {waitUntil: "networkidle0"});
    found.push(...(await page.evaluate(look)));
    if (screenshots) {
      mkdirSync(screenshots, {recursive: true});
      await page.screenshot({path: path.join(screenshots, `${name.replaceAll("/", "-")}-${width}.png`), fullPage: true});
    }
    for (const line of found) console.log(`${name} at ${width} px: ${line}`);
    findings += found.length;
    await page.close();
  }
}
console.log(`${pages.length} pages at ${WIDTHS.join(" and ")} px: ${findings} findings`);
await browser.close();
server.close();
process.exit(findings ? 1 : 0);
