/** Compiles a project's types as bundlers resolve packages, and as Node.js does. Rejects with what the compiler says. */
import type { Project } from './packed.ts';

const RESOLUTIONS = [
  ['--module', 'esnext', '--moduleResolution', 'bundler'],
  ['--module', 'nodenext', '--moduleResolution', 'nodenext'],
];

export async function compile(project: Project): Promise<void> {
  for (const resolution of RESOLUTIONS) await project.run('node_modules/typescript/bin/tsc', '-p', '.', ...resolution);
}
