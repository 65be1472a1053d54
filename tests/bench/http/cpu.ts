import { readFile, readdir } from 'node:fs/promises';

/**
 * Nanoseconds that a process has computed, all of its threads together: V8 compiles and collects garbage on others. As Linux's
 * scheduler counts them; `/proc/PID/stat` has hundredths of a second.
 */
export async function cpuNs(pid: number): Promise<number> {
  const tasks = `/proc/${pid}/task`;
  const threads = await readdir(tasks);
  const times = threads.map(async (thread) => Number((await readFile(`${tasks}/${thread}/schedstat`, 'utf8')).split(' ')[0]));
  return (await Promise.all(times)).reduce((sum, time) => sum + time, 0);
}
