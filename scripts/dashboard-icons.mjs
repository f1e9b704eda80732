// Draws dashboard/icons/*.png from the SVG files beside them: node scripts/dashboard-icons.mjs
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { crc32, deflateSync } from "node:zlib";
import { launch } from "../tests/browser/browser.mjs";

const folder = fileURLToPath(new URL("../dashboard/icons/", import.meta.url));
const browser = await launch();
for (const name of ["icon", "maskable"]) {
  const picture = readFileSync(`${folder}${name}.svg`).toString("base64");
  for (const size of [192, 512]) {
    const page = await browser.newPage();
    const pixels = await page.evaluate(draw, { address: `data:image/svg+xml;base64,${picture}`, size });
    writeFileSync(`${folder}${name}-${size}.png`, png(pixels, size));
    await page.close();
  }
}
await browser.close();

/** Runs in the page: the picture's red, green, blue and alpha values. */
async function draw({ address, size }) {
  const image = new Image(size, size);
  image.src = address;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: size, height: size });
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0, size, size);
  return [...context.getImageData(0, 0, size, size).data];
}

/** A PNG with a palette: these pictures have two colours and what lies between them. */
function png(pixels, size) {
  const palette = new Map();
  const rows = Buffer.alloc(size * (size + 1));
  for (let at = 0; at < size * size; at += 1) {
    // Four bits for each value: no eye tells the difference at an edge.
    const colour = pixels.slice(at * 4, at * 4 + 4).map((value) => Math.round(value / 17));
    const inner = colour[3] === 0 ? 0 : colour.reduce((whole, value) => whole * 16 + value, 0);
    if (!palette.has(inner)) palette.set(inner, { index: palette.size, exact: pixels.slice(at * 4, at * 4 + 4) });
    rows[Math.floor(at / size) * (size + 1) + 1 + (at % size)] = palette.get(inner).index;
  }
  if (palette.size > 256) throw new Error(`${palette.size} colours are too many for a palette`);
  const colours = [...palette.values()].map(({ exact }) => exact);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 3], 8);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("PLTE", Buffer.from(colours.flatMap((colour) => colour.slice(0, 3)))),
    chunk("tRNS", Buffer.from(colours.map((colour) => colour[3]))),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(name, data) {
  const whole = Buffer.concat([Buffer.alloc(4), Buffer.from(name, "latin1"), data, Buffer.alloc(4)]);
  whole.writeUInt32BE(data.length, 0);
  whole.writeUInt32BE(crc32(whole.subarray(4, -4)), whole.length - 4);
  return whole;
}
