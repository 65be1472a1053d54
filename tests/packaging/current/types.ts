// Compiled, never run.
import { createLogout } from 'quash/svelte';
import { useLogout } from 'quash/vue';
import { ref } from 'vue';
import { get } from 'svelte/store';

const { state, report, logout } = useLogout(ref({ wipe: 'everything' as const }));
const words: Record<typeof state.value, string> = { idle: '', busy: '…', done: 'Bye', queued: 'Later', failed: 'Again' };
console.log(words[state.value], report.value?.outcome, (await logout()).engine);

const store = createLogout(() => ({ keep: ['theme'] }));
console.log(words[get(store).state]);

// @ts-expect-error a misspelt scope: with types that are not found everything would be right
useLogout({ scope: 'all' });
