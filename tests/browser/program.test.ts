/** What serves the tests: that it does not outlive them, and that nobody waits for it in vain. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, it } from 'node:test';

import { limited, until } from './patience.ts';
import { startProgram } from './program.ts';

/** Not there, or dead and not yet waited for by whoever has inherited it. */
async function hasEnded(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => 'Z');
  return /^(\d+ \(.*\) )?Z/.test(status);
}

describe('a program', () => {
  it('says what it printed when it ends by itself', async () => {
    const program = startProgram('sh', ['-c', 'echo so >&2; exit 3']);
    await assert.rejects(program.ended, { message: 'sh ended (3): so' });
    await program.stop();
  });

  it('that there is not is an error', async () => {
    await assert.rejects(startProgram('/no/such/program', []).ended, /no\/such\/program ended \(127\): .*No such file/);
  });

  it('tells a line', async () => {
    const program = startProgram('sh', ['-c', 'echo line >&3; sleep 60']);
    assert.equal(await program.line, 'line');
    await program.stop();
  });

  it('is stopped with what it has started, also when it does not want to', async () => {
    const program = startProgram('sh', ['-c', "trap '' TERM; sleep 60 & echo $! >&3; wait; wait"]);
    const child = Number(await program.line);
    assert.equal(await hasEnded(child), false);
    await program.stop();
    assert.equal(await hasEnded(child), true);
  });

  it('ends with who has started it, killed or not', async () => {
    const script = `
      const { startProgram } = await import(${JSON.stringify(import.meta.resolve('./program.ts'))});
      console.log(await startProgram('sh', ['-c', 'echo $$ >&3; exec sleep 60']).line);`;
    const starter = spawn(process.execPath, ['--input-type=module', '--eval', script]);
    const [line] = await once(starter.stdout, 'data');
    const pid = Number(line);
    assert.equal(await hasEnded(pid), false);
    starter.kill('SIGKILL');
    await until('the end', () => hasEnded(pid), 5_000);
  });
});

describe('patience', () => {
  it('has an end, and says what for', async () => {
    await assert.rejects(limited('the bus', new Promise(() => {}), 50), { message: 'the bus: nothing for 0.05 s' });
    assert.equal(await limited('the bus', delay(5, 'here'), 1_000), 'here');
    await assert.rejects(limited('the bus', Promise.reject(new Error('full'))), { message: 'full' });
  });

  it('asks again after an error, and tells what it heard last', async () => {
    let asked = 0;
    const answer = () => (++asked < 3 ? Promise.reject(new Error('busy')) : Promise.resolve(asked));
    assert.equal(await until('three', answer), 3);
    await assert.rejects(until('true', () => Promise.resolve(false), 50), { message: 'true: not within 0.05 s; at last false' });
    const refuse = () => Promise.reject(new Error('busy'));
    await assert.rejects(until('true', refuse, 50), { message: 'true: not within 0.05 s; at last Error: busy' });
  });
});
