// Renders each page's application on the server, as it was built for it, and puts that into the page for the browser to hydrate.
import { readFile, readdir, writeFile } from 'node:fs/promises';

for (const file of await readdir('server')) {
  const { render } = await import(`./server/${file}`);
  const page = file.replace(/js$/, 'html');
  const html = await render();
  await writeFile(page, (await readFile(page, 'utf8')).replace('<!--server-->', () => html));
  console.log(html);
}
