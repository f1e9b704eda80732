// Draws dashboard/icons/*.png from the SVG files beside them: node scripts/dashboard-icons.mjs
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { launch } from '../tests/browser/browser.mjs';

const folder = fileURLToPath(new URL('../dashboard/icons/', import.meta.url));
const browser = await launch();
for (const name of ['icon', 'maskable']) {
  const picture = readFileSync(`${folder}${name}.svg`).toString('base64');
  for (const size of [192, 512]) {
    const page = await browser.newPage({ viewport: { width: size, height: size } });
    await page.setContent(`<style>body{margin:0}</style><img width=${size} height=${size} src="data:image/svg+xml;base64,${picture}">`);
    await page.locator('img').screenshot({ path: `${folder}${name}-${size}.png`, omitBackground: true });
    await page.close();
  }
}
await browser.close();
