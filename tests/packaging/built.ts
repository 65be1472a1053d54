/** A project of Vite's: its pages rendered on the server, then built for browsers, and in development. */
import { join } from 'node:path';

import { startProgram } from '../browser/program.ts';
import type { Project } from './packed.ts';
import { serve, type Site } from './site.ts';

const VITE = 'node_modules/vite/bin/vite.js';

export interface Built {
  /** What the server made of each page's application. */
  readonly html: readonly string[];
  /** Serves what was built, and is the edge of both. */
  readonly site: Site;
}

export async function build(project: Project): Promise<Built> {
  await project.run(VITE, 'build', '--ssr');
  const html = (await project.run('render.js')).trim().split('\n');
  await project.run(VITE, 'build');
  return { html, site: await serve(join(project.folder, 'dist')) };
}

export interface Development {
  readonly origin: string;
  stop(): Promise<void>;
}

/** Starts the development server, which passes on to the edge what is for it. */
export async function develop(project: Project, edge: Site, mode = 'development'): Promise<Development> {
  const env = { ...process.env, EDGE: edge.origin };
  const program = startProgram(process.execPath, [join(project.folder, 'dev.js'), mode], env);
  try {
    return { origin: await Promise.race([program.line, program.ended]), stop: () => program.stop() };
  } catch (error) {
    await program.stop();
    throw error;
  }
}
